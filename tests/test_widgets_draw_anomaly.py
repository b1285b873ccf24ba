"""Draw your own anomaly: what is composed, predicted and scored; and the rules of the game."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

import vadkit
from vadcourse.widgets import DrawAnomaly, draw_anomaly
from vadcourse.widgets.draw_anomaly import visibility
from vadcourse.widgets.drawn_figure import FIGURES, compose, nothing, place_at, ready_figure
from vadkit import view
from vadkit.scenes import Clip
from vadkit.text import TRANSLATIONS

T, H, W = 60, 32, 48


@pytest.fixture
def clip():
    frames = np.full((T, H, W), 100, np.uint8)
    frames += np.random.default_rng(0).integers(0, 5, frames.shape, np.uint8)
    return Clip("a clip", frames, np.zeros(T, bool))


def dot(**changes):
    """A figure of 2 x 1 pixels, 10 and 200, to the right from frame 10 at one pixel per frame."""
    where = {"x": 5, "y": 20, "at": 10, "first": 10, "last": 40}
    return {**nothing((T, H, W)), "width": 2, "height": 1, "pixels": [10, 200], **where, **changes}


def draw(clip, drawing=None, **options):
    widget = DrawAnomaly(vadkit.copy_last_frame, clip, **{"figure": "", **options})
    if drawing:
        widget.drawing = drawing
    return widget


def where_it_is(frames, drawing):
    """{frame: [(row, column), ...]} of what the figure covers, on frames that are black."""
    composed, _ = compose(np.zeros_like(frames), drawing)
    return {t: np.argwhere(image).tolist() for t, image in enumerate(composed) if image.any()}


def test_the_figure_moves_at_its_speed_while_it_is_there(clip):
    places = where_it_is(clip.frames, dot())
    assert set(places) == set(range(10, 41))
    assert places[10] == [[20, 5], [20, 6]] and places[25] == [[20, 20], [20, 21]]
    still = where_it_is(clip.frames, dot(speed=0))
    assert still[40] == still[10]


def test_between_pixels_it_covers_a_share_of_each():
    black, white = np.zeros((30, H, W), np.uint8), np.full((30, H, W), 240, np.uint8)
    pixel = dot(width=1, pixels=[100], speed=0.25)
    composed, sizes = compose(black, pixel)
    assert composed[10:15, 20, 5:7].tolist() == [[100, 0], [75, 25], [50, 50], [25, 75], [0, 100]]
    assert set(sizes[10:]) == {1}
    assert compose(white, pixel)[0][11, 20, 5:7].tolist() == [135, 205]  # 75 + 60, 25 + 180
    corner, _ = compose(black, dot(width=1, pixels=[100], heading=45, speed=0.7072))
    assert corner[11, 20:22, 5:7].tolist() == [[25, 25], [25, 25]]


@pytest.mark.parametrize(
    "heading, row, column",
    [
        (0, 0, 10),
        (90, 10, 0),
        (180, 0, -10),
        (270, -10, 0),
        (45, 7.125, 7.125),
        (225, -7.125, -7.125),
    ],
)
def test_the_figure_goes_where_it_is_headed(heading, row, column):
    drawing = dot(heading=heading, x=20)
    assert place_at(drawing, 20) == (20 + column, 20 + row)
    assert place_at(drawing, 0) == (20 - column, 20 - row)


def test_brightness_is_added_and_clipped(clip):
    at = clip.frames[10, 20, 5:7]
    brighter, _ = compose(clip.frames, dot(bright=100))
    darker, _ = compose(clip.frames, dot(bright=-150))
    assert brighter[10, 20, 5:7].tolist() == [110, 255]
    assert darker[10, 20, 5:7].tolist() == [0, 50]
    holes, sizes = compose(clip.frames, dot(pixels=[0, 200], bright=100))
    assert holes[10, 20, 5] == at[0] and sizes[10] == 1  # no pixel stays no pixel


def test_the_border_cuts_the_figure_and_nothing_else_changes(clip):
    composed, sizes = compose(clip.frames, dot(x=46))
    assert sizes[10] == 2 and sizes[11] == 1 and not sizes[12:].any()
    assert composed[11, 20, 47] == 10
    composed[10, 20, 46:] = clip.frames[10, 20, 46:]
    composed[11, 20, 47] = clip.frames[11, 20, 47]
    assert (composed == clip.frames).all()
    for away in ({"x": -9}, {"y": -9}, {"y": H}):  # nothing comes back at the other side
        _, sizes = compose(clip.frames, dot(speed=0, **away))
        assert not sizes.any()


def test_labels_follow_the_figure(clip):
    widget = draw(clip, dot(x=46))
    assert np.flatnonzero(widget.labels).tolist() == [10, 11]
    assert widget.clip.labels.tolist() == [bool(label) for label in widget.labels]
    assert widget.clip.kinds[10] == "drawn" and widget.clip.kinds[12] == ""
    assert not np.any(draw(clip).labels)


class Blurs(torch.nn.Module):
    """A predictor for whom every frame of the window matters."""

    def forward(self, x):
        return torch.nn.functional.avg_pool2d(x.mean(1, keepdim=True), 3, 1, 1)


def test_predictions_and_psnr_are_those_of_the_composed_clip(clip):
    widget = DrawAnomaly(Blurs(), clip)
    for changes in ({}, {"speed": 2.3, "heading": 200}, {"last": 30}, {"first": 0}, {"pixels": []}):
        size = {"width": 0, "height": 0} if "pixels" in changes else {}
        widget.drawing = {**widget.drawing, **changes, **size}
        composed, _ = compose(clip.frames, widget.drawing)
        assert (widget.clip.frames == composed).all()
        images, psnr = view.predict_and_score(composed, Blurs())
        assert widget.psnr[4:] == pytest.approx(psnr[4:], abs=1e-3)
        shown = np.frombuffer(widget.predictions, np.uint8).reshape(images.shape)
        assert np.abs(shown - 255 * images).max() < 0.6
    assert widget.psnr == widget.untouched  # nothing is left of it


def test_only_what_changed_is_predicted_again(clip):
    seen = []

    def counts(x):
        seen.append(len(x))
        return vadkit.copy_last_frame(x)

    widget = DrawAnomaly(counts, clip, figure="")
    widget.drawing = dot()
    seen.clear()
    widget.drawing = dot(last=39)
    assert sum(seen) == 5  # frame 40, and the four windows that look at it
    widget.frame = 30
    seen.clear()
    widget.drawing = dot(y=21)
    assert seen[0] == 1 and sum(seen) == 1 + 35  # what one looks at comes first


def test_two_frames_of_the_untouched_clip_ring(clip):
    clip.frames[20::9, :8] += np.arange(5, dtype=np.uint8)[:, None, None] * 9
    widget = draw(clip)
    assert (np.array(widget.untouched[4:]) < widget.threshold - 1e-4).sum() == 2
    assert draw(clip, threshold=33.5).threshold == 33.5


def test_the_score_says_how_much_it_is_caught(clip):
    widget = draw(clip, dot(speed=2, pixels=[255, 255]))
    there = np.array(widget.labels, bool)
    psnr, untouched = np.array(widget.psnr, float), np.array(widget.untouched, float)
    assert widget.score["frames"] == there.sum() == 22
    assert widget.score["ring"] == (psnr[there] < widget.threshold).sum() > 10
    assert widget.score["falls"] == pytest.approx((untouched - psnr)[there].mean(), abs=0.01)
    widget.threshold = 0.0
    assert widget.score["ring"] == 0


def test_frames_without_a_score_are_not_counted(clip):
    early = draw(clip, dot(at=0, first=0, last=3)).score
    assert early["frames"] == 0 and "first four frames only" in early["problem"]
    assert draw(clip, dot(at=0, first=0, last=6)).score["frames"] == 3


def test_visibility_is_contrast_times_size_without_what_is_too_faint():
    before = np.full((3, 10, 10), 100, np.uint8)
    after = before.copy()
    after[1, :2, :5] += 50
    after[2] += draw_anomaly.FAINT - 1
    wanted = 50 * 0.1 / 255 / draw_anomaly.LEAST
    assert visibility(before, after) == pytest.approx([0, wanted, 0])


def block(side=6, **changes):
    box = {"x": 2, "y": 10, "width": side, "height": side, "pixels": [200] * side**2}
    return dot(**{**box, "last": 50, **changes})


BROKEN = [
    (dot(width=0, height=0, pixels=[]), "Nothing is painted yet"),
    (block(x=-9, heading=180), "into the picture"),
    (block(side=20), "an eighth of the picture"),
    (dot(), "0 frames, 20 are needed: make it larger"),
    (block(bright=-92), "0 frames, 20 are needed"),
    (block(last=25), "16 frames, 20 are needed"),
    (block(speed=0.2), "It travels 8 pixels, 12 are needed"),
]


@pytest.mark.parametrize("drawing, words", BROKEN)
def test_a_broken_rule_is_named_and_nothing_is_handed_in(drawing, words, clip):
    widget = draw(clip, drawing, game=True)
    assert words in widget.score["problem"]
    widget.attempt = {"name": "Ada", "at": 1}
    assert widget.best == [] and widget.report == widget.score["problem"]


def test_the_board_keeps_the_quietest_first(clip):
    widget = draw(clip, game=True)
    for number, speed in enumerate((2, 1, 0.5, 1.5, 1.2, 0.8, 2)):
        widget.drawing = block(speed=speed, last=35)
        widget.attempt = {"name": f" {speed} ", "at": number}
    assert len(widget.best) == 5 and widget.best[0]["name"] in ("0.5", "0.8", "1")
    ranks = [(one["share"], one["falls"]) for one in widget.best]
    assert ranks == sorted(ranks) and "2" not in [one["name"] for one in widget.best]
    assert "5 others" in widget.report  # of the last and loudest


def test_frames_in_which_nobody_sees_it_do_not_count(clip):
    shown = draw(clip, block(), game=True).score
    assert shown["frames"] == 41 and shown["problem"] == ""
    clip.frames[:, :, 30:] = 200  # from there on, it is as bright as what is behind it
    hidden = draw(clip, block(), game=True).score
    assert hidden["frames"] < 30


def test_ready_figures_grow_with_the_picture():
    for name in FIGURES:
        small, large = (ready_figure(name, (50, side, side)) for side in (64, 128))
        assert large["width"] == 2 * small["width"] and large["speed"] == 2
        assert len(large["pixels"]) == large["width"] * large["height"]
        assert {len(row) for row in FIGURES[name].split()} == {small["width"]}


BAD_INPUT = [
    (lambda c: draw(c.frames[:4]), "at least 5"),
    (lambda c: draw(c.frames[:20], game=True), "20 frames: a game needs at least 24"),
    (lambda c: draw(Clip("c", c.frames, np.arange(T) > 50)), "holds an anomaly already"),
    (lambda c: draw(c, figure="unicorn"), "no ready figure 'unicorn': choose from ball"),
    (lambda c: draw(c, {"x": 3}), "A drawing also needs at, bright"),
    (lambda c: draw(c, dot(pixels=[1])), "2 x 1 has 1 pixels"),
    (lambda c: draw(c, dot(last=T)), "stay in 0 to 59"),
    (lambda c: draw(c, dot(first=50, last=40)), "from frame 50 to 40"),
]


@pytest.mark.parametrize("call, words", BAD_INPUT)
def test_bad_input_gets_one_clear_sentence(call, words, clip):
    with pytest.raises(ValueError, match=words):
        call(clip)


def test_a_drawing_that_is_none_changes_nothing(clip):
    widget = draw(clip, dot())
    with pytest.raises(ValueError):
        widget.drawing = {"x": 3}
    assert widget.drawing == dot()


def test_it_has_a_picture_a_page_and_words(clip, monkeypatch):
    monkeypatch.setitem(
        TRANSLATIONS,
        "Nothing is painted yet: paint onto the picture, or choose a figure.",
        "Noch nichts gemalt.",
    )
    widget = DrawAnomaly(vadkit.copy_last_frame, clip)
    assert "abnormal frames: 15-" in widget.still().alt
    page = widget.to_html()
    assert "function placeAt" in page and page.count("</script>") == 1 and widget.alt in page
    assert draw(clip).score["problem"] == "Noch nichts gemalt."


@pytest.mark.skipif(shutil.which("node") is None, reason="compares with JavaScript, run by node")
def test_the_browser_composes_the_same_frames(clip, tmp_path):
    folder = Path(draw_anomaly.__file__).parent
    code = (folder / "drawn_figure.js").read_text(encoding="utf-8")
    drawings = [
        ready_figure("boar", (T, H, W)) | {"heading": heading, "speed": speed, "bright": bright}
        for heading in range(0, 360, 15)
        for speed, bright in ((0.1, 0), (0.7, 90), (1.5, -90))
    ]
    frames, shape = clip.frames.reshape(-1).tolist(), [T, H, W]
    call = f"""
      const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
      const frames = Uint8Array.from({frames}), drawings = {json.dumps(drawings)};
      const all = drawings.map((d) => Array.from({{length: {T}}}, (_, t) =>
        [...pasted(frames, d, t, {shape})]));
      console.log(JSON.stringify(all));"""
    script = tmp_path / "both.js"
    script.write_text(code + call, encoding="utf-8")
    output = subprocess.run(["node", script], capture_output=True, text=True, check=True).stdout
    for drawing, composed in zip(drawings, json.loads(output), strict=True):
        ours, _ = compose(clip.frames, drawing)
        assert (ours.reshape(T, -1) == composed).all()


def test_every_text_of_the_browser_can_be_translated():
    import messages

    known = {message.id for message in messages.collect()}
    assert "Run the cell to draw: here the last result plays." in known
    assert {"Brush", "Hand in", "too faint", "Cleared."} <= known
    sources = [
        (Path(draw_anomaly.__file__).parent / name).read_text(encoding="utf-8")
        for name in ("draw_anomaly.js", "drawn_figure.js")
    ]
    assert not re.search(r"say\((?![\"a-z])", "".join(sources))
