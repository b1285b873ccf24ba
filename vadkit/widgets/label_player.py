"""Label a clip yourself, then compare."""

import matplotlib.figure
import numpy as np
from numpy.typing import ArrayLike
from traitlets import Bytes, Float, Int, List, Unicode

from vadkit import view
from vadkit.metrics import agreement
from vadkit.scenes import Clip, check_labels
from vadkit.text import say
from vadkit.widgets.base import Widget, json_list, traits


class LabelPlayer(Widget):
    """Play a clip, mark the abnormal frames by key, then compare with the truth.

    Parameters
    ----------
    clip : Clip or ndarray
        Its labels, if any, reach the browser only when somebody compares.
    truth : array_like, optional
        (T,) of 0/1 to compare with instead of the clip's labels, such as a classmate's `labels`.
    truth_name : str, optional
        Whose they are.
    fps : float
        Frames per second.

    Raises
    ------
    ValueError
        If there is not one label per frame.
    """

    frames = Bytes()
    shape, marks, truth = traits(List, 3)
    truth_name, report, caption = traits(Unicode, 3)
    asked = Int()
    fps = Float()

    def __init__(
        self,
        clip: Clip | np.ndarray,
        truth: ArrayLike | None = None,
        truth_name: str | None = None,
        fps: float = 8,
    ):
        self._clip = clip = view.as_clip(clip)
        labels = clip.labels if truth is None else truth
        self._truth = None
        if labels is not None:
            self._truth = check_labels(labels, len(clip), f"'{clip.name}'")
        super().__init__(
            frames=clip.frames.tobytes(),
            shape=list(clip.frames.shape),
            marks=[0] * len(clip),
            truth_name=truth_name or say("truth"),
            caption=say("the clip"),
            fps=fps,
            alt=say(
                "Player: mark the abnormal frames, then compare (clip {name}).", name=clip.name
            ),
        )
        self.observe(self._compare, "asked")

    def still(self) -> matplotlib.figure.Figure:
        """Plot six frames of the clip, without its labels.

        Returns
        -------
        Figure
            With alt text.
        """
        frames = np.linspace(0, len(self._clip) - 1, 6).astype(int).tolist()
        bare = Clip(self._clip.name, self._clip.frames)
        names = [say("frame {t}", t=t) for t in frames]
        return view.gallery([bare] * len(frames), names, frames, columns=len(frames))

    @property
    def labels(self) -> np.ndarray:
        """What has been marked so far, (T,) bool; it may be set."""
        return np.array(self.marks, bool)

    @labels.setter
    def labels(self, labels: ArrayLike):
        self.marks = json_list(check_labels(labels, len(self.marks), "'the clip'"))

    def agreement(self, others: ArrayLike | None = None) -> dict[str, float]:
        """Measure how far `labels` agree with others.

        Parameters
        ----------
        others : array_like, optional
            (T,) of 0/1; by default the truth.

        Returns
        -------
        dict of float
            As `vadkit.metrics.agreement` gives it.

        Raises
        ------
        ValueError
            If there is nothing to compare with.
        """
        others = self._truth if others is None else others
        if others is None:
            raise ValueError("Nobody labelled this clip: give the labels to compare with.")
        return agreement(self.labels, others)

    def _compare(self, _):
        if self._truth is None:
            self.report = say("Nobody labelled this clip: there is nothing to compare with.")
            return
        self.truth = json_list(self._truth)
        numbers = {
            name: say("undefined") if np.isnan(value) else f"{value:.2f}"
            for name, value in self.agreement().items()
        }
        self.report = say(
            "You marked {yours} frames, {name} {theirs}. "
            "Accuracy {accuracy}, IoU {iou}, F1 {f1}, Cohen's kappa {kappa}.",
            yours=int(self.labels.sum()),
            theirs=int(self._truth.sum()),
            name=self.truth_name,
            **numbers,
        )
