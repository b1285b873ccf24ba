"""Toy scenes: grey surveillance video, rendered from a seed when it is first looked at.

A `World` is a place seen by one fixed camera; its clips differ in who walks by. What is normal
depends on the place: a car belongs on the road and nowhere else. A custom, such as a one-way
stream, is the opposite at another place that looks alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vadkit.checks import checked
from vadkit.scenes import Clip, Scene
from vadkit.toy.clips import RenderedClip
from vadkit.toy.customs import CUSTOMS
from vadkit.toy.passers_by import STRANGER, TURN
from vadkit.toy.places import HEADLINE, KINDS, PLACES, kinds_for
from vadkit.toy.worlds import World, build_custom_world, build_world

TRAIN_SEEDS = range(0, 10_000)
VALIDATION_SEEDS = range(10_000, 11_000)
TEST_SEEDS = range(20_000, 21_000)
BOAR_SEED = 30_352  # outside all three


@dataclass(kw_only=True)
class ToyScene(Scene):
    """A toy scene: its clips are rendered on first use, and it has more of them without end.

    Parameters
    ----------
    name, place, provenance, train_clips, test_clips : see `Scene`
        Its arguments.
    world : World
        Where all clips play.
    seed : tuple of int
        What the seeds of all clips begin with.
    n_frames, size : int
        Of every clip.
    """

    train_clips: list
    test_clips: list
    world: World
    seed: tuple[int, ...]
    n_frames: int
    size: int

    @property
    def custom(self) -> str | None:
        """The custom that holds here, one of `CUSTOMS`; None where the kind of place decides."""
        return self.world.custom or None

    @property
    def side(self) -> str | None:
        """Which side of the custom is normal here, in words."""
        custom = self.world.custom
        return CUSTOMS[custom][self.world.side].name if custom else None

    def opposite(self) -> "ToyScene":
        """Make the same place with the opposite custom: who was normal is a stranger.

        Returns
        -------
        ToyScene
            Its test clips have the same frames (those with a "stranger"), its training clips the
            same people on the other side of the custom; a ValueError where no custom holds.
        """
        if not self.custom:
            raise ValueError(f"No custom holds in {self.name}: make it with custom='stream'.")
        name, there = self.name.rpartition(", ")[0], replace(self.world, side=1 - self.world.side)
        scene = self.in_world(there)
        return replace(scene, name=f"{name}, {scene.side}")

    @checked
    def in_world(self, world: World) -> "ToyScene":
        """Make the same people walk in another world: another light, the other side of a custom.

        Parameters
        ----------
        world : World
            This scene's, changed by `dataclasses.replace`.

        Returns
        -------
        ToyScene
            Its clips, see `RenderedClip.in_world`.
        """
        clips = self.train_clips, self.test_clips
        train, test = ([clip.in_world(world) for clip in part] for part in clips)
        return replace(self, train_clips=train, test_clips=test, world=world)

    @property
    def busy(self) -> list[np.ndarray]:
        """(T,) bool for each test clip: somebody passes by, a stranger here or at the opposite."""
        there = self.opposite().test_clips
        return [here.labels | clip.labels for here, clip in zip(self.test_clips, there)]

    @checked
    def normal_clip(self, number: int) -> RenderedClip:
        """Make a clip of normal life; the first ones are the training clips.

        Parameters
        ----------
        number : int
            From 0, without end; a ValueError below.

        Returns
        -------
        RenderedClip
            Without an anomaly.
        """
        return self._clip("train", 0, number)

    @checked
    def strange_clip(self, number: int, kind: str) -> RenderedClip:
        """Make a clip with an anomaly to train with: never one of the test clips.

        Parameters
        ----------
        number, kind : int, str
            From 0, without end; an anomaly of this place, otherwise a ValueError.

        Returns
        -------
        RenderedClip
            Its `without_anomaly()` is what a predictor may learn to see instead.
        """
        _check_kinds([kind], self.place, self.custom)
        return self._clip("strange", 2, number, kind)

    def _clip(self, part, part_number, number, kind=""):
        if number < 0:
            raise ValueError(f"Clips are numbered from 0, got {number}.")
        name, seed = f"{part}{number:02d}", (*self.seed, part_number, int(number))
        return RenderedClip(self.world, name, seed, self.n_frames, self.size, kind)


@checked
def toy_scene(
    seed: int,
    place: str = "campus",
    size: int = 64,
    n_train: int = 4,
    n_test: int = 8,
    n_frames: int = 100,
    kinds: Sequence[str] | None = None,
    custom: str | None = None,
) -> ToyScene:
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
        kinds first, the others shuffled. Where a custom holds: a "stranger".
    custom : str, optional
        One of `CUSTOMS` ("stream", "speed", "species", "zone"), and which side of it is normal
        depends on the seed. People cross one after the other, and nothing that four frames show
        tells a stranger from the others. It takes a place where people walk (and grass, for
        "zone"), and 100 frames.

    Returns
    -------
    ToyScene
        Its clips are rendered on first use.

    Raises
    ------
    ValueError
        For a seed, place, size, length, kind or custom that cannot be.
    """
    allowed = _check_kinds(kinds or (), place, custom)
    _check(size, n_frames, custom)
    number = PLACES.index(place)
    rng = np.random.default_rng([seed, number])
    if custom is None:
        prefix: tuple[int, ...] = (seed, number)
        world, name = build_world(rng, place), f"{place}-{seed}"
        first = [kind for kind in allowed if kind in HEADLINE]
        others = [kind for kind in allowed if kind not in HEADLINE]
        kinds = kinds or [*first, *rng.permutation(others)]
    else:
        prefix = (seed, number, list(CUSTOMS).index(custom))
        world, kinds = build_custom_world(prefix, place, custom), kinds or [STRANGER]
        name = f"{place}-{seed}, {CUSTOMS[custom][world.side].name}"
    scene = ToyScene(
        name=name,
        place=place,
        train_clips=[],
        test_clips=[],
        world=world,
        seed=prefix,
        n_frames=n_frames,
        size=size,
    )
    scene.train_clips += [scene.normal_clip(i) for i in range(n_train)]
    for i in range(n_test):
        scene.test_clips.append(scene._clip("test", 1, i, str(kinds[i % len(kinds)])))
    return scene


def _check(size, n_frames, custom):
    if size < 32:
        raise ValueError(f"A toy scene needs a size of at least 32 pixels, got {size}.")
    if n_frames < 40:
        raise ValueError(f"An anomaly needs room: clips of at least 40 frames, got {n_frames}.")
    if custom is not None and n_frames < 2 * TURN:
        need = f"clips of at least {2 * TURN} frames"
        raise ValueError(f"Two people cross one after the other: {need}, got {n_frames}.")


def _check_kinds(kinds, place, custom):
    """The kinds of anomaly that a place has; a ValueError for another place, custom or kind."""
    allowed = kinds_for(place)
    where = f"in the place '{place}'"
    if custom is not None:
        allowed, where = _kinds_with(custom, place), f"where the custom is '{custom}'"
    for kind in kinds:
        if kind not in allowed:
            raise ValueError(f"'{kind}' is no anomaly {where}: choose from {', '.join(allowed)}.")
    return allowed


def _kinds_with(custom, place):
    """The kinds of anomaly where a custom holds."""
    if custom not in CUSTOMS:
        raise ValueError(f"Unknown custom {custom!r}: choose from {', '.join(CUSTOMS)}.")
    if place == "road":
        raise ValueError("Customs hold where people walk: choose another place than the road.")
    if (custom, place) == ("zone", "square"):
        raise ValueError("A square has no grass: custom 'zone' takes a campus or a park.")
    normal = {side.kind for side in CUSTOMS[custom]}
    return (STRANGER, *(kind for kind in KINDS if kind not in normal))


@checked
def boar_scene(size: int = 64) -> ToyScene:
    """Make the scene of `the_boar`, a campus that comes back in every notebook.

    Parameters
    ----------
    size : int
        Height and width in pixels.

    Returns
    -------
    ToyScene
        Of 112 frames a clip.
    """
    return toy_scene(BOAR_SEED, "campus", size, n_frames=112)


@checked
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
