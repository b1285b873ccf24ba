"""Widgets: thin Python around one JavaScript file each. All pixels go to the browser once and are drawn there.

`scrubber.js`, `label_player.js`, `gallery.js`, `operating_point.js` and `guard_shift.js` stand beside this file, on top of
what they share (`common.js`, `widgets.css`). The same JavaScript, inlined with its data, is the static page of `to_html`.
"""

import base64
import hashlib
import html
import json
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib import colormaps

from .. import plots
from ..windows import N_INPUTS
from ..words import WORDS, say

HERE = Path(__file__).parent
PALETTE = (colormaps[plots.ERROR_MAP](np.arange(256))[:, :3] * 255).round().astype(np.uint8).tobytes()


def _source(name):
    return (HERE / name).read_text(encoding="utf-8")


def _synced(trait):
    return trait.tag(sync=True)


class Widget(anywidget.AnyWidget):
    """What all widgets share: words, a description for screen readers, and the static page."""

    _css = _source("widgets.css")
    words = _synced(traitlets.Dict())
    alt = _synced(traitlets.Unicode())

    def __init__(self, **state):
        super().__init__(words=WORDS, **state)

    def __repr__(self):
        return self.alt

    def to_html(self):
        """-> one HTML fragment that plays without a kernel, a library or a network: pixels and code are inside."""
        inherited = anywidget.AnyWidget.class_trait_names()
        values = {name: getattr(self, name) for name in self.trait_names() if name not in inherited and name[0] != "_"}
        packed = {name: base64.b64encode(v).decode() for name, v in values.items() if isinstance(v, bytes)}
        plain = {name: v for name, v in values.items() if not isinstance(v, bytes)}
        code = f"""{self._javascript}
const packed = {json.dumps(packed)}, state = {json.dumps(plain)};
for (const [name, text] of Object.entries(packed)) state[name] = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const model = {{get: (name) => state[name], set: (name, value) => {{ state[name] = value; }}, save_changes() {{}}, on() {{}}, off() {{}}}};
const el = document.querySelector("#ID:not(.vadkit)");
if (el) render({{model, el}});""".replace("</", "<\\/")
        name = "vadkit-" + hashlib.sha256(code.encode()).hexdigest()[:12]
        note = html.escape(self.alt)
        return (
            f'<div id="{name}"></div><noscript><p>{note}</p></noscript><style>{self._css}</style>'
            f"<script>(() => {{\n{code.replace('#ID', '#' + name)}\n}})();</script>"
        )

    def save_html(self, path):
        """Write `to_html` as a page of its own. Returns the path."""
        page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{html.escape(self.alt)}</title>'
        page += f'<body style="background:#fff; margin:16px"><main>{self.to_html()}</main></body></html>'
        Path(path).write_text(page, encoding="utf-8")
        return Path(path)


def _with_code(name):
    """Class decorator: the widget's JavaScript is common.js and its own file."""

    def attach(widget):
        widget._javascript = _source("common.js") + _source(name)
        widget._esm = widget._javascript + "\nexport default { render };\n"
        return widget

    return attach


def _without_nan(values):
    return [None if np.isnan(v) else round(float(v), 4) for v in values]


def _numbers(labels):
    return [] if labels is None else [int(l) for l in labels]


@_with_code("scrubber.js")
class Scrubber(Widget):
    """The widget of the course: x1..x4 | ground truth | prediction | error along a clip, with its PSNR curve.

    clip: a Clip, or frames (T, H, W) uint8
    predictor, predictions: one of the two; predictions (T - 4, H, W) uint8 or float in [0, 1], as `predict_clip` gives them
    score: "frame" = PSNR of the whole frame, "patch" = of the worst block
    threshold: dB; frames below it are alarms. Default: the middle of the PSNR range
    `.frame` and `.threshold` follow the reader's hands, and may be set. Raises ValueError for input that does not fit.
    """

    frames = _synced(traitlets.Bytes())
    predictions = _synced(traitlets.Bytes())
    palette = _synced(traitlets.Bytes(PALETTE))
    shape = _synced(traitlets.List())
    psnr = _synced(traitlets.List())
    labels = _synced(traitlets.List())
    kinds = _synced(traitlets.List())
    n_inputs = _synced(traitlets.Int(N_INPUTS))
    error_max = _synced(traitlets.Float())
    unit = _synced(traitlets.Unicode())
    fps = _synced(traitlets.Float())
    frame = _synced(traitlets.Int())
    threshold = _synced(traitlets.Float())

    def __init__(self, clip, predictor=None, predictions=None, score="frame", threshold=None, frame=None,
                 error_max=plots.ERROR_MAX, fps=10):  # fmt: skip
        clip = plots.as_clip(clip)
        predictions, psnr = plots.predict_and_score(clip, predictor, predictions, score)
        frame = plots.telling_frame(clip) if frame is None else frame
        plots.check_frame(clip, frame)
        if threshold is None:
            threshold = (np.nanmin(psnr) + np.nanmax(psnr)) / 2
        super().__init__(
            frames=np.ascontiguousarray(clip.frames).tobytes(),
            predictions=(predictions * 255).round().astype(np.uint8).tobytes(),
            shape=list(clip.frames.shape),
            psnr=_without_nan(psnr),
            labels=_numbers(clip.labels),
            kinds=list(clip.kinds or [""] * len(clip)),
            error_max=error_max,
            unit=plots.UNITS[score],
            fps=fps,
            frame=frame,
            threshold=float(threshold),
            alt=say("Scrubber of clip {name}: four inputs, ground truth, prediction and error of each frame, with the PSNR curve.",
                    name=clip.name),
        )  # fmt: skip


def scrub(predictor, clip, **options):
    """`Scrubber(clip, predictor)`, the way one says it: scrub this predictor along that clip."""
    return Scrubber(clip, predictor, **options)


def _packed(clips):
    """Frames of several clips as one bytes object, and where each begins."""
    clips = [plots.as_clip(clip) for clip in clips]
    if not clips:
        raise ValueError("At least one clip is needed.")
    offsets = np.cumsum([0] + [clip.frames.size for clip in clips])
    return (
        clips,
        b"".join(np.ascontiguousarray(clip.frames).tobytes() for clip in clips),
        [int(o) for o in offsets[:-1]],
    )


def _busiest_frame(clips):
    """The frame at which most clips are abnormal; 0 where none is labelled."""
    longest = max(len(clip) for clip in clips)
    labelled = [np.pad(clip.labels, (0, longest - len(clip))) for clip in clips if clip.labels is not None]
    return int(np.sum(labelled, axis=0).argmax()) if labelled else 0


@_with_code("gallery.js")
class Gallery(Widget):
    """Several clips side by side, looping, the anomalies boxed where that is known.

    clips: list of Clip (or frames); captions: one per clip, default the kinds of anomaly in it, or its name.
    """

    frames = _synced(traitlets.Bytes())
    clips = _synced(traitlets.List())
    columns = _synced(traitlets.Int())
    fps = _synced(traitlets.Float())
    playing = _synced(traitlets.Bool())
    start = _synced(traitlets.Int())

    def __init__(self, clips, captions=None, columns=4, fps=10, playing=False):
        clips, frames, offsets = _packed(clips)
        captions = captions or [plots.kind_of(clip) or clip.name for clip in clips]
        if len(captions) != len(clips):
            raise ValueError(f"{len(clips)} clips need as many captions, got {len(captions)}.")
        about = [
            {"caption": caption, "T": len(clip), "H": clip.frames.shape[1], "W": clip.frames.shape[2], "offset": offset,
             "boxes": [] if clip.boxes is None else np.asarray(clip.boxes).tolist()}
            for clip, caption, offset in zip(clips, captions, offsets)
        ]  # fmt: skip
        super().__init__(frames=frames, clips=about, columns=min(columns, len(clips)), fps=fps, playing=playing,
                         start=_busiest_frame(clips),
                         alt=say("{n} clips side by side: {captions}.", n=len(clips), captions="; ".join(captions)))  # fmt: skip


def agreement(labels, others):
    """How far two labellings of one clip agree -> {"accuracy", "iou", "f1", "kappa"}, each at most 1.

    labels, others: (T,) of 0/1, 1 = abnormal. IoU and F1 are about the abnormal frames, Cohen's kappa (1960) takes away
    what chance alone would give; where nobody marked anything they are NaN. Raises ValueError for lengths that differ.
    """
    from sklearn.metrics import cohen_kappa_score

    labels, others = np.asarray(labels), np.asarray(others)
    a, b = plots.check_labels(labels, len(others), "the other labelling"), plots.check_labels(others, len(others))
    both, either = (a & b).sum(), (a | b).sum()
    constant = either == 0 or both == len(a)
    return {
        "accuracy": float((a == b).mean()),
        "iou": float(both / either) if either else float("nan"),
        "f1": float(2 * both / (a.sum() + b.sum())) if either else float("nan"),
        "kappa": float("nan") if constant else float(cohen_kappa_score(a, b)),
    }


@_with_code("label_player.js")
class LabelPlayer(Widget):
    """Label it yourself: play the clip, mark the abnormal frames by key, then compare with the truth.

    truth: (T,) of 0/1 to compare with, default the clip's labels; a classmate's `player.labels` works as well.
    `.labels` is (T,) bool, what has been marked so far; it may be set. The truth reaches the browser only on Compare.
    """

    frames = _synced(traitlets.Bytes())
    shape = _synced(traitlets.List())
    marks = _synced(traitlets.List())
    truth = _synced(traitlets.List())
    truth_name = _synced(traitlets.Unicode())
    asked = _synced(traitlets.Int())
    report = _synced(traitlets.Unicode())
    caption = _synced(traitlets.Unicode())
    fps = _synced(traitlets.Float())

    def __init__(self, clip, truth=None, truth_name=None, fps=8):
        clip = plots.as_clip(clip)
        self._truth = plots.check_labels(clip.labels if truth is None else truth, len(clip), clip.name)
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
        self.marks = _numbers(plots.check_labels(labels, len(self.marks)))

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
        self.truth = _numbers(self._truth)
        numbers = {k: say("undefined") if np.isnan(v) else f"{v:.2f}" for k, v in self.agreement().items()}
        self.report = say("You marked {yours} frames, {name} {theirs}. Accuracy {accuracy}, IoU {iou}, F1 {f1}, Cohen's kappa {kappa}.",
                          yours=int(self.labels.sum()), theirs=int(self._truth.sum()), name=self.truth_name, **numbers)  # fmt: skip


@_with_code("operating_point.js")
class OperatingPoint(Widget):
    """The ROC curve with an operating point that moves with the threshold, beside the histograms of the scores.

    scores, labels: (T,) arrays, or lists of one per clip as in an `Evaluation`; scores up = abnormal, NaN left out.
    """

    scores = _synced(traitlets.List())
    labels = _synced(traitlets.List())
    false_rates = _synced(traitlets.List())
    true_rates = _synced(traitlets.List())
    auc = _synced(traitlets.Float())
    score_name = _synced(traitlets.Unicode())
    threshold = _synced(traitlets.Float())

    def __init__(self, scores, labels, threshold=None, score_name="anomaly score (up = abnormal)"):
        from sklearn.metrics import roc_auc_score, roc_curve

        scores, labels = plots.scored(scores, labels)
        false_rates, true_rates, _ = roc_curve(labels, scores)
        auc = float(roc_auc_score(labels, scores))
        super().__init__(
            scores=scores.tolist(),
            labels=_numbers(labels),
            false_rates=false_rates.tolist(),
            true_rates=true_rates.tolist(),
            auc=auc,
            score_name=say(score_name),
            threshold=float(np.median(scores) if threshold is None else threshold),
            alt=say("ROC curve with area {auc:.3f} and histograms of the scores, with a threshold to move.", auc=auc),
        )


@_with_code("guard_shift.js")
class GuardShift(Widget):
    """The guard's shift: labelled clips come in an order nobody knows; keep the threshold, catch what comes, cry wolf twice at most.

    clips: labelled clips of one size; n_clips of them make one shift, drawn by seed (the second shift by seed + 1, ...)
    A frame whose PSNR is below the threshold rings; an anomaly is caught when it rings while it is in the picture; ringing
    with nothing wrong is a false alarm, one for each time it starts after ten quiet frames.
    `.result` after a shift: {"caught": kinds, "missed": kinds, "false_alarms": n, "seconds": s}.
    """

    frames = _synced(traitlets.Bytes())
    size = _synced(traitlets.List())
    clips = _synced(traitlets.List())
    n_inputs = _synced(traitlets.Int(N_INPUTS))
    n_clips = _synced(traitlets.Int())
    seed = _synced(traitlets.Int())
    budget = _synced(traitlets.Int())
    fps = _synced(traitlets.Float())
    threshold = _synced(traitlets.Float())
    result = _synced(traitlets.Dict())

    def __init__(self, predictor, clips, n_clips=6, budget=2, threshold=None, seed=0, fps=12, score="frame"):
        clips, frames, offsets = _packed(clips)
        if len({clip.frames.shape[1:] for clip in clips}) > 1:
            raise ValueError("One guard watches one camera: all clips must have the same size.")
        if n_clips < 1:
            raise ValueError(f"A shift needs at least one clip, got n_clips={n_clips}.")
        if any(clip.labels is None for clip in clips):
            raise ValueError("The shift is judged by labels, but some clips have none.")
        psnr = [plots.predict_and_score(clip, predictor, score=score)[1][N_INPUTS:] for clip in clips]
        about = [
            {"offset": offset, "psnr": _without_nan(values), "labels": _numbers(clip.labels[N_INPUTS:]),
             "kinds": list(clip.kinds or [""] * len(clip))[N_INPUTS:]}
            for clip, values, offset in zip(clips, psnr, offsets)
        ]  # fmt: skip
        everything = np.concatenate(psnr)
        super().__init__(
            frames=frames, size=list(clips[0].frames.shape[1:]), clips=about, n_clips=n_clips, seed=seed, budget=budget, fps=fps,
            threshold=float(np.nanmin(everything) if threshold is None else threshold),
            alt=say("The guard's shift: a live camera, its PSNR curve, a threshold to move and a budget of {budget} false alarms.", budget=budget),
        )  # fmt: skip
