"""The widgets of notebook 04 without a browser, and its two exercise checks."""

import base64

import numpy as np
import pytest
import torch
from maml_cases import Scaled
from matplotlib.colors import to_hex

import vadkit
from vadcourse.meta_widgets import EpisodeGrid, Interview
from vadcourse.meta_widgets.episode_grid import PARTS
from vadkit import view
from vadkit.episodes import EpisodeSampler, Task
from vadkit.pools import ClassPool, ScenePool
from vadkit.scenes import Clip, Scene
from vadkit.widgets.base import Widget


@pytest.fixture(scope="module")
def scenes():
    def scene(name, seed, n_frames):
        rng = np.random.default_rng(seed)
        videos = [rng.integers(0, 256, (n_frames, 16, 20), np.uint8) for _ in range(2)]
        clips = [Clip(f"train{i:02d}", frames) for i, frames in enumerate(videos)]
        return Scene(name, clips, [])

    return [scene(f"scene{i}", i, 30 + i) for i in range(4)]


def image(grid, row, sample):
    pixels = np.frombuffer(grid.frames, np.uint8)
    return pixels[sample["offset"] :][: row["H"] * row["W"]].reshape(row["H"], row["W"])


def test_grid_shows_the_frames_of_the_episode(scenes):
    grid = EpisodeGrid(scenes, n_way=3, k_shot=4, n_query=5, seed=2)
    assert [row["name"] for row in grid.rows] == [task.name for task in grid.episode]
    clips = {(scene.name, clip.name): clip.frames for scene in scenes for clip in scene.train_clips}
    for row in grid.rows:
        assert (len(row["support"]), len(row["query"])) == (4, 5)
        for sample in (*row["support"], *row["query"]):
            assert sample["last"] - sample["first"] == 4 and sample["shared"] == 0
            last = clips[row["name"], sample["place"]][sample["last"]]
            assert (image(grid, row, sample) == last).all()


def test_grid_is_the_samplers_episode(scenes):
    grid = EpisodeGrid(scenes, n_way=2, k_shot=3, n_query=4, seed=7)
    expected = EpisodeSampler(ScenePool(scenes, support="consecutive"), 2, 3, 4, seed=7)[0]
    assert [t.support_frames for t in grid.episode] == [t.support_frames for t in expected]
    before = grid.rows
    grid.seed = 8
    assert grid.rows != before and "seed 8" in grid.report
    grid.seed = 7
    assert grid.rows == before


def frames_of(sample):
    return {(sample["place"], t) for t in range(sample["first"], sample["last"] + 1)}


def test_breaking_the_rule_counts_what_is_shared(scenes):
    grid = EpisodeGrid(scenes, n_way=2, k_shot=3, n_query=4)
    assert grid.report.endswith("Frames in both: 0.")
    grid.overlap = True
    assert all(sample["shared"] for row in grid.rows for sample in row["query"])
    n_shared = sum(len(task.shared_frames) for task in grid.episode)
    assert n_shared > 0 and grid.report.endswith(f"Frames in both: {n_shared}.")
    for row in grid.rows:
        support, query = (set().union(*map(frames_of, row[part])) for part in ("support", "query"))
        for sample in (*row["support"], *row["query"]):
            assert sample["shared"] == len(support & query & frames_of(sample))


def test_what_cannot_be_drawn_is_refused_and_the_last_episode_stays(scenes):
    grid = EpisodeGrid(scenes, n_way=2, k_shot=3, n_query=4, max_shot=40)
    rows, frames = grid.rows, grid.frames
    grid.k_shot = 40
    assert "largest K" in grid.problem and grid.rows == rows and grid.frames == frames
    grid.k_shot = 2
    assert grid.problem == "" and len(grid.rows[0]["support"]) == 2
    with pytest.raises(ValueError, match="lower n_way"):
        EpisodeGrid(scenes, n_way=5)


def test_grid_of_classes_has_a_row_for_each_class():
    labels = np.repeat(np.arange(4), 6)
    images = np.tile(labels[:, None, None] / 4, (1, 3, 5))
    grid = EpisodeGrid(ClassPool(images, labels), n_way=3, k_shot=2, n_query=3)
    assert [row["name"] for row in grid.rows] == [f"class {c}" for c in grid.episode[0].classes]
    for row, label in zip(grid.rows, grid.episode[0].classes):
        for sample in (*row["support"], *row["query"]):
            assert sample["place"] == str(label) and labels[sample["first"]] == label
            assert (image(grid, row, sample) == round(label / 4 * 255)).all()


def trained(weight, rate):
    predictor = Scaled(weight)
    return vadkit.MetaTrained(predictor, vadkit.InnerRates(predictor, rate), n_inner_steps=1)


@pytest.fixture
def job():
    def part(n):
        return torch.full((n, 4, 16, 16), 0.5), torch.full((n, 1, 16, 16), 0.5)

    return Task("hall", part(3), part(2))


def test_interview_against_arithmetic(job):
    interview = Interview({"near": trained(0.9, 0.001), "quick": trained(0.5, 1.9)}, [job, job])
    near, quick = interview.rounds[0]["results"]
    for result, weight, rate in ((near, 0.9, 0.001), (quick, 0.5, 1.9)):
        # the loss is (0.5 w - 0.5)^2, its slope in w 0.5 (w - 1)
        after = weight - rate * 0.5 * (weight - 1)
        for when, w in (("before", weight), ("after", after)):
            expected = -20 * np.log10(abs(0.5 * w - 0.5))
            assert result[f"psnr_{when}"] == pytest.approx(expected, abs=2e-3)
    pixels = np.frombuffer(interview.frames, np.uint8)
    assert pixels[near["before"]] == round(0.45 * 255)
    assert pixels[interview.rounds[0]["truth"]] == round(0.5 * 255)
    assert interview.tally() == {
        "played": 0,
        "right": 0,
        "near wins before": 2,
        "quick wins before": 0,
        "near wins after": 0,
        "quick wins after": 2,
    }
    copied = interview.rounds[0]["psnr_copied"]
    assert copied == 100, "copying is perfect where nothing moves"
    interview.bets = ["near", "quick"]
    assert (interview.tally()["played"], interview.tally()["right"]) == (2, 1)


def test_interview_leaves_the_candidates_as_they_were(job):
    candidates = {"a": trained(0.9, 0.1), "b": trained(0.5, 1.0)}
    Interview(candidates, [job])
    assert [c.predictor.weight.item() for c in candidates.values()] == pytest.approx([0.9, 0.5])


def test_interview_needs_two_or_three_candidates_and_a_task(job):
    with pytest.raises(ValueError, match="two or three candidates"):
        Interview({"a": trained(0.9, 0.1)}, [job])
    with pytest.raises(ValueError, match="two or three candidates"):
        Interview({"a": trained(0.9, 0.1), "b": trained(0.5, 0.1)}, [])


def test_stills_and_pages_say_what_they_show(scenes, job):
    grid = EpisodeGrid(scenes, n_way=2, k_shot=3, n_query=2, overlap=True)
    alt = grid.still().alt
    first = grid.rows[0]["support"][0]
    assert grid.rows[1]["name"] in alt
    assert f"{first['place']} {first['first']}-{first['last']}" in alt
    interview = Interview({"near": trained(0.9, 0.001), "quick": trained(0.5, 1.9)}, [job])
    assert "hall, near: 26.0 to 26.0 dB; hall, quick" in interview.still().alt
    told, _ = interview._repr_mimebundle_()
    before_playing = Widget.still(interview)  # in words: the answers come after the bets
    assert told["image/png"] == base64.b64encode(view.to_image(before_playing)).decode()
    for widget in (grid, interview):
        page = widget.to_html()
        assert "<img" in page and "https://" not in page


def test_a_still_keeps_the_roles_where_the_rule_is_broken(scenes):
    grid = EpisodeGrid(scenes, n_way=2, k_shot=3, n_query=2, overlap=True)
    samples = [sample for row in grid.rows for part in PARTS for sample in row[part]]
    roles = [PARTS[part] for row in grid.rows for part in PARTS for _ in row[part]]
    pictures = [ax for ax in grid.still().axes if ax.images]
    assert any(sample["shared"] for sample in samples)
    for ax, sample, colour in zip(pictures, samples, roles, strict=True):
        assert to_hex(ax.spines["left"].get_edgecolor()).upper() == colour
        assert (ax.spines["left"].get_linestyle() == "-") is (colour == view.BLUE)
        assert len(ax.patches) == bool(sample["shared"]), "a second frame for what is shared"
        assert ("✗" in ax.get_title()) is bool(sample["shared"])


def test_in_a_still_purple_is_the_meta_trained_and_grey_is_copying(job):
    interview = Interview({"near": trained(0.9, 0.1), "quick": trained(0.5, 1.9)}, [job])
    lines = interview.still().axes[0].get_legend().get_lines()
    colours = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in lines}
    assert colours["near"][0] == view.BLACK and colours["quick"][0] == view.PURPLE
    assert colours["copy last frame"] == (view.GREY, ":")


def test_the_shipped_candidates_are_who_they_claim_to_be():
    names = {"a": "streams_specialist", "b": "streams_maml", "c": "streams_strangers"}
    candidates = {letter: vadkit.load_checkpoint(name) for letter, name in names.items()}
    home = vadkit.toy_scene(0, "campus", custom="stream")
    abroad = vadkit.toy_scene(10_401, "square", custom="stream")
    if abroad.side == home.side:
        abroad = abroad.opposite()
    gates = ScenePool([home, abroad], strangers=0.5)
    by_name = {t.name: t for t in EpisodeSampler(gates, n_way=2, k_shot=10, n_query=20)[0]}
    interview = Interview(candidates, [by_name[home.name], by_name[abroad.name]])
    (a_home, b_home, c_home), (a_abroad, b_abroad, c_abroad) = (
        game["results"] for game in interview.rounds
    )
    assert a_home["psnr_before"] > max(b_home["psnr_after"], c_home["psnr_after"])
    assert b_abroad["psnr_after"] > b_abroad["psnr_before"] + 3
    assert b_abroad["psnr_after"] > max(a_abroad["psnr_after"], c_abroad["psnr_after"])
