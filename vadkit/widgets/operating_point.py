"""The ROC curve, and the histograms of scores behind it."""

import numpy as np
from traitlets import Float, List, Unicode

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, json_list, traits


class OperatingPoint(Widget):
    """The ROC curve with an operating point that moves with the threshold, and histograms.

    Parameters
    ----------
    scores, labels : ndarray or list of ndarray
        (T,) each, or one array per clip as in an `Evaluation`; NaN is left out.
    threshold : float, optional
        A score above it is an alarm; by default the median of the scores.
    score_name : str
        Of the axis of scores.

    Attributes
    ----------
    threshold : float
        Follows the reader's hands, and may be set.

    Raises
    ------
    ValueError
        If there is not one label per score, or all are of one class.
    """

    scores, labels, false_rates, true_rates = traits(List, 4)
    auc, threshold = traits(Float, 2)
    score_name = Unicode()

    def __init__(
        self,
        scores,
        labels,
        threshold: float | None = None,
        score_name: str = "anomaly score (up = abnormal)",
    ):
        from sklearn.metrics import roc_auc_score, roc_curve  # slow to import: only when needed

        scores, labels = view.scored(scores, labels)
        false_rates, true_rates, _ = roc_curve(labels, scores)
        auc = float(roc_auc_score(labels, scores))
        super().__init__(
            scores=scores.tolist(),
            labels=json_list(labels),
            false_rates=false_rates.tolist(),
            true_rates=true_rates.tolist(),
            auc=auc,
            score_name=say(score_name),
            threshold=float(np.median(scores) if threshold is None else threshold),
            alt=say(
                "ROC curve with area {auc:.3f} and histograms of the scores, "
                "with a threshold to move.",
                auc=auc,
            ),
        )
