"""TODO."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.metrics import agreement
from vadkit.text import say
from vadkit.widgets.base import Widget, synced, zeros_and_ones


class LabelPlayer(Widget):
    """Label it yourself: play the clip, mark the abnormal frames by key, then compare with the truth.

    truth: (T,) of 0/1 to compare with, default the clip's labels; a classmate's `player.labels` works as well.
    `.labels` is (T,) bool, what has been marked so far; it may be set. The truth reaches the browser only on Compare.
    """

    frames = synced(traitlets.Bytes())
    shape = synced(traitlets.List())
    marks = synced(traitlets.List())
    truth = synced(traitlets.List())
    truth_name = synced(traitlets.Unicode())
    asked = synced(traitlets.Int())
    report = synced(traitlets.Unicode())
    caption = synced(traitlets.Unicode())
    fps = synced(traitlets.Float())

    def __init__(self, clip, truth=None, truth_name=None, fps=8):
        clip = view.as_clip(clip)
        self._truth = view.check_labels(clip.labels if truth is None else truth, len(clip), clip.name)
        super().__init__(
            frames=np.ascontiguousarray(clip.frames).tobytes(),
            shape=list(clip.frames.shape),
            marks=[0] * len(clip),
            truth_name=truth_name or say("truth"),
            caption=clip.name,
            fps=fps,
            alt=say("Player of clip {name}: mark the abnormal frames, then compare.", name=clip.name),
        )
        self.observe(self._compare, "asked")

    @property
    def labels(self):
        return np.array(self.marks, bool)

    @labels.setter
    def labels(self, labels):
        self.marks = zeros_and_ones(view.check_labels(labels, len(self.marks)))

    def agreement(self, others=None):
        """`agreement` of `.labels` with other labels, default the truth. Raises ValueError where there is none."""
        others = self._truth if others is None else others
        if others is None:
            raise ValueError("Nobody labelled this clip: give the labels to compare with.")
        return agreement(self.labels, others)

    def _compare(self, _):
        if self._truth is None:
            self.report = say("Nobody labelled this clip: there is nothing to compare with.")
            return
        self.truth = zeros_and_ones(self._truth)
        numbers = {k: say("undefined") if np.isnan(v) else f"{v:.2f}" for k, v in self.agreement().items()}
        self.report = say("You marked {yours} frames, {name} {theirs}. Accuracy {accuracy}, IoU {iou}, F1 {f1}, Cohen's kappa {kappa}.",
                          yours=int(self.labels.sum()), theirs=int(self._truth.sum()), name=self.truth_name, **numbers)  # fmt: skip
