"""Table of the study: when does meta-learning help?"""

import pandas as pd
from pandas import DataFrame

DIFFERS = ("nothing", "light", "custom")  # between the places of a family
UNITS = {  # metric: its name, and digits
    "psnr": ("PSNR of normal frames (dB)", 1),
    "auc_raw": ("raw AUC", 2),
}


def gains_of(table: DataFrame, metric: str) -> pd.Series:
    """MAML minus fine-tuning in a table of `table_of`, for each line."""
    return table["MAML", metric] - table["fine-tuned", metric]


def table_of(results: dict) -> DataFrame:
    """Means over the test places of benefit/results.json.

    Returns
    -------
    DataFrame
        Indexed by (differs, k, steps): the number of windows, and how many steps may be taken. For
        each method psnr (of normal frames, dB) and auc_raw. Fine-tuning with the optimizer and the
        rate that were best at the validation places for just so many windows and steps; MAML takes
        no more steps than it was trained for; who takes no steps is the same in all lines.
    """
    tables = []
    for differs, row in results["rows"].items():  # in the order of DIFFERS
        lines = DataFrame(row["lines"])
        tables += [_budget(lines, differs, k, n) for k, n in _budgets(lines)]
    table = pd.concat(tables).set_index(["differs", "k", "steps"])
    table.columns = pd.MultiIndex.from_tuples(table.columns)
    return table


def _budgets(lines):
    """Every number of windows with every number of steps."""
    tried = lines[lines["method"] == "fine-tuned"]
    return tried[["k", "steps"]].drop_duplicates().astype(int).to_numpy().tolist()


def _budget(lines, differs, k, n):
    """One line of the table."""
    here = lines[lines["k"].isna() | (lines["k"] == k)]
    may = here[here["steps"].isna() | (here["steps"] <= n)]
    taken = may.groupby("method")["steps"].transform("max")
    may = may[may["steps"].isna() | (may["steps"] == taken)]
    means = may.groupby(["part", "method", "recipe"], dropna=False)[["psnr", "auc_raw", "wanted"]]
    means = means.mean()
    best = means.loc["choosing"].groupby("method")["wanted"].idxmax()
    chosen = means.loc["places"].loc[best].droplevel("recipe")[["psnr", "auc_raw"]]
    line = {(m, metric): v for m, values in chosen.iterrows() for metric, v in values.items()}
    return DataFrame([{"differs": differs, "k": k, "steps": n, **line}])
