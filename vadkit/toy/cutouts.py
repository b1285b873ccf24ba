"""Strangers cut out of toy clips, to be pasted into real video."""

from collections.abc import Sequence

import numpy as np

from vadkit.checks import checked
from vadkit.pasting import FASTER, Cutout
from vadkit.toy.clips import RenderedClip
from vadkit.toy.places import KINDS, kinds_for
from vadkit.toy.scenes import TRAIN_SEEDS, toy_scene
from vadkit.windows import N_INPUTS

IN_TURN = ("campus", "park", "square", "road")  # where strangers are cut out


@checked
def cut_out(clip: RenderedClip) -> Cutout:
    """Cut the anomaly of a drawn clip out.

    Parameters
    ----------
    clip : RenderedClip
        Of a toy scene.

    Returns
    -------
    Cutout
        Its frames in which the anomaly is seen, of which there may be none.
    """
    seen = np.flatnonzero(clip.labels)
    frames, clean = clip.frames[seen], clip.without_anomaly().frames[seen]
    return Cutout(frames, np.abs(frames.astype(int) - clean) > 8)


@checked
def drawn_strangers(n_clips: int = 40, kinds: Sequence[str] = (), size: int = 128) -> list[Cutout]:
    """Cut strangers out of training scenes, two clips of each; at 128 x 128, 1 MB a clip.

    Parameters
    ----------
    n_clips : int
        How many clips are drawn; those with a passing glance of somebody give no cutout.
    kinds : sequence of str
        Of `vadkit.toy.KINDS`, in turn; all but the boar by default, which stays unmet.
    size : int
        Height and width of the drawing.

    Returns
    -------
    list of Cutout
        Each with more frames than a window at the highest speed needs.
    """
    kinds = list(kinds) or [kind for kind in KINDS if kind != "boar"]
    cutouts = []
    for i in range(n_clips // 2):
        place = IN_TURN[i % len(IN_TURN)]
        here = [kind for kind in kinds if kind in kinds_for(place)]
        if not here:
            named = ", ".join(kinds)
            raise ValueError(f"None of {named} is an anomaly in the place '{place}': add kinds.")
        pair = [here[(i // 4 + j) % len(here)] for j in (0, 3)]
        scene = toy_scene(TRAIN_SEEDS[i], place, size, n_train=1, n_test=2, n_frames=60, kinds=pair)
        cutouts += [cut_out(clip) for clip in scene.test_clips]
    return [c for c in cutouts if len(c.frames) > max(FASTER) * N_INPUTS]
