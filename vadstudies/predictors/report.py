"""TODO."""

import numpy as np

from vadstudies.statistics import spread


def predictor_table(rows):
    """All predictors side by side, mean ± spread over seeds and scenes -> rows for `plots.table`."""
    lines = []
    for name in dict.fromkeys(row["predictor"] for row in rows):
        mine = [row for row in rows if row["predictor"] == name]
        learned = mine[0]["parameters"] > 0
        line = {"predictor": name, "parameters": f"{mine[0]['parameters']:,}", "ms per frame": "-"}
        if learned:
            line["ms per frame"] = f"{np.median([row['ms_per_frame'] for row in mine]):.1f}"
        for title, figure, digits in (("normal (dB)", "psnr_normal", 2), ("gap (dB)", "gap", 2), ("AUC raw", "auc_raw", 3),
                                      ("per-clip", "auc_clip", 3), ("macro", "auc_macro", 3)):  # fmt: skip
            shown = digits == 3 or name != "moving pixels"  # a share of pixels is no decibel
            line[title] = spread([row[figure] for row in mine], digits) if shown else "-"
        lines.append(line)
    return lines


def predictor_kinds(rows, kinds=None):
    """Raw AUC of each kind for every predictor, mean over seeds and scenes -> rows for `plots.table`."""
    kinds = kinds or list(dict.fromkeys(kind for row in rows for kind in row["by_kind"]))
    return [{"predictor": name, **{kind: float(np.mean([row["by_kind"][kind]["auc"] for row in rows
                                                        if row["predictor"] == name and kind in row["by_kind"]]))
                                   for kind in kinds}}
            for name in dict.fromkeys(row["predictor"] for row in rows)]  # fmt: skip
