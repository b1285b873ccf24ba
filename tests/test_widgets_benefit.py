"""When does meta-learning help: the table of the study, and the widget that explores it."""

import pandas as pd
import pytest
import torch

import vadkit
from vadcourse.widgets import Benefit
from vadkit import toy
from vadkit.windows import to_float
from vadstudies.benefit import run
from vadstudies.benefit.report import gains_of, table_of


def line(part, method, psnr, auc, wanted, **more):
    return {"part": part, "method": method, "psnr": psnr, "auc_raw": auc, "wanted": wanted, **more}


def results():
    """Two recipes: at the validation place the second is better with one step, not with two."""
    lines = [line(part, "copy last frame", 30, 0.7, 30) for part in ("choosing", "places")]
    for part, swapped in (("choosing", False), ("places", True)):
        for n, (slow, fast) in enumerate(((20, 20), (21, 25), (26, 22))):
            slow, fast = (fast, slow) if swapped else (slow, fast)
            for recipe, value in (("slow", slow), ("fast", fast)):
                what = {"k": 10, "steps": n, "recipe": recipe}
                lines.append(line(part, "fine-tuned", value, value / 100, value, **what))
        for n, value in enumerate((10, 40)):
            lines.append(line(part, "MAML", value, value / 50, value, k=10, steps=n))
    columns = pd.DataFrame(lines).fillna({"recipe": ""}).to_dict("list")
    return {"rows": {"custom": {"differs": "custom", "lines": columns}}}


@pytest.fixture
def table():
    return table_of(results())


def test_a_recipe_is_chosen_where_nothing_is_reported(table):
    tuned = table["fine-tuned", "psnr"].loc["custom", 10]
    # At the test place the recipe that was chosen is the worse one: chosen all the same.
    assert tuned.to_dict() == {0: 20, 1: 21, 2: 22}


def test_maml_takes_no_more_steps_than_it_was_trained_for(table):
    assert table["MAML", "psnr"].loc["custom", 10].to_dict() == {0: 10, 1: 40, 2: 40}
    assert gains_of(table, "psnr").loc["custom", 10, 2] == 18
    assert set(table["copy last frame", "auc_raw"]) == {0.7}


def everybody(table):
    numbers = pd.concat({"two numbers": table["copy last frame"]}, axis=1)
    return pd.concat([table, numbers], axis=1)


def test_the_widget_holds_what_the_table_says(table):
    widget = Benefit(everybody(table), "custom", 10, 1)
    line = next(line for line in widget.lines if line[:3] == ["custom", 10, 2])
    psnr, auc = (dict(zip(widget.methods, values)) for values in line[3:])
    assert psnr["fine-tuned"] == 22 and psnr["MAML"] == 40 and auc["MAML"] == pytest.approx(0.8)
    figure = widget.still()
    assert "custom: -10.0, +19.0, +18.0" in figure.alt and len(figure.axes) == 2
    assert widget.alt in widget.to_html()


def test_a_cell_that_was_not_measured_is_refused(table):
    with pytest.raises(ValueError, match="Nothing was measured for .'light', 10, 1."):
        Benefit(everybody(table), "light", 10, 1)


def test_the_families_differ_in_what_they_say():
    def place(number, differs):
        return run.place_of(number, differs)

    nothing = [place(number, "nothing") for number in (0, 2, 4)]
    assert len({scene.side for scene in nothing}) == 1
    assert {place(number, "custom").side for number in (0, 1)} == {"to the left", "to the right"}
    lit, plain = place(0, "light"), nothing[0]
    assert lit.side == plain.side and lit.test_clips[0].frames.mean() != pytest.approx(
        plain.test_clips[0].frames.mean(), abs=3
    )
    assert (lit.test_clips[0].labels == plain.test_clips[0].labels).all()
    assert run.DRAWER["predicts"] == "frame" and not run.DRAWER["normalise"]


def test_places_are_trained_chosen_and_tested_on_apart():
    pool = run.pool_of("custom", 3, 0.5)
    sides = [(pool[i].seed[0], pool[i].side) for i in range(len(pool))]
    assert len(set(sides)) == 6 and {seed for seed, _ in sides} <= set(toy.TRAIN_SEEDS)
    assert set(run.CHOOSING) <= set(toy.VALIDATION_SEEDS)
    assert set(run.PLACES) <= set(toy.TEST_SEEDS)


def test_closest_to_the_wanted_frame_is_who_leaves_the_stranger_out():
    place = run.place_of(0, "nothing")

    def knows_all(windows):  # draws every frame of the clip as it would be without the stranger
        clip = place.test_clips[0]
        known = to_float(clip.frames)
        clean = to_float(clip.without_anomaly().frames)
        at = [int((known - w[3]).abs().sum((1, 2)).argmin()) for w in windows]
        return torch.stack([clean[min(t + 1, len(clean) - 1)] for t in at])[:, None]

    place.test_clips[:] = place.test_clips[:1]
    erases, copies = (run.metrics_of(p, place) for p in (knows_all, vadkit.copy_last_frame))
    assert erases["wanted"] > copies["wanted"] + 10 and erases["auc_raw"] > 0.95
