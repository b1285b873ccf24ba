"""TODO."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, synced, zeros_and_ones


class OperatingPoint(Widget):
    """The ROC curve with an operating point that moves with the threshold, beside the histograms of the scores.

    scores, labels: (T,) arrays, or lists of one per clip as in an `Evaluation`; scores up = abnormal, NaN left out.
    """

    scores = synced(traitlets.List())
    labels = synced(traitlets.List())
    false_rates = synced(traitlets.List())
    true_rates = synced(traitlets.List())
    auc = synced(traitlets.Float())
    score_name = synced(traitlets.Unicode())
    threshold = synced(traitlets.Float())

    def __init__(self, scores, labels, threshold=None, score_name="anomaly score (up = abnormal)"):
        from sklearn.metrics import roc_auc_score, roc_curve

        scores, labels = view.scored(scores, labels)
        false_rates, true_rates, _ = roc_curve(labels, scores)
        auc = float(roc_auc_score(labels, scores))
        super().__init__(
            scores=scores.tolist(),
            labels=zeros_and_ones(labels),
            false_rates=false_rates.tolist(),
            true_rates=true_rates.tolist(),
            auc=auc,
            score_name=say(score_name),
            threshold=float(np.median(scores) if threshold is None else threshold),
            alt=say("ROC curve with area {auc:.3f} and histograms of the scores, with a threshold to move.", auc=auc),
        )
