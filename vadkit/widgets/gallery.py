"""Several clips side by side, looping."""

from collections.abc import Sequence
from typing import Any

import matplotlib.figure
import numpy as np
from traitlets import Bool, Bytes, Float, Int, List

from vadkit import view
from vadkit.scenes import Clip
from vadkit.text import recognise, say
from vadkit.widgets.base import PixelBuffer, Widget, traits


class Gallery(Widget):
    """Several clips side by side, looping, the anomalies boxed where that is known.

    Parameters
    ----------
    clips : sequence of Clip or ndarray
        At least one.
    captions : sequence of str, optional
        One per clip; by default the kinds of anomaly in it, or its number.
    columns : int
        How many clips stand side by side.
    fps : float
        Frames per second.
    playing : bool
        Whether they play from the start.

    Raises
    ------
    ValueError
        If there is no clip, or not one caption per clip.
    """

    frames = Bytes()
    clips: Any = List()
    columns, start = traits(Int, 2)
    fps = Float()
    playing = Bool()

    def __init__(
        self,
        clips: Sequence,
        captions: Sequence[str] | None = None,
        columns: int = 4,
        fps: float = 10,
        playing: bool = False,
    ):
        clips = [view.as_clip(clip) for clip in clips]
        if not clips:
            raise ValueError("At least one clip is needed.")
        captions = captions or [
            view.kind_of(clip) or say("clip {n}", n=i + 1) for i, clip in enumerate(clips)
        ]
        if len(captions) != len(clips):
            raise ValueError(f"{len(clips)} clips need as many captions, got {len(captions)}.")
        captions = [recognise(caption) for caption in captions]
        self._still = clips, captions, columns
        buffer = PixelBuffer()
        super().__init__(
            clips=[_describe(*pair, buffer) for pair in zip(clips, captions)],
            frames=buffer.pixels,
            columns=min(columns, len(clips)),
            fps=fps,
            playing=playing,
            start=_busiest_frame(clips),
            alt=_alt(captions),
        )

    def still(self) -> matplotlib.figure.Figure:
        """Plot the telling frame of each clip.

        Returns
        -------
        Figure
            With alt text.
        """
        clips, captions, columns = self._still
        return view.gallery(clips, captions, columns=columns)


def _alt(captions):
    names = "; ".join(captions)
    if len(captions) == 1:
        return say("One clip, which plays over and over: {captions}.", captions=names)
    return say("{n} clips side by side: {captions}.", n=len(captions), captions=names)


def _describe(clip, caption, buffer):
    """What the browser needs to know of a clip; its frames go to the buffer."""
    T, H, W = clip.frames.shape
    boxes = [] if clip.boxes is None else np.asarray(clip.boxes).tolist()
    offset = buffer.add(clip.frames)[0]
    return {"caption": caption, "T": T, "H": H, "W": W, "offset": offset, "boxes": boxes}


def _busiest_frame(clips: list[Clip]) -> int:
    """The frame at which most clips are abnormal; 0 where none is labelled."""
    counts = np.zeros(max(map(len, clips)), int)
    for clip in clips:
        if clip.labels is not None:
            counts[: len(clip)] += clip.labels
    return int(counts.argmax())
