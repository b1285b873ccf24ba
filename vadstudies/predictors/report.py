"""Tables of the predictor study; `rows` are the rows of predictors/results.json (`rows_of`)."""

from functools import partial

from pandas import DataFrame

from vadstudies.results import tidy
from vadstudies.statistics import spread


def predictor_table(rows) -> DataFrame:
    """Table of all predictors: mean ± spread over seeds and scenes."""
    predictors = tidy(rows).groupby("predictor", sort=False)
    auc = partial(spread, digits=3)
    table = DataFrame(
        {
            "parameters": predictors["parameters"].first().map("{:,}".format),
            "ms per frame": predictors["ms_per_frame"].median().map("{:.1f}".format),
            "normal (dB)": predictors["psnr_normal"].agg(spread),
            "gap (dB)": predictors["gap"].agg(spread),
            "raw AUC": predictors["auc_raw"].agg(auc),
            "per-clip": predictors["auc_clip"].agg(auc),
            "macro": predictors["auc_macro"].agg(auc),
        }
    )
    # What learns nothing was not timed, and a share of moving pixels is no decibel.
    table.loc[table["parameters"] == "0", "ms per frame"] = "-"
    table.loc[table.index == "moving pixels", ["normal (dB)", "gap (dB)"]] = "-"
    return table.reset_index()


def predictor_kinds(rows, kinds: list[str] | None = None) -> DataFrame:
    """Table of the raw AUC of each kind for every predictor: mean over seeds and scenes."""
    by_kind = tidy(rows, "by_kind", "kind")
    kinds = list(by_kind["kind"].unique()) if kinds is None else kinds
    means = by_kind.pivot_table(index="predictor", columns="kind", values="auc", sort=False)
    return means[kinds].rename_axis(columns=None).reset_index()
