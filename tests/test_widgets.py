"""The widgets without a browser: what they send, say, refuse, and write as static pages."""

import base64
import json
import re
import subprocess
import sys
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, jaccard_score

import vadkit
from vadcourse.meta_widgets import EpisodeGrid, Interview
from vadcourse.widgets import GuardShift
from vadkit import metrics, predictors, view, widgets
from vadkit.scenes import Clip
from vadkit.text import TRANSLATIONS
from vadkit.widgets import base
from vadkit.widgets.base import PALETTE, json_list


@pytest.fixture
def clip():
    labels = np.zeros(30, bool)
    labels[10:20] = True
    frames = np.random.default_rng(0).integers(0, 256, (30, 16, 24), np.uint8)
    return Clip("a clip", frames, labels, ["boar" if l else "" for l in labels])


def test_importing_vadkit_stays_light():
    heavy = "{'matplotlib', 'anywidget', 'ipywidgets', 'sklearn', 'IPython'}"
    code = f"import sys, vadkit; print(sorted({heavy} & set(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stdout.strip() == "[]"


def test_the_scrubber_sends_what_the_predictor_predicts(clip):
    scrubber = vadkit.scrub(vadkit.copy_last_frame, clip)
    assert scrubber.frames == clip.frames.tobytes() and scrubber.shape == [30, 16, 24]
    assert scrubber.predictions == clip.frames[3:-1].tobytes()
    assert scrubber.psnr[:4] == [None] * 4
    _, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    assert scrubber.psnr[4:] == pytest.approx(psnr[4:], abs=1e-4)
    assert scrubber.labels == clip.labels.astype(int).tolist() and scrubber.kinds[12] == "boar"
    ready = widgets.Scrubber(clip, predictions=vadkit.predict_clip(vadkit.copy_last_frame, clip))
    assert (ready.predictions, ready.psnr) == (scrubber.predictions, scrubber.psnr)


def false_alarms(scrubber, clip):
    psnr = np.array(scrubber.psnr, float)
    return int(((psnr < scrubber.threshold) & ~clip.labels).sum())


@pytest.mark.parametrize("predictor", [vadkit.copy_last_frame, predictors.constant_velocity])
def test_the_threshold_begins_at_two_false_alarms(predictor):
    clip = vadkit.the_boar()
    assert false_alarms(vadkit.scrub(predictor, clip), clip) == 2
    assert vadkit.scrub(predictor, clip, threshold=20).threshold == 20


def test_where_two_false_alarms_mean_nothing_the_threshold_is_in_the_middle(clip):
    unlabelled = vadkit.scrub(vadkit.copy_last_frame, clip.frames)
    clip.labels = np.arange(30) != 5
    hardly_normal = vadkit.scrub(vadkit.copy_last_frame, clip)
    ends = np.nanmin(psnr := np.array(unlabelled.psnr, float)), np.nanmax(psnr)
    assert unlabelled.threshold == hardly_normal.threshold == pytest.approx(np.mean(ends), abs=1e-3)


def test_who_guesses_begins_at_the_first_prediction(clip):
    scrubber = vadkit.scrub(vadkit.copy_last_frame, clip, guess=True)
    assert (scrubber.frame, scrubber.guessed) == (4, -1)
    assert "x5, frame 4, is to be predicted" in scrubber.still().alt, "and nothing is given away"
    scrubber.frame = scrubber.guessed = 7
    assert "Frame 7 of" in scrubber.still().alt
    assert vadkit.scrub(vadkit.copy_last_frame, clip, guess=True, frame=9).frame == 9


def test_pixels_travel_once(clip):
    state = vadkit.scrub(vadkit.copy_last_frame, clip).get_state()
    pixels = sum(len(value) for value in state.values() if isinstance(value, bytes))
    assert pixels == (30 + 26) * 16 * 24 + 768  # frames, predictions, the palette
    rest = {name: value for name, value in state.items() if not isinstance(value, bytes)}
    del rest["_esm"], rest["_css"]
    assert len(json.dumps(rest, default=str)) < 10_000


def test_unlabelled_frames_can_be_scrubbed(clip):
    scrubber = vadkit.scrub(vadkit.copy_last_frame, clip.frames)
    assert scrubber.labels == [] and set(scrubber.kinds) == {""}


def test_the_palette_is_perceptually_uniform():
    from skimage.color import rgb2lab

    lightness = rgb2lab(np.frombuffer(PALETTE, np.uint8).reshape(1, 256, 3))[0, :, 0]
    assert (np.diff(lightness[::16]) > 2).all()  # ever lighter, no plateau


def all_widgets(clip):
    scores = np.where(clip.labels, 1.0, 0.0) + np.linspace(0, 1.5, 30)
    return [
        vadkit.scrub(vadkit.copy_last_frame, clip),
        widgets.Gallery([clip, clip]),
        widgets.LabelPlayer(clip),
        widgets.OperatingPoint(scores, clip.labels),
        GuardShift(vadkit.copy_last_frame, [clip]),
    ]


@pytest.mark.parametrize("widget", [widgets.Scrubber, GuardShift, EpisodeGrid, Interview])
def test_a_disabled_button_looks_disabled_in_every_widget(widget):
    assert re.search(r"button:disabled \{[^}]*opacity: 0\.\d+", widget._css)


def test_static_pages_hold_everything_and_are_repeatable(clip, tmp_path):
    for widget, twin in zip(all_widgets(clip), all_widgets(clip)):
        page = widget.save_html(tmp_path / "page.html").read_text(encoding="utf-8")
        assert not re.findall(r'(?:src|href)=(?!"data:)|@import|fetch\(', page), "it loads nothing"
        assert set(re.findall(r"https?://[^\s\"']+", page)) <= {"http://www.w3.org/2000/svg"}
        assert page.count("</script>") == 1 and widget.alt.split(":")[0] in page
        assert widget.to_html() == twin.to_html()


def test_the_static_scrubber_holds_the_pixels(clip):
    page = vadkit.scrub(vadkit.copy_last_frame, clip).to_html()
    packed = json.loads(re.search(r"const packed = (\{.*?\}), state", page).group(1))
    assert unpacked(packed["frames"]["sheet"]).tobytes() == clip.frames.tobytes()


def unpacked(source):
    """The red channel of a picture inside a page."""
    file = np.frombuffer(base64.b64decode(source.partition(",")[2]), np.uint8)
    return cv2.imdecode(file, cv2.IMREAD_COLOR)[:, :, 2]


def test_many_frames_fit_into_the_sides_that_the_format_allows():
    images = np.random.default_rng(0).integers(0, 256, (700, 40, 24), np.uint8)
    packed = base._pack(images.tobytes(), (40, 24), base.EXACT)
    sheet = unpacked(packed["sheet"])
    assert max(sheet.shape) <= base.WEBP_SIDE
    columns = np.split(sheet, sheet.shape[1] // 24, axis=1)
    assert np.concatenate(columns).tobytes()[: packed["length"]] == images.tobytes()


def test_a_small_player_loses_grain_and_keeps_who_walks_by():
    scene = vadkit.toy_scene(0, n_train=1, n_test=1)
    frames = scene.test_clips[0].frames
    exact, small = (base._pack(frames.tobytes(), (64, 64), q) for q in (base.EXACT, base.LOSSY))
    assert 8 * len(small["sheet"]) < len(exact["sheet"])
    change = unpacked(small["sheet"]).reshape(frames.shape).astype(int) - 128
    shown = (change + unpacked(small["background"])).clip(0, 255)
    error = np.abs(shown - frames)
    assert error.mean() < 4 and np.quantile(error, 0.99) < 16


def test_every_output_has_a_live_widget_a_page_and_a_picture(clip):
    for widget in all_widgets(clip):
        data, metadata = widget._repr_mimebundle_()
        assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
        assert "renderStill(" in data["text/html"] or "<img" in data["text/html"]
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        assert metadata["image/png"]["alt"] == data["text/plain"] == widget.alt


@pytest.mark.parametrize("guess", [False, True])
def test_a_notebook_can_carry_the_scrubber_of_the_boar(guess):
    player = vadkit.scrub(vadkit.copy_last_frame, vadkit.the_boar(), guess=guess)
    page = player._repr_mimebundle_()[0]["text/html"]
    assert "renderStill(" in page and len(page) < base.PLAYER_LIMIT


def test_no_widget_greets_with_the_name_of_a_file(clip):
    clip.name, bare = "test02", Clip("test02", clip.frames)
    captions = [entry["caption"] for entry in widgets.Gallery([clip, bare]).clips]
    assert captions == ["boar", "clip 2"]
    assert "test02" not in widgets.LabelPlayer(clip).caption
    for widget in all_widgets(clip):
        assert "test02" not in " ".join(widget.alt.split()[:8])


def test_what_is_too_large_for_a_notebook_becomes_a_picture(clip, monkeypatch):
    player = vadkit.scrub(vadkit.copy_last_frame, clip)
    assert "renderStill(" in player._repr_mimebundle_()[0]["text/html"]
    monkeypatch.setattr(base, "PLAYER_LIMIT", 20_000)
    assert player._repr_mimebundle_()[0]["text/html"].startswith("<img")


def test_a_name_cannot_break_out_of_the_page(clip):
    clip.name = "</script><b>"
    assert "</script><b>" not in widgets.LabelPlayer(clip).to_html()


def test_widgets_describe_themselves(clip):
    for widget in all_widgets(clip):
        assert repr(widget) == widget.alt and len(widget.alt) < 300


def test_words_reach_the_browser(clip, monkeypatch):
    monkeypatch.setitem(TRANSLATIONS, "Play", "播放")
    assert widgets.LabelPlayer(clip).words["Play"] == "播放"


pairs = st.integers(1, 30).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 1), min_size=n, max_size=n)] * 2)
)


@given(pairs)
def test_agreement_is_what_scikit_learn_says(pair):
    mine, theirs = pair
    agreement = metrics.agreement(mine, theirs)
    assert agreement["accuracy"] == pytest.approx(accuracy_score(mine, theirs))
    if any(mine) or any(theirs):
        assert agreement["f1"] == pytest.approx(f1_score(mine, theirs))
        assert agreement["iou"] == pytest.approx(jaccard_score(mine, theirs))
    else:
        assert np.isnan(agreement["f1"]) and np.isnan(agreement["iou"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kappa = cohen_kappa_score(mine, theirs)
    assert agreement["kappa"] == pytest.approx(kappa, nan_ok=True)


def test_the_label_player_keeps_the_truth_until_asked(clip):
    player = widgets.LabelPlayer(clip)
    assert player.truth == [] and not player.labels.any()
    player.labels = np.arange(30) < 10
    player.asked += 1
    assert player.truth == clip.labels.astype(int).tolist()
    assert "You marked 10 frames, truth 10." in player.report
    assert "Accuracy 0.33, IoU 0.00" in player.report
    assert player.agreement(player.labels)["kappa"] == 1


def test_the_label_player_without_a_truth(clip):
    player = widgets.LabelPlayer(clip.frames)
    player.asked += 1
    assert "nothing to compare" in player.report
    with pytest.raises(ValueError, match="labels to compare with"):
        player.agreement()
    classmate = widgets.LabelPlayer(clip.frames, truth=clip.labels, truth_name="classmate")
    classmate.asked += 1
    assert "classmate 10" in classmate.report


def test_the_guard_sees_only_frames_that_have_a_score(clip):
    shift = GuardShift(vadkit.copy_last_frame, [clip, clip])
    first, second = shift.clips
    assert second["offset"] == clip.frames.size
    assert len(first["psnr"]) == len(first["labels"]) == len(first["kinds"]) == 26
    assert None not in first["psnr"]
    assert first["kinds"][6] == "boar" and first["labels"].index(1) == 6


def test_scores_and_labels_become_what_json_can_hold():
    assert json_list(None) == []
    assert json_list(np.array([True, False])) == json_list([1, 0]) == [1, 0]
    assert json_list(np.array([np.nan, 20.123456])) == [None, 20.1235]


def scrub(clip, **options):
    return vadkit.scrub(vadkit.copy_last_frame, clip, **options)


def guard(clips, **options):
    return GuardShift(vadkit.copy_last_frame, clips, **options)


BAD_INPUT = [
    (lambda c: scrub(c.frames[:0]), "0 frames"),
    (lambda c: scrub(c.frames[:4]), "at least 5"),
    (lambda c: widgets.Scrubber(c), "one of the two"),
    (lambda c: widgets.Scrubber(c, predictions=c.frames), r"\(26, 16, 24\) is needed"),
    (lambda c: scrub(Clip("c", c.frames, c.labels[1:])), "one label per frame"),
    (lambda c: scrub(c, frame=30), "from 4 to 29"),
    (lambda c: vadkit.scrub(lambda x: x[:, -1:] * float("nan"), c), "diverge"),
    (lambda c: widgets.Gallery([]), "At least one clip"),
    (lambda c: widgets.Gallery([c], captions=["a", "b"]), "as many captions"),
    (lambda c: widgets.LabelPlayer(c, truth=[0, 1]), "one label per frame"),
    (lambda c: setattr(widgets.LabelPlayer(c), "labels", [1] * 29), "one label per frame"),
    (lambda c: metrics.agreement([0, 1], [0]), "one label per frame"),
    (lambda c: widgets.OperatingPoint([0.1, 0.2], [0, 0]), "one class"),
    (lambda c: widgets.OperatingPoint([0.1], [0, 1]), "one label per score"),
    (lambda c: guard([]), "At least one clip"),
    (lambda c: guard([c.frames]), "some clips have none"),
    (lambda c: guard([c], n_clips=0), "at least one clip"),
    (lambda c: guard([c, Clip("d", c.frames[:, 1:], c.labels)]), "same size"),
]


@pytest.mark.parametrize("call, words", BAD_INPUT)
def test_bad_input_gets_one_clear_sentence(call, words, clip):
    with pytest.raises(ValueError, match=words):
        call(clip)
