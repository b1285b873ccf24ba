import cv2
import IPython.display
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

import vadkit
from vadkit import view
from vadkit.scenes import Clip
from vadkit.text import WORDS, keys


@pytest.fixture
def clip():
    rng = np.random.default_rng(0)
    labels = np.zeros(20, bool)
    labels[8:13] = True
    boxes = np.full((20, 4), -1)
    boxes[8:13] = 2, 2, 6, 6
    boxes[11] = 2, 2, 10, 10
    return Clip(
        "a clip", rng.integers(0, 256, (20, 24, 32), np.uint8), labels, ["boar" if l else "" for l in labels], boxes
    )


def figures(clip):
    scores, labels = np.arange(20.0), clip.labels
    return [
        view.still(vadkit.copy_last_frame, clip),
        view.window_strip(clip, 10),
        view.psnr_curve(scores, labels, threshold=5),
        view.gallery([clip, clip]),
        view.roc({"one": (scores, labels)}, threshold=3),
        view.score_histogram(scores, labels, threshold=3),
        view.label_strips({"truth": labels, "you": ~labels}),
    ]


def test_every_figure_has_a_white_face_and_shows_its_alt_text(clip, monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: shown.append(bundle))
    for figure in figures(clip):
        figure._ipython_display_()
        assert len(figure.alt) > 30 and shown[-1]["text/plain"] == figure.alt and 'alt="' in shown[-1]["text/html"]
        picture = cv2.imdecode(np.frombuffer(view.to_png(figure), np.uint8), cv2.IMREAD_UNCHANGED)
        assert (picture[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()


def test_the_alt_text_of_the_strip_tells_the_numbers_of_the_picture(clip):
    _, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    alt = view.still(vadkit.copy_last_frame, clip, frame=9).alt
    assert f"PSNR there is {psnr[9]:.1f} dB" in alt and "abnormal frames: 8-12" in alt


def test_alt_text_is_quoted_and_required(monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: shown.append(bundle["text/html"]))
    figure, _ = view.subplots()
    with pytest.raises(ValueError, match="alt text"):
        view.show(figure)
    view.show(figure, alt='1 < 2 & "so on"')
    assert "1 &lt; 2 &amp; &quot;so on&quot;" in shown[0]


def test_a_translation_reaches_the_alt_text(clip, monkeypatch):
    text = "PSNR along a clip, {runs}."
    assert text in keys()
    monkeypatch.setitem(WORDS, text, "PSNR 曲线，{runs}。")
    assert view.psnr_curve(np.arange(20.0), clip.labels).alt.startswith("PSNR 曲线，abnormal frames: 8-12。")


def test_scores_belong_to_the_frame_they_predict(clip):
    predictions, psnr = view.predict_and_score(clip, vadkit.copy_last_frame)
    assert np.isnan(psnr[:4]).all() and predictions.shape == (16, 24, 32)
    video = clip.frames / 255
    assert psnr[4:] == pytest.approx(
        [-10 * np.log10(np.mean((video[t] - video[t - 1]) ** 2)) for t in range(4, 20)], abs=1e-4
    )


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
    assert f"{roc_auc_score(clip.labels, scores):.3f}" in view.roc({"x": (scores, clip.labels)}).alt
    per_clip = view.roc({"x": ([scores[:10], scores[10:]], [clip.labels[:10], clip.labels[10:]])})
    assert per_clip.alt == view.roc({"x": (scores, clip.labels)}).alt


@given(st.lists(st.booleans(), max_size=40))
def test_intervals_tell_the_labels(labels):
    rebuilt = np.zeros(len(labels), bool)
    for first, last in view.intervals(labels):
        assert first <= last and not rebuilt[max(first - 1, 0) : last + 2].any()  # runs never touch
        rebuilt[first : last + 1] = True
    assert rebuilt.tolist() == labels


def test_the_telling_frame(clip):
    assert view.representative_frame(clip) == 11  # the largest box
    assert view.representative_frame(Clip("x", clip.frames, clip.labels)) == 10  # the middle of what is abnormal
    assert view.representative_frame(Clip("x", clip.frames[:5])) == 4  # never a frame without a prediction


def test_table_escapes_and_rounds():
    html = view.table([{"predictor": "<b>", "AUC": 0.91234}], caption="AUC & more").data
    assert (
        "&lt;b&gt;" in html
        and "0.912<" in html
        and "<caption>AUC &amp; more</caption>" in html
        and 'scope="col"' in html
    )


def test_a_table_without_rows_says_why_if_it_was_told():
    assert view.table([], empty="Nobody noted < the kinds.").data == "<p>Nobody noted &lt; the kinds.</p>"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda c: view.as_clip(c.frames[:4]), "at least 5"),
        (lambda c: view.as_clip(c.frames[:0]), "0 frames"),
        (lambda c: view.as_clip(c.frames / 255), "uint8"),
        (lambda c: view.as_clip(Clip("x", c.frames, c.labels[:-1])), "one label per frame"),
        (lambda c: view.check_labels([0, 2], 2), "other than 0 and 1"),
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
        (lambda c: view.roc({"a": ([1.0, 2.0], [0, 0])}), "one class"),
        (lambda c: view.score_histogram([1.0], [0, 1]), "one label per score"),
        (lambda c: view.label_strips({"a": [0, 1], "b": [0]}), "one length"),
        (lambda c: view.table([]), "at least one row"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, words, clip):
    with pytest.raises(ValueError, match=words):
        call(clip)
