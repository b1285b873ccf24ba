"""TODO."""

import numpy as np
import traitlets

from vadkit import view
from vadkit.text import say
from vadkit.widgets.base import Widget, busiest_frame, packed_clips, synced


class Gallery(Widget):
    """Several clips side by side, looping, the anomalies boxed where that is known.

    clips: list of Clip (or frames); captions: one per clip, default the kinds of anomaly in it, or its name.
    """

    frames = synced(traitlets.Bytes())
    clips = synced(traitlets.List())
    columns = synced(traitlets.Int())
    fps = synced(traitlets.Float())
    playing = synced(traitlets.Bool())
    start = synced(traitlets.Int())

    def __init__(self, clips, captions=None, columns=4, fps=10, playing=False):
        clips, frames, offsets = packed_clips(clips)
        captions = captions or [view.kind_of(clip) or clip.name for clip in clips]
        if len(captions) != len(clips):
            raise ValueError(f"{len(clips)} clips need as many captions, got {len(captions)}.")
        about = [
            {"caption": caption, "T": len(clip), "H": clip.frames.shape[1], "W": clip.frames.shape[2], "offset": offset,
             "boxes": [] if clip.boxes is None else np.asarray(clip.boxes).tolist()}
            for clip, caption, offset in zip(clips, captions, offsets)
        ]  # fmt: skip
        super().__init__(frames=frames, clips=about, columns=min(columns, len(clips)), fps=fps, playing=playing,
                         start=busiest_frame(clips),
                         alt=say("{n} clips side by side: {captions}.", n=len(clips), captions="; ".join(captions)))  # fmt: skip
