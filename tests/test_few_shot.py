"""Few-shot adaptation to a prepared scene: the protocol, what is printed, and bad input."""

import json

import numpy as np
import pytest
import torch

import vadkit
from vadkit.cli import run_script
from vadstudies.few_shot import methods, protocol
from vadstudies.few_shot import run as few_shot
from vadstudies.weights import cameras

SIZE = (24, 32)
LENGTHS = {"train": {"day": 30, "noon": 25}, "test": {"night": 30, "fog": 24, "storm": 26}}


def write_scene(folder, lengths=LENGTHS, name="noise"):
    """A prepared scene of noise; 'storm' is abnormal throughout."""
    rng = np.random.default_rng(0)
    for part, clips in lengths.items():
        (folder / part).mkdir(parents=True)
        for clip, length in clips.items():
            np.save(folder / part / f"{clip}.npy", rng.integers(0, 256, (length, *SIZE), np.uint8))
            if part == "test":
                label(folder, clip, abnormal(clip, length))
    records = {
        part: {clip: {"frames": n} for clip, n in clips.items()} for part, clips in lengths.items()
    }
    about = {"format": "vadkit-scene-1", "name": name, "size": SIZE, "clips": records}
    (folder / "scene.json").write_text(json.dumps(about))
    return folder


def abnormal(name, length):
    frame = np.arange(length)
    return (frame > 0) if name == "storm" else (frame > 18) & (frame < length - 2)


def label(folder, name, labels):
    np.save(folder / "test" / f"{name}.labels.npy", np.asarray(labels, bool))


@pytest.fixture(autouse=True)
def few_strangers(monkeypatch):
    monkeypatch.setattr(methods, "N_STRANGERS", 8)  # a second, not twenty


@pytest.fixture
def folder(tmp_path):
    return write_scene(tmp_path)


@pytest.fixture
def quick(monkeypatch):
    """Methods that cost nothing, where it does not matter what a predictor has learned."""
    monkeypatch.setattr(few_shot, "METHODS", {"maml": Spy, "fine_tuned": Spy})


class Spy:
    """A method that learns nothing and notes what it is given: K and the support."""

    def __init__(self):
        self.predictor, self.supports = lambda x: x.mean(1, keepdim=True), []

    def adapt(self, support):
        self.supports.append(support)
        shift = support[1].mean() - 0.5
        return lambda x: x[:, -1:] + shift


def run(capsys, *arguments):
    assert run_script(few_shot.main, list(map(str, arguments))) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def frames_of(windows):
    """The set of frames, as bytes, that some windows are made of."""
    x, y = windows
    return {frame.numpy().tobytes() for frame in torch.cat([x.flatten(0, 1), y.flatten(0, 1)])}


def frames_in(frames):
    """The same, of uint8 frames."""
    return {(frame / np.float32(255)).tobytes() for frame in frames}


def test_one_line_of_json_with_every_row_and_one_seed_gives_one_result(folder, capsys):
    options = ["--target", folder, "--k", 0, 2, "--draws", 2, "--seed", 1]
    once = run(capsys, *options)
    again = run(capsys, *options, "--methods", "maml_learned_rates")  # the quickest
    aucs = {"auc_raw", "auc_clip", "auc_macro"}
    for name in few_shot.METHODS:
        for k, draws in (("0", 1), ("2", 2)):
            row = once[name][k]
            assert aucs | {"std_auc_clip", "psnr", "adapt_seconds"} <= set(row)
            assert row["draws"] == draws
            assert (row["adapt_seconds"] > 0) == (k != "0")
            if name in again:
                again[name][k]["adapt_seconds"] = row["adapt_seconds"]
    assert len(again) > 2 and again == {name: once[name] for name in again}
    assert aucs <= set(once["copy_last_frame"]) & set(once["moving_pixels"])
    copied = vadkit.evaluate(vadkit.copy_last_frame, vadkit.open_scene(folder))
    assert once["copy_last_frame"]["auc_clip"] == pytest.approx(copied.auc_clip, abs=1e-4)


def test_training_support_is_consecutive_normal_windows_and_shared_by_all_methods(folder):
    scene, spies = vadkit.open_scene(folder), {"a": Spy(), "b": Spy()}
    results = protocol.compare(scene, spies, [0, 1, 5], "train", draws=6, progress=False)
    assert [len(x) for x, _ in spies["a"].supports] == [1] * 6 + [5] * 6
    longer_runs = spies["a"].supports[6:] * 2
    supports = zip(spies["a"].supports, spies["b"].supports, longer_runs)
    for (x, y), (other, _), (longer, _) in supports:
        assert torch.equal(x, other) and torch.equal(x[0], longer[0])
        assert torch.equal(x[1:, -1:], y[:-1])  # each window one frame later than the one before
    train = {frame for clip in scene.train_clips for frame in frames_in(clip.frames)}
    assert set().union(*map(frames_of, spies["a"].supports)) <= train
    assert results["scored_frames"] == sum(n - 4 for n in LENGTHS["test"].values())


@pytest.mark.parametrize("k", [1, 3, 7])
def test_clip_start_never_scores_a_frame_it_adapted_on(folder, monkeypatch, k):
    scene, spy, scored = vadkit.open_scene(folder), Spy(), []
    evaluation = vadkit.Evaluation

    def noting(psnr, *rest):
        scored.append(psnr)
        return evaluation(psnr, *rest)

    monkeypatch.setattr(vadkit, "Evaluation", noting)
    results = protocol.compare(scene, {"spy": spy}, [0, k], "clip_start", progress=False)
    assert len(spy.supports) == len(scene.test_clips)
    for psnr in scored:
        for clip, support, values in zip(scene.test_clips, spy.supports, psnr):
            kept = frames_in(clip.frames[~np.isnan(values)])
            assert not kept & frames_of(support)
            assert len(kept) == len(clip) - 4 - k
    assert len(scored) == 4  # K = 0, K = k, copy last frame, moving pixels: all on the same frames
    assert results["scored_frames"] == sum(n - 4 - k for n in LENGTHS["test"].values())


@pytest.mark.parametrize("support", ["train", "clip_start"])
def test_labels_enter_after_all_scores_are_there(folder, support):
    def scores(scene):
        score, psnr = protocol.SUPPORTS[support], []
        blind = protocol.unlabelled(scene)
        assert all(clip.labels is None for clip in blind.test_clips)
        supports = protocol.draw_supports(blind, [3], 2) if support == "train" else None
        for per_draw in score(Spy(), blind, 3, supports)[0]:
            psnr += per_draw
        return np.concatenate(psnr)

    def auc_raw(scene):
        results = protocol.compare(scene, {"spy": Spy()}, [3], support, 5, progress=False)
        return results["spy"]["3"]["auc_raw"]

    before, auc = scores(vadkit.open_scene(folder)), auc_raw(vadkit.open_scene(folder))
    for name, length in LENGTHS["test"].items():
        label(folder, name, ~abnormal(name, length))
    np.testing.assert_array_equal(before, scores(vadkit.open_scene(folder)))
    assert auc_raw(vadkit.open_scene(folder)) == pytest.approx(1 - auc, abs=2e-4)


def test_detectors_are_never_handed_a_label(folder, monkeypatch):
    seen = []
    evaluate = vadkit.evaluate

    def noting(predictor, scene, **options):
        seen.append(scene)
        return evaluate(predictor, scene, **options)

    monkeypatch.setattr(vadkit, "evaluate", noting, raising=False)
    protocol.compare(vadkit.open_scene(folder), {"spy": Spy()}, [0, 2], "train", progress=False)
    assert seen and all(clip.labels is None for scene in seen for clip in scene.test_clips)


def test_unlabelled_clips_are_left_out_and_named(quick, folder, capsys):
    (folder / "test" / "fog.labels.npy").unlink()
    assert run_script(few_shot.main, ["--target", str(folder), "--k", "0"]) == 0
    out = capsys.readouterr().out
    assert "left out" in out and "fog" in out
    assert json.loads(out.splitlines()[-1])["scored_clips"] == 2


def test_a_macro_auc_that_does_not_exist_is_null(quick, folder, capsys):
    for name in ("night", "fog"):
        label(folder, name, np.zeros(LENGTHS["test"][name]))
    row = run(capsys, "--target", folder, "--k", 1, "--support", "clip_start")["maml"]["1"]
    assert row["auc_macro"] is None and 0 <= row["auc_clip"] <= 1


def test_a_scene_without_training_clips(quick, tmp_path, capsys):
    folder = write_scene(tmp_path, {"train": {}, "test": LENGTHS["test"]})
    results = run(capsys, "--target", folder, "--k", 0, 2, "--support", "clip_start")
    assert results["support"] == "clip_start"
    refused(capsys, "no training clip", "--support clip_start", target=folder)


def refused(capsys, *words, target, arguments=()):
    assert run_script(few_shot.main, ["--target", str(target), *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ") and said.err.count("\n") == 1
    assert all(word in said.err for word in words), said.err
    assert "{" not in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--k", "27"], ("K = 27", "largest K is 26")),
        (["--k", "20", "--support", "clip_start"], ("K = 20", "fog", "largest K is 19")),
    ],
)
def test_a_k_that_does_not_fit_is_refused_with_the_largest_that_does(
    quick, folder, capsys, arguments, words
):
    refused(capsys, *words, target=folder, arguments=arguments)
    fits = [words[-1].split()[-1] if a == arguments[1] else a for a in arguments]
    run(capsys, "--target", folder, *fits)


def test_scenes_that_cannot_be_scored(quick, folder, capsys):
    refused(capsys, "ped3", target="ped3")
    for name, length in LENGTHS["test"].items():
        label(folder, name, np.ones(length))
    refused(capsys, "abnormal", "both classes", target=folder)
    for name in LENGTHS["test"]:
        (folder / "test" / f"{name}.labels.npy").unlink()
    refused(capsys, "no labelled test clip", "--labels", target=folder)


@pytest.mark.parametrize(
    "arguments", [["--k", "-1"], ["--k", "2.5"], ["--draws", "0"], ["--methods", "magic"]]
)
def test_bad_arguments_are_refused(folder, capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        few_shot.main(["--target", str(folder), *arguments])
    assert caught.value.code == 2 and arguments[1] in capsys.readouterr().err


def test_learned_rates_that_run_off_to_infinity_are_halved_until_they_do_not(folder):
    method, scene = methods.maml_learned_rates(), vadkit.open_scene(folder)
    support = scene.train_windows().batch(range(5))
    trained = vadkit.load_checkpoint("camera_maml")
    trained.rates.log_alpha.data += 80
    before = trained.rates.table()
    with pytest.raises(FloatingPointError):
        trained.adapt(support, methods.LEARNED_RATES_STEPS)
    assert methods.adapt_at_learned_rates(trained, support)(support[0]).isfinite().all()
    assert np.array_equal(trained.rates.table(), before)
    assert method.adapt(support)(support[0]).isfinite().all()


def test_real_tasks_add_a_row_of_their_own_and_leave_the_shipped_weights_alone(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(methods, "REAL_TASKS_STEPS", 1)
    street = write_scene(tmp_path / "street", name="street")
    common = ["--target", folder, "--k", 0, "--methods", "maml"]
    plain, more = run(capsys, *common), run(capsys, *common, "--tasks", street)
    assert set(more) - set(plain) == {"maml_real_tasks"} and more["maml"] == plain["maml"]
    assert more["maml_real_tasks"]["0"]["psnr"] != more["maml"]["0"]["psnr"]


def test_real_tasks_that_cannot_be_learned_from_are_refused(quick, folder, tmp_path, capsys):
    refused(capsys, "'noise'", "is the target", target=folder, arguments=["--tasks", str(folder)])
    empty = write_scene(tmp_path / "empty", {"train": {}, "test": LENGTHS["test"]}, "empty")
    refused(capsys, "'empty'", "no training clip", target=folder, arguments=["--tasks", str(empty)])


def test_toy_cameras_repeat_differ_in_size_and_show_strangers_in_test_clips_but_never_a_boar():
    seeds = range(10_000, 10_006)
    scenes = [cameras.camera(seed) for seed in seeds]
    assert len({scene.train_clips[0].frames.shape for scene in scenes}) > 1
    assert not any(scene.train_clips[0].labels.any() for scene in scenes)
    kinds = {clip.kind for scene in scenes for clip in scene.test_clips}
    assert len(kinds) > 3 and "boar" not in kinds
    again = cameras.camera.__wrapped__(seeds[0]).train_clips[0]
    assert np.array_equal(again.frames, scenes[0].train_clips[0].frames)


def test_both_methods_leave_from_the_same_start_and_the_fine_tuned_one_goes_on_as_before(
    monkeypatch,
):
    monkeypatch.setattr(cameras, "SIZES", (32,))
    monkeypatch.setattr(cameras, "camera", cameras.camera.__wrapped__)
    monkeypatch.setattr(cameras, "NETWORK", {**cameras.NETWORK, "width": 4})
    cameras.shared_start.cache_clear()
    start = {name: p.clone() for name, p in cameras.shared_start(0, 4, 2).state_dict().items()}
    short = {"seed": 0, "n_scenes": 4, "school_steps": 2, "steps": 1}
    meta = cameras.train_maml(**{**cameras.MAML, **short})
    tuned = cameras.train_strangers(**{**cameras.STRANGERS, **short})
    kept = cameras.shared_start(0, 4, 2).state_dict()
    cameras.shared_start.cache_clear()
    assert all(torch.equal(kept[name], start[name]) for name in start)
    moved = [
        name for name, p in meta.predictor.state_dict().items() if not torch.equal(p, start[name])
    ]
    assert moved and meta.rates.learn == "tensor and step" and tuned.rates.learn is None
    assert not all(torch.equal(p, start[name]) for name, p in tuned.predictor.state_dict().items())
