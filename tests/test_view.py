"""Figures and tables of notebooks: what they show, what they say, and what they refuse."""

import base64

import cv2
import IPython.display
import messages
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

import vadkit
from vadcourse import plots
from vadkit import text, view
from vadkit.scenes import Clip


@pytest.fixture
def clip():
    rng = np.random.default_rng(0)
    labels = np.zeros(20, bool)
    labels[8:13] = True
    boxes = np.full((20, 4), -1)
    boxes[8:13] = 2, 2, 6, 6
    boxes[11] = 2, 2, 10, 10
    kinds = ["boar" if label else "" for label in labels]
    return Clip("a clip", rng.integers(0, 256, (20, 24, 32), np.uint8), labels, kinds, boxes)


def figures(clip):
    scores, labels = np.arange(20.0), clip.labels
    return [
        view.still(vadkit.copy_last_frame, clip),
        view.window_strip(clip, 10),
        view.psnr_curve(scores, labels, threshold=5),
        view.gallery([clip, clip]),
        view.predictions({"copy": vadkit.copy_last_frame}, clip),
        view.feature_maps(vadkit.build_predictor("unet", width=4, normalise=True), clip),
        plots.images(clip.frames[:2], ["one", "two"], alt="Two images of noise, side by side."),
        plots.roc({"one": (scores, labels)}, threshold=3),
        plots.score_histogram(scores, labels, threshold=3),
        plots.label_strips({"truth": labels, "you": ~labels}),
    ]


def test_every_figure_has_a_white_face_and_shows_its_alt_text(clip, monkeypatch):
    shown = []

    def show(data, metadata, raw):
        shown.append((data, metadata))

    monkeypatch.setattr(IPython.display, "display", show)
    for figure in figures(clip):
        figure._ipython_display_()
        data, metadata = shown[-1]
        assert len(figure.alt) > 30 and data["text/plain"] == figure.alt
        assert 'alt="' in data["text/html"] and metadata["image/png"]["alt"] == figure.alt
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        picture = cv2.imdecode(np.frombuffer(view.to_image(figure), np.uint8), cv2.IMREAD_UNCHANGED)
        assert (picture[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()


def test_the_alt_text_of_the_strip_tells_the_numbers_of_the_picture(clip):
    _, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    alt = view.still(vadkit.copy_last_frame, clip, frame=9).alt
    assert f"PSNR there is {psnr[9]:.1f} dB" in alt and "abnormal frames: 8-12" in alt


def test_several_predictions_say_the_psnr_that_the_curve_says(clip):
    alt = view.predictions({"copy": vadkit.copy_last_frame}, clip, 9).alt
    _, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    assert f"copy {psnr[9]:.1f} dB" in alt and "Frame 9 " in alt


def test_feature_maps_are_those_that_the_network_computes(clip):
    predictor = vadkit.build_predictor("unet", width=4, depth=2, normalise=True)
    predictor.enter[0].weight.data[1:] = 0  # only the first map varies
    figure = view.feature_maps(predictor, clip, 11, columns=2)
    assert "4 maps of 24 x 32, 8 maps of 12 x 16, 16 maps of 6 x 8" in figure.alt
    window = vadkit.make_windows(clip.frames[7:12])[0]
    maps = predictor.feature_maps(window)[0][0].detach().numpy()
    assert np.array_equal(figure.axes[0].images[0].get_array(), maps[0])
    brighter = predictor.feature_maps(window * 0.5 + 0.2)[0][0].detach().numpy()
    np.testing.assert_allclose(brighter, maps, atol=0.01)


def test_long_captions_of_a_gallery_do_not_touch(clip):
    figure = view.gallery([clip] * 3, captions=["strange where all walk to the right"] * 3)
    figure.canvas.draw()
    first, second, third = (ax.title.get_window_extent() for ax in figure.axes)
    assert first.x1 < second.x0 and second.x1 < third.x0


def test_alt_text_is_quoted_and_required(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: shown.append(data))
    figure, _ = view.subplots()
    with pytest.raises(ValueError, match="alt text"):
        view.show(figure)
    view.show(figure, alt='1 < 2 & "so on"')
    assert "1 &lt; 2 &amp; &quot;so on&quot;" in shown[0]["text/html"]


def test_a_translation_reaches_the_alt_text(clip, monkeypatch):
    sentence = "PSNR along a clip, {runs}."
    assert sentence in messages.collect()
    monkeypatch.setitem(text.TRANSLATIONS, sentence, "PSNR 曲线，{runs}。")
    alt = view.psnr_curve(np.arange(20.0), clip.labels).alt
    assert alt.startswith("PSNR 曲线，abnormal frames: 8-12。")


def test_scores_belong_to_the_frame_they_predict(clip):
    predictions, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    assert np.isnan(psnr[:4]).all() and predictions.shape == (16, 24, 32)
    video = clip.frames / 255
    mse = [np.mean((video[t] - video[t - 1]) ** 2) for t in range(4, 20)]
    assert psnr[4:] == pytest.approx(-10 * np.log10(mse), abs=1e-4)


def test_bytes_and_floats_are_the_same_predictions(clip):
    as_bytes = view.predict_and_score(clip, predictions=clip.frames[3:-1])
    as_floats = view.predict_and_score(clip, predictions=clip.frames[3:-1] / np.float32(255))
    for a, b in zip(as_bytes, as_floats):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_alarms_are_the_frames_below_the_threshold(clip):
    values = np.r_[[np.nan] * 4, np.linspace(20, 35, 16)]
    ax = view.psnr_curve(values, clip.labels, threshold=25.5).axes[0]
    alarms = next(line for line in ax.lines if line.get_label() == "alarm")
    assert list(alarms.get_xdata()) == [t for t in range(4, 20) if values[t] < 25.5]


def test_roc_says_the_area_scikit_learn_says(clip):
    scores = np.random.default_rng(1).normal(size=20) + clip.labels
    alt = plots.roc({"x": (scores, clip.labels)}).alt
    assert f"{roc_auc_score(clip.labels, scores):.3f}" in alt
    halves = [scores[:10], scores[10:]], [clip.labels[:10], clip.labels[10:]]
    assert plots.roc({"x": halves}).alt == alt


@given(st.lists(st.booleans(), max_size=40))
def test_intervals_tell_the_labels(labels):
    rebuilt = np.zeros(len(labels), bool)
    for first, last in view.intervals(labels):
        assert first <= last and not rebuilt[max(first - 1, 0) : last + 2].any()  # runs never touch
        rebuilt[first : last + 1] = True
    assert rebuilt.tolist() == labels


def test_the_representative_frame(clip):
    assert view.representative_frame(clip) == 11, "the largest box"
    without_boxes = Clip("x", clip.frames, clip.labels)
    assert view.representative_frame(without_boxes) == 10, "the middle of what is abnormal"
    short = Clip("x", clip.frames[:5])
    assert view.representative_frame(short) == 4, "never a frame without a prediction"
    assert view.representative_frame(clip, 7) == 7, "the reader's choice"


def test_a_table_escapes_and_rounds():
    rows = [{"predictor": "<b>", "AUC <raw>": 0.91234, "n": 3}, {"predictor": "x", "n": None}]
    html = view.table(rows, caption="AUC & more").to_html()
    assert "&lt;b&gt;" in html and "AUC &lt;raw&gt;" in html and "<b>" not in html
    assert "0.912<" in html and ">3<" in html, "an integer stays one beside None"
    assert "<caption>AUC &amp; more</caption>" in html and 'scope="col"' in html


def test_a_table_of_a_frame_is_the_table_of_its_rows():
    frame = pd.DataFrame({"kind": ["boar", "boar", "car"], "AUC": [0.25, 0.75, 0.125]})
    html = view.table(frame, "AUC").to_html()
    assert html == view.table(frame.to_dict("records"), "AUC").to_html()
    assert "<th " not in html.split("<tbody>")[1], "no column for an index without a name"
    means = view.table(frame.groupby("kind").mean(), "AUC").to_html()
    assert ">kind<" in means and ">boar<" in means and "0.500<" in means


def test_a_table_is_the_same_bytes_each_time_and_readable_as_plain_text():
    first, second = (view.table([{"a": 0.5, "b": "x"}], "A caption") for _ in range(2))
    assert first.to_html() == second.to_html() and repr(first) == repr(second)
    assert repr(first).split() == ["a", "b", "0.500", "x"]
    other = view.table([{"a": 0.5, "b": "x"}], "Another")
    assert first.uuid != other.uuid, "two tables on a page have ids of their own"


def test_a_table_without_rows_says_why_where_there_is_something_to_say():
    html = view.table([], empty="Nobody noted < the kinds.").data
    assert html == "<p>Nobody noted &lt; the kinds.</p>"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda c: view.as_clip(c.frames[:4]), "at least 5"),
        (lambda c: view.as_clip(c.frames[:0]), "0 frames"),
        (lambda c: view.as_clip(c.frames / 255), "uint8"),
        (lambda c: view.as_clip(Clip("x", c.frames, c.labels[:-1])), "one label per frame"),
        (lambda c: view.as_clip(Clip("x", c.frames, c.labels * 2)), "other than 0 and 1"),
        (lambda c: view.predict_and_score(c, predictions=c.frames), "is needed"),
        (lambda c: view.predict_and_score(c, predictions=np.full((16, 24, 32), np.nan)), "NaN"),
        (lambda c: view.predict_and_score(c), "one of the two"),
        (lambda c: view.predict_and_score(c, vadkit.copy_last_frame, score="best"), "frame, patch"),
        (lambda c: view.still(vadkit.copy_last_frame, c, frame=3), "from 4 to 19"),
        (lambda c: view.window_strip(c, 20), "from 4 to 19"),
        (lambda c: view.psnr_curve({"a": [1, 2], "b": [1]}), "same length"),
        (lambda c: view.psnr_curve([1, 2], [0]), "one label per frame"),
        (lambda c: view.gallery([]), "at least one"),
        (lambda c: view.gallery([c], captions=["a", "b"]), "as many captions"),
        (lambda c: plots.roc({"a": ([1.0, 2.0], [0, 0])}), "one class"),
        (lambda c: plots.score_histogram([1.0], [0, 1]), "one label per score"),
        (lambda c: plots.label_strips({"a": [0, 1], "b": [0]}), "one length"),
        (lambda c: view.table([]), "at least one row"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, words, clip):
    with pytest.raises(ValueError, match=words):
        call(clip)


def test_answers_are_folded_away_in_every_rendering(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append(data))
    figure, _ = view.subplots(alt="the answer is 42")
    view.fold(figure)
    view.fold("A: <b>boar</b>", "Who was it?")
    view.fold(view.table([{"who": "a boar"}, {"who": "<b>"}]), "Everybody")
    for data in shown:
        assert "42" not in data["text/plain"] and "boar" not in data["text/plain"]
        assert "image/png" not in data, "a viewer that knows no HTML would show it"
        before, inside = data["text/html"].split("</summary>")
        assert before.startswith("<details><summary>") and inside.endswith("</details>")
    assert 'alt="the answer is 42"' in shown[0]["text/html"]
    assert "&lt;b&gt;boar" in shown[1]["text/html"] and "Who was it?" in shown[1]["text/html"]
    assert shown[2]["text/html"].count("<td") == 2 and "&lt;b&gt;" in shown[2]["text/html"]
