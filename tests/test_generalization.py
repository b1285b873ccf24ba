"""The tables behind notebook 03: means over the right rows, and the widget of the capacities."""

import numpy as np
import pytest

from vadcourse.widgets.capacity import Capacity
from vadkit import toy, view
from vadkit.scenes import Clip
from vadstudies import jobs, results
from vadstudies.capacity import report as capacity
from vadstudies.predictors import report as predictors
from vadstudies.transfer import report as transfer


def point(gap, normal=30.0, **kinds):
    by_kind = {kind: {"auc": 0.5 + g / 10, "gap": g} for kind, g in kinds.items()}
    return {
        "step": 100,
        "psnr_normal": normal,
        "psnr_abnormal": normal - gap,
        "gap": gap,
        "auc_raw": 0.8,
        "by_kind": by_kind,
    }


def row(variant, width, seed, points):
    return {
        "variant": variant,
        "width": width,
        "place": "campus",
        "scene_seed": 1,
        "seed": seed,
        "parameters": 100 * width,
        "psnr_copy": 31.0,
        "points": points,
    }


def without_skips(variant, width, seed, extra):
    points = {"-2": point(2.0 + extra), "-1": point(1.0 + extra), "end": point(9.0)}
    return row(variant, width, seed, points)


ROWS = [
    row("skips", 4, 0, {"-2": point(1.0), "end": point(2.0, boar=3.0, car=1.0)}),
    row("skips", 4, 1, {"-2": point(2.0), "end": point(4.0, boar=5.0)}),
    row("skips", 8, 0, {"end": point(6.0, boar=1.0, car=2.0)}),
    row("skips", 8, 1, {"-2": point(3.0), "end": point(8.0, boar=2.0)}),
    *(without_skips("no skips", width, seed, 0.0) for width in (4, 8) for seed in (0, 1)),
    *(without_skips("memory", width, seed, 0.25) for width in (4, 8) for seed in (0, 1)),
]


def lines_of(table, *key):
    """The lines of a table as dictionaries, by what stands in the key columns."""
    return {tuple(line[name] for name in key): line for line in table.to_dict("records")}


def test_tables_average_over_scenes_and_say_who_did_not_get_there():
    at_end = lines_of(capacity.capacity_table(ROWS), "network", "width")
    assert at_end["skips", 4]["gap (dB)"] == "3.00 ± 1.00"
    assert at_end["skips", 4]["scenes"] == "2 of 2"
    assert at_end["skips", 8]["parameters"] == "800"
    equal = lines_of(capacity.capacity_table(ROWS, "-2"), "network", "width")
    assert equal["skips", 8]["gap (dB)"] == "3.00 ± -"
    assert equal["skips", 8]["scenes"] == "1 of 2"
    nowhere = capacity.capacity_table(ROWS, "-1").iloc[0]
    assert nowhere["scenes"] == "0 of 2"
    assert nowhere["gap (dB)"] == nowhere["step"] == "-"


def test_the_table_has_the_variants_in_their_order_and_widths_from_narrow_to_wide():
    table = capacity.capacity_table(ROWS[::-1], "-1")
    networks = list(zip(table["network"], table["width"]))
    assert networks == [(variant, width) for variant in capacity.STYLE for width in (4, 8)]


def test_kinds_compare_the_narrowest_with_the_widest():
    lines = lines_of(capacity.kinds_table(ROWS), "kind")
    boar, car = lines["boar",], lines["car",]
    assert boar["gap (dB), width 4"] == "4.00 ± 1.00"
    assert boar["gap (dB), width 8"] == "1.50 ± 0.50"
    # no milestone of both scenes tells the kinds here
    assert boar["change of AUC at equal quality"] == "-"
    assert car["scenes"] == 1
    assert car["AUC, width 8"] == "0.700 ± -"


def test_the_effect_of_capacity_is_paired_at_equal_quality():
    # scene 1 at -2: the only one both reached
    np.testing.assert_allclose(capacity.capacity_effect(ROWS), [1.0])
    np.testing.assert_allclose(capacity.capacity_effect(ROWS, "memory"), np.zeros(4))
    kinds = [
        row("skips", 4, 0, {"-2": point(1.0, boar=2.0)}),
        row("skips", 8, 0, {"-2": point(1.0, boar=1.0)}),
    ]
    np.testing.assert_allclose(capacity.capacity_effect(kinds, "skips", "auc", "boar"), [-0.1])


def test_the_effect_of_the_memory_is_paired_and_leaves_the_end_out():
    effect = capacity.memory_effect(ROWS)
    assert len(effect) == 2 * 2 * 2
    np.testing.assert_allclose(effect, 0.25)


def test_capacity_figures_say_their_numbers():
    alt = capacity.capacity_curves(ROWS, {"campus": point(2.5, 31.0)}).alt
    assert "skips, gap (dB): 3.00 at width 4, 7.00 at width 8." in alt
    assert "Copy last frame, gap (dB): 2.50." in alt
    rows = [row | {"points": spread_out(row["points"])} for row in ROWS]
    figure = capacity.normal_against_abnormal(rows, {"campus-1": point(2.5, 31.0)})
    assert "skips: 7 points from -1.0 to -1.0 dB" in figure.alt


def spread_out(points):
    """Normal PSNR a little different at each point, so that a line can be fitted."""
    return {at: p | {"psnr_normal": 30 + 0.01 * i} for i, (at, p) in enumerate(points.items())}


def test_a_variant_that_no_network_brought_to_a_milestone_leaves_a_gap_in_the_figure():
    rows = [row for row in ROWS if row["variant"] != "skips"]
    alt = capacity.capacity_curves(rows, {"campus": point(2.5)}, "-1").alt
    assert "skips, gap (dB): nan at width 4, nan at width 8." in alt
    assert "memory, gap (dB): 1.25 at width 4, 1.25 at width 8." in alt


def transfer_row(place, number, seed, on):
    return {"place": place, "scene_seed": number, "seed": seed, "on": on}


def test_the_transfer_matrix_has_training_down_and_averages_seeds():
    def on(a, b):
        return {"campus-1": {"psnr_normal": a}, "road-2": {"psnr_normal": b}}

    rows = [
        transfer_row("campus", 1, 0, on(10, 20)),
        transfer_row("road", 2, 0, on(1, 2)),
        transfer_row("campus", 1, 1, on(12, 22)),
        transfer_row("road", 2, 1, on(3, 4)),
    ]
    matrix = transfer.transfer_matrix(rows)
    assert list(matrix.index) == list(matrix.columns) == ["campus-1", "road-2"]
    np.testing.assert_allclose(matrix, [[11, 21], [2, 3]])
    alt = transfer.heat_map(matrix, "PSNR", [5, 6]).alt
    assert "from 3.0 to 11.0 on the diagonal" in alt
    assert "from 2.0 to 21.0 elsewhere" in alt


def test_home_and_away_compares_the_variants_with_copying():
    def on(a, b):
        metrics = [{"psnr_normal": v, "auc_raw": v / 100} for v in (a, b)]
        return dict(zip(("campus-1", "road-2"), metrics))

    rows = [
        transfer_row("campus", 1, 0, on(30, 10)) | {"rescaled": on(31, 27), "change": on(33, 32)},
        transfer_row("road", 2, 0, on(12, 32)) | {"rescaled": on(25, 33), "change": on(34, 35)},
    ]
    table = transfer.home_and_away(rows, on(28, 30))
    drawn = table.loc["draws the frame"]
    assert (drawn["PSNR (dB) at home"], drawn["PSNR (dB) elsewhere"]) == ("31.0", "11.0")
    rescaled = table.loc["draws the frame, two numbers fitted"]
    assert (rescaled["PSNR (dB) at home"], rescaled["raw AUC elsewhere"]) == ("32.0", "0.260")
    assert list(table.loc["copy last frame"]) == ["29.0", "29.0", "0.290", "0.290"]


def test_the_predictor_table_calls_no_share_of_pixels_a_decibel():
    metrics = {
        "psnr_normal": 30.0,
        "gap": 2.0,
        "auc_raw": 0.8,
        "auc_clip": 0.9,
        "auc_macro": 0.85,
        "by_kind": {"boar": {"auc": 0.7}},
    }
    unet = {"predictor": "unet", "parameters": 1234, **metrics}
    rows = [
        {"predictor": "moving pixels", "parameters": 0, **metrics},
        {**unet, "ms_per_frame": 1.5},
        {**unet, "ms_per_frame": 9.5, "gap": 4.0},
    ]
    moving, unet = predictors.predictor_table(rows).to_dict("records")
    assert moving["gap (dB)"] == moving["ms per frame"] == "-"
    assert moving["raw AUC"] == "0.800 ± -"
    assert unet["gap (dB)"] == "3.00 ± 1.00"
    assert unet["parameters"] == "1,234"
    assert unet["ms per frame"] == "5.5"
    kinds = predictors.predictor_kinds(rows).to_dict("records")
    assert kinds[1] == {"predictor": "unet", "boar": 0.7}


# --- the widget


def some_networks(n_frames=24):
    """A clip, and what four networks predict of every fourth frame: the wider, the brighter."""
    clip = Clip("boar", np.zeros((n_frames, 16, 20), np.uint8), np.arange(n_frames) > 12)
    about, predictions = {"frames": list(range(4, n_frames, 4)), "networks": {}}, {}
    for variant in ("skips", "memory"):
        for width in (4, 8):
            name = f"{variant} {width}"
            predictions[name] = np.full((len(about["frames"]), 16, 20), 10 * width, np.uint8)
            about["networks"][name] = {
                "variant": variant,
                "width": width,
                "parameters": 100 * width,
                "psnr_normal": 30.0 + width,
                "psnr_boar": 28.0,
                "psnr": [float(t) for t in range(4, n_frames)],
            }
    return clip, predictions, about


def test_the_widget_begins_with_the_narrowest_network_and_follows():
    widget = Capacity(*some_networks())
    assert (widget.variant, widget.width, widget.gap) == ("skips", 4, 6.0)
    widget.width = 8
    assert widget.gap == 10.0
    assert "4 networks, from 400 to 800 parameters" in widget.alt
    of_kept_frames = [4.0, 8.0, 12.0, 16.0, 20.0]
    assert widget.networks[0]["psnr"] == of_kept_frames


def test_the_still_figure_shows_every_width_of_a_variant():
    figure = Capacity(*some_networks(), variant="memory", frame=8).still()
    assert "Frame 8 as networks of growing width (memory)" in figure.alt
    assert "width 4: normal frames 34.0 dB, boar 28.0 dB, gap 6.0 dB" in figure.alt
    assert "gap 6.0 dB; width 8: normal frames 38.0 dB" in figure.alt
    shown = [ax.get_images()[0].get_array() for ax in figure.axes if ax.get_images()]
    assert [float(image.max()) for image in shown[1:3]] == pytest.approx([40 / 255, 80 / 255])


def test_a_network_or_frame_that_was_not_kept_is_refused():
    choices = "choose from skips 4, skips 8, memory 4, memory 8"
    with pytest.raises(ValueError, match=f"No network 'skips 5' was kept: {choices}"):
        Capacity(*some_networks(), width=5)
    with pytest.raises(ValueError, match="Frame 7 was not kept: choose from 4, 8, 12"):
        Capacity(*some_networks(), frame=7)


def test_the_static_page_holds_every_picture_once():
    clip, predictions, about = some_networks()
    page = Capacity(clip, predictions, about).to_html()
    assert len(page) < 60_000
    assert "choose(variant, width, false)" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_the_kept_results_fit_together():
    """The kept results were made on the scenes of today, and nothing is missing from them."""
    predictions, about = capacity.boar_predictions()
    assert {p.shape for p in predictions.values()} == {(len(about["frames"]), 64, 64)}
    widget = Capacity()
    assert view.representative_frame(toy.the_boar()) == widget.frame
    assert jobs.fingerprint(toy.boar_scene()) == about["scene"]
    rows, settings = results.rows_of("capacity/results")
    n_networks = capacity.points_of(rows, "end").groupby(["variant", "width"]).size()
    assert {n_networks[variant, width] for variant in capacity.STYLE for width in (4, 40)} == {3}
    matrix = transfer.transfer_matrix(results.rows_of("transfer/results")[0])
    assert len(matrix) == 6 and np.isfinite(matrix).all(axis=None)
    family, _ = results.rows_of("predictors/results")
    assert {"copy last frame", "moving pixels"} < set(family["predictor"])
