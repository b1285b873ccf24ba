"""The ROC curve, and the histograms of scores behind it."""

import matplotlib.figure
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
            scores=[float(f"{score:.6g}") for score in scores],
            labels=json_list(labels),
            false_rates=json_list(false_rates),
            true_rates=json_list(true_rates),
            auc=auc,
            score_name=say(score_name),
            threshold=float(np.median(scores) if threshold is None else threshold),
            alt=say(
                "ROC curve with area {auc:.3f} and histograms of the scores, "
                "with a threshold to move.",
                auc=auc,
            ),
        )

    def still(self) -> matplotlib.figure.Figure:
        """Plot the ROC curve and the histograms, with the threshold where it is.

        Returns
        -------
        Figure
            With alt text.
        """
        figure, (left, right) = view.subplots(1, 2, size=(9, 3.2), alt=self.alt)
        scores, labels = np.array(self.scores), np.array(self.labels, bool)
        alarms = scores > self.threshold
        left.plot([0, 1], [0, 1], color=view.GREY, ls=":")
        left.plot(self.false_rates, self.true_rates, color=view.BLUE, lw=2)
        here = alarms[~labels].mean(), alarms[labels].mean()
        left.plot(*here, "o", color=view.VERMILLION, mec=view.BLACK, ms=9)
        left.set(xlabel="false alarm rate", ylabel="share of abnormal frames caught")
        looks = {"normal": (~labels, view.BLUE, None), "abnormal": (labels, view.AMBER, "///")}
        for name, (mask, colour, hatch) in looks.items():
            look = {"color": colour, "hatch": hatch, "alpha": 0.6, "density": True, "label": name}
            right.hist(scores[mask], np.linspace(scores.min(), scores.max(), 41), **look)
        right.axvline(self.threshold, color=view.VERMILLION, ls="--", label="threshold")
        right.set(xlabel=self.score_name, ylabel="density")
        right.legend(frameon=False)
        return figure
