"""Endless toy scenes: grey surveillance video, drawn from a seed when it is first looked at. Nothing to download.

A `World` is a place seen by one fixed camera; its clips differ in who walks by. What is normal depends on the place: a car
belongs on the road and nowhere else. Figures live in `toy_figures`, what never moves in `toy_backdrops`, drawing in `toy_clips`.
"""

import numpy as np

from vadkit.scenes import Scene
from vadkit.toy.clips import DrawnClip
from vadkit.toy.worlds import HEADLINE, PLACES, build_world, kinds_for

TRAIN_SEEDS, VALIDATION_SEEDS, TEST_SEEDS = range(0, 10_000), range(10_000, 11_000), range(20_000, 21_000)
BOAR_SEED = 30_352  # outside all three


def toy_scene(seed, place="campus", size=64, n_train=4, n_test=8, n_frames=100, kinds=None):
    """Draw a scene: `n_train` clips of normal life and `n_test` clips with one anomaly each; the same seed, the same scene.

    seed: any whole number from 0; TRAIN_SEEDS, VALIDATION_SEEDS and TEST_SEEDS keep the three apart
    place: one of PLACES; size: frame height and width in pixels, from 32; the same scene at any size
    n_frames: frames per clip, from 40; kinds: the anomalies of the test clips in turn (default: `kinds_for(place)`, the headline
    kinds first, the others shuffled)
    Returns a Scene whose clips are drawn on first use. Raises ValueError for a bad seed, place, size, length or kind.
    """
    allowed = kinds_for(place)
    if seed < 0 or seed != int(seed):
        raise ValueError(f"A seed is a whole number from 0, got {seed}.")
    if size < 32 or size != int(size):
        raise ValueError(f"A toy scene needs a size of at least 32 pixels, got {size}.")
    if n_frames < 40:
        raise ValueError(f"An anomaly needs room: clips of at least 40 frames, got {n_frames}.")
    unfit = [kind for kind in kinds or () if kind not in allowed]
    if unfit:
        raise ValueError(f"'{unfit[0]}' is no anomaly in the place '{place}': choose from {', '.join(allowed)}.")
    seed, number = int(seed), PLACES.index(place)
    rng = np.random.default_rng([seed, number])
    world = build_world(rng, place)
    others = [kind for kind in allowed if kind not in HEADLINE]
    kinds = list(kinds or [k for k in allowed if k in HEADLINE] + list(rng.permutation(others)))
    kinds = [str(kinds[i % len(kinds)]) for i in range(n_test)]
    train = [DrawnClip(world, f"train{i:02d}", (seed, number, 0, i), n_frames, size) for i in range(n_train)]
    test = [
        DrawnClip(world, f"test{i:02d}", (seed, number, 1, i), n_frames, size, kind) for i, kind in enumerate(kinds)
    ]
    return Scene(f"{place}-{seed}", train, test, place)


def boar_scene(size=64):
    """The scene of `the_boar`: a campus one meets again in every notebook."""
    return toy_scene(BOAR_SEED, "campus", size, n_frames=112)


def the_boar(size=64):
    """The clip that runs through the whole course: a wild boar bolts across the campus."""
    return boar_scene(size).test_clips[HEADLINE.index("boar")]
