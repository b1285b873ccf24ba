"""A widget of notebook 02: draw your own anomaly; and, with it, the game "beat the detector"."""

import math
from collections.abc import Callable

import matplotlib.figure
import numpy as np
import traitlets
from traitlets import Bool, Bytes, Dict, Float, Int, List, Unicode

from vadcourse.widgets.drawn_figure import FIGURES, compose, nothing, place_at, ready_figure
from vadkit import view
from vadkit.scenes import Clip
from vadkit.text import say
from vadkit.widgets.base import PALETTE, Widget, json_list, traits
from vadkit.windows import N_INPUTS

IN_VIEW = 0.5  # pixels that it covers at least where it is in the picture

# The rules of the game.
FAINT = 12  # of 255: whoever differs by less from what it covers is not seen
LEAST = 0.0024  # of all that a picture can change: about half a walker
N_SEEN = 20  # frames
LARGEST = 1 / 8  # of the picture
TRAVEL = 1 / 4  # of its width
N_BEST = 5  # attempts on the board
FALSE_ALARMS = 2


def visibility(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Tell how well each frame's figure is seen, (T,): contrast times size; 1 is just enough."""
    contrast = np.abs(after.astype(int) - before)
    return np.where(contrast >= FAINT, contrast, 0).mean((1, 2)) / 255 / LEAST


class DrawAnomaly(Widget):
    """Paint a figure onto a clip, let it move, and see what the detector makes of it.

    As a game, "beat the detector", the reader hands figures in. A person must see the figure: its
    `visibility` is 100 % or more in twenty frames, which are the frames that count. It covers an
    eighth of the picture at most, and travels a quarter of its width meanwhile. The fewer of the
    frames that count ring, the better; then, the less their PSNR falls.

    Parameters
    ----------
    predictor : Callable
        (N, 4, H, W) to (N, 1, H, W).
    clip : Clip or ndarray
        Frames (T, H, W), uint8, all normal.
    threshold : float, optional
        In dB; frames below it ring. By default two frames of the clip ring without the figure.
    figure : str
        The ready figure to begin with, one of `FIGURES`, or "" for none.
    game : bool
        Show the rules, and a board of the best.
    error_max : float
        The error that gets the brightest colour.
    fps : float
        Frames per second.

    Attributes
    ----------
    drawing : dict
        The figure, see `nothing`; it may be set.
    frame, threshold : int, float
        The frame that is looked at; and as above. They may be set.
    psnr, untouched, labels : list
        In each frame: PSNR with the figure and without it, and whether it is in the picture.
    score : dict
        Of the frames that count (without a game: in which the figure is): "frames", how many, how
        many of them "ring", by how many dB their PSNR "falls"; also "visibility", a median, and
        the "problem", a sentence, or "" if the figure may be handed in.
    best : list of dict
        The best that were handed in: "name", "share" that rings, "falls", "drawing".

    Raises
    ------
    ValueError
        If the clip is too short or holds an anomaly of its own, or a drawing is none.
    """

    more_javascript = ("drawn_figure.js",)
    frames, predictions = traits(Bytes, 2)
    palette = Bytes(PALETTE)
    shape, psnr, untouched, labels, figures, best = traits(List, 6)
    drawing, score, attempt = traits(Dict, 3)
    n_inputs = Int(N_INPUTS)
    frame, answered = traits(Int, 2)
    error_max, fps, threshold = traits(Float, 3)
    report = Unicode()
    game = Bool()

    def __init__(
        self,
        predictor: Callable,
        clip: Clip | np.ndarray,
        threshold: float | None = None,
        figure: str = "ball",
        game: bool = False,
        error_max: float = view.ERROR_MAX,
        fps: float = 10,
    ):
        self._clip = clip = view.as_clip(clip)
        _check(clip, game)
        self._predictor, self._composed = predictor, clip.frames
        shape = clip.frames.shape
        drawing = ready_figure(figure, shape) if figure else nothing(shape)
        self._images, self._psnr = view.predict_and_score(clip, predictor)
        self._untouched = self._psnr.copy()
        if threshold is None:
            ranked = np.sort(self._psnr[N_INPUTS:])
            threshold = ranked[min(FALSE_ALARMS, len(ranked) - 1)]
        super().__init__(
            frames=clip.frames.tobytes(),
            shape=list(shape),
            untouched=json_list(self._untouched),
            figures=[[each, ready_figure(each, shape)] for each in FIGURES],
            drawing=drawing,
            frame=max(drawing["at"], N_INPUTS),
            threshold=float(threshold),
            game=game,
            predictions=_bytes_of(self._images),
            error_max=error_max,
            fps=fps,
            alt=say(
                "{what}: clip {name} with a figure in it, prediction and error of each frame, with "
                "the PSNR curve.",
                what=say("Beat the detector") if game else say("Draw your own anomaly"),
                name=clip.name,
            ),
        )
        self._begun_with = drawing
        self._answer()
        self.observe(self._answer, ["drawing", "threshold"])
        self.observe(self._hand_in, "attempt")

    @property
    def clip(self) -> Clip:
        """The clip with the figure in it, labelled where it is in the picture."""
        labels = np.array(self.labels, bool)
        kinds = [say("drawn") if label else "" for label in labels]
        return Clip(self._clip.name, self._composed, labels, kinds)

    def still(self) -> matplotlib.figure.Figure:
        """Plot the chosen frame, its prediction and its error, and PSNR along the clip.

        Returns
        -------
        Figure
            With alt text.
        """
        return view.still(None, self.clip, self.frame, self.threshold, "frame", self._images)

    @traitlets.validate("drawing")
    def _checked(self, proposal):
        drawing, n = proposal["value"], len(self._clip)
        missing = set(nothing(self._clip.frames.shape)) - set(drawing)
        if missing:
            raise ValueError(f"A drawing also needs {', '.join(sorted(missing))}.")
        if len(drawing["pixels"]) != drawing["width"] * drawing["height"]:
            size = f"{drawing['width']} x {drawing['height']}"
            raise ValueError(f"A figure of {size} has {len(drawing['pixels'])} pixels: one each.")
        if not 0 <= drawing["first"] <= drawing["last"] < n:
            span = f"{drawing['first']} to {drawing['last']}"
            raise ValueError(f"A figure cannot be there from frame {span}: stay in 0 to {n - 1}.")
        return drawing

    def _answer(self, _=None):
        """Compose, predict the windows whose frames have changed, and tell the browser."""
        composed, sizes = compose(self._clip.frames, self.drawing)
        changed = np.flatnonzero((composed != self._composed).any((1, 2)))
        self._composed = composed
        if len(changed):
            begin = max(int(changed[0]), N_INPUTS)
            end = min(int(changed[-1]) + N_INPUTS + 1, len(composed))
            if begin <= self.frame < end:  # first, what the reader looks at
                self._predict(self.frame, self.frame + 1)
            self._predict(begin, end)
        with self.hold_sync():  # one message
            self.psnr = json_list(self._psnr)
            self.labels = json_list(sizes >= IN_VIEW)
            self.score = self._judge(sizes)
            self.report = ""
            self.answered += 1

    def _predict(self, begin, end):
        """Predict and score the frames from `begin` to before `end`, if there are any."""
        if begin < end:
            part = Clip(self._clip.name, self._composed[begin - N_INPUTS : end])
            images, psnr = view.predict_and_score(part, self._predictor)
            self._images[begin - N_INPUTS : end - N_INPUTS] = images
            self._psnr[begin:end] = psnr[N_INPUTS:]
        self.predictions = _bytes_of(self._images)

    def _judge(self, sizes):
        seen = visibility(self._clip.frames, self._composed)
        there = sizes >= IN_VIEW
        counts = (seen >= 1 if self.game else there) & ~np.isnan(self._psnr)
        n, falls = int(counts.sum()), self._untouched - self._psnr
        score = {
            "frames": n,
            "ring": int((self._psnr[counts] < self.threshold).sum()),
            "falls": round(float(falls[counts].mean()), 2) if n else 0.0,
            "visibility": round(float(np.median(seen[there])), 2) if there.any() else 0.0,
        }
        return score | {"problem": self._problem(sizes, np.flatnonzero(counts))}

    def _problem(self, sizes, counts):
        """The first rule that is broken, in a sentence that says what to do."""
        if not any(self.drawing["pixels"]):
            return say("Nothing is painted yet: paint onto the picture, or choose a figure.")
        if sizes.max() < IN_VIEW:
            return say("The figure never comes into the picture: move it, or turn it round.")
        if not self.game and not len(counts):
            return say("It is there in the first four frames only, and they have no score.")
        if not self.game:
            return ""
        if sizes.max() > LARGEST * self._composed[0].size:
            return say("Too large: it may cover an eighth of the picture at most.")
        if len(counts) < N_SEEN:
            return say(
                "Seen well enough in {n} frames, {least} are needed: make it larger, or unlike "
                "what is behind it, or let it stay for longer.",
                n=len(counts),
                least=N_SEEN,
            )
        ends = [place_at(self.drawing, int(t)) for t in counts[[0, -1]]]
        travelled, wanted = math.dist(*ends), TRAVEL * self._composed.shape[2]
        if travelled < wanted:
            return say(
                "It travels {far:.0f} pixels, {wanted:.0f} are needed: make it faster, or let it "
                "stay for longer.",
                far=travelled,
                wanted=wanted,
            )
        return ""

    def _hand_in(self, _):
        """Put the figure on the board, if it keeps the rules."""
        with self.hold_sync():
            self._answer()  # of the drawing that came together with the attempt
            theirs = self.drawing != self._begun_with
            untouched = say("This figure was here before you: paint one of your own, or change it.")
            self.report = self.score["problem"] or (self._rank() if theirs else untouched)

    def _rank(self):
        entry = {
            "name": str(self.attempt.get("name", "")).strip(),
            "share": self.score["ring"] / self.score["frames"],
            "falls": self.score["falls"],
            "drawing": self.drawing,
        }
        board = sorted([*self.best, entry], key=lambda one: (one["share"], one["falls"]))
        rank = 1 + next(i for i, one in enumerate(board) if one is entry)
        self.best = board[:N_BEST]
        if rank > N_BEST:
            return say("Handed in, but {n} others are quieter.", n=N_BEST)
        return say("Handed in: number {rank} on the board.", rank=rank)


def _bytes_of(images):
    return (images * 255).round().astype(np.uint8).tobytes()


def _check(clip, game):
    if clip.labels is not None and np.any(clip.labels):
        raise ValueError(
            f"'{clip.name}' holds an anomaly already: give a normal clip, such as one of "
            "scene.train_clips, and draw yours into it."
        )
    if game and len(clip) < N_INPUTS + N_SEEN:
        need = f"a game needs at least {N_INPUTS + N_SEEN}"
        raise ValueError(f"'{clip.name}' has {len(clip)} frames: {need}.")
