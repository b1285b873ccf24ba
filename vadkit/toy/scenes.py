"""Toy scenes: grey surveillance video, rendered from a seed when it is first looked at.

A `World` is a place seen by one fixed camera; its clips differ in who walks by. What is normal
depends on the place: a car belongs on the road and nowhere else.
"""

from collections.abc import Sequence

import numpy as np

from vadkit.scenes import Clip, Scene
from vadkit.toy.clips import RenderedClip
from vadkit.toy.customs import HEADLINE, PLACES, kinds_for
from vadkit.toy.worlds import build_world

TRAIN_SEEDS = range(0, 10_000)
VALIDATION_SEEDS = range(10_000, 11_000)
TEST_SEEDS = range(20_000, 21_000)
BOAR_SEED = 30_352  # outside all three


def toy_scene(
    seed: int,
    place: str = "campus",
    size: int = 64,
    n_train: int = 4,
    n_test: int = 8,
    n_frames: int = 100,
    kinds: Sequence[str] | None = None,
) -> Scene:
    """Make a scene: clips of normal life, and clips with one anomaly each.

    Parameters
    ----------
    seed : int
        From 0; the same seed gives the same scene. `TRAIN_SEEDS`, `VALIDATION_SEEDS` and
        `TEST_SEEDS` keep the three apart.
    place, size : str, int
        One of `PLACES`; height and width in pixels, from 32: the same scene at any size.
    n_train, n_test, n_frames : int
        How many normal clips, how many with an anomaly; frames per clip, from 40.
    kinds : list of str, optional
        The anomalies of the test clips in turn; by default those of the place, the headline
        kinds first, the others shuffled.

    Returns
    -------
    Scene
        Its clips are rendered on first use.

    Raises
    ------
    ValueError
        For a seed, place, size, length or kind that cannot be.
    """
    allowed = kinds_for(place)
    _check(seed, place, size, n_frames, kinds or (), allowed)
    seed, number = int(seed), PLACES.index(place)
    rng = np.random.default_rng([seed, number])
    world = build_world(rng, place)
    first = [kind for kind in allowed if kind in HEADLINE]
    others = [kind for kind in allowed if kind not in HEADLINE]
    kinds = list(kinds or [*first, *rng.permutation(others)])
    train: list = []
    for i in range(n_train):
        clip_seed = (seed, number, 0, i)
        train.append(RenderedClip(world, f"train{i:02d}", clip_seed, n_frames, size))
    test: list = []
    for i in range(n_test):
        kind, clip_seed = str(kinds[i % len(kinds)]), (seed, number, 1, i)
        test.append(RenderedClip(world, f"test{i:02d}", clip_seed, n_frames, size, kind))
    return Scene(f"{place}-{seed}", train, test, place)


def _check(seed, place, size, n_frames, kinds, allowed):
    if seed < 0 or seed != int(seed):
        raise ValueError(f"A seed is a whole number from 0, got {seed}.")
    if size < 32 or size != int(size):
        raise ValueError(f"A toy scene needs a size of at least 32 pixels, got {size}.")
    if n_frames < 40:
        raise ValueError(f"An anomaly needs room: clips of at least 40 frames, got {n_frames}.")
    for kind in kinds:
        if kind not in allowed:
            raise ValueError(
                f"'{kind}' is no anomaly in the place '{place}': choose from {', '.join(allowed)}."
            )


def boar_scene(size: int = 64) -> Scene:
    """Make the scene of `the_boar`, a campus that comes back in every notebook.

    Parameters
    ----------
    size : int
        Height and width in pixels.

    Returns
    -------
    Scene
        Of 112 frames a clip.
    """
    return toy_scene(BOAR_SEED, "campus", size, n_frames=112)


def the_boar(size: int = 64) -> Clip:
    """Make the clip that runs through the whole course: a wild boar bolts across the campus.

    Parameters
    ----------
    size : int
        Height and width in pixels.

    Returns
    -------
    Clip
        One test clip of `boar_scene`.
    """
    return boar_scene(size).test_clips[HEADLINE.index("boar")]
