"""The network that goes into the browser: its graphs compute what PyTorch does."""

import json

import numpy as np
import pytest
import torch

import vadkit

onnxruntime = pytest.importorskip("onnxruntime", reason='the extra "site" is not installed')
export_onnx = pytest.importorskip("export_onnx", reason='the extra "site" is not installed')
SIDE = 32  # the graphs are the same, a test is four times faster


@pytest.fixture(scope="module", params=sorted(export_onnx.MODELS))
def exported(request, tmp_path_factory):
    """(trained, manifest, sessions): a model as it was trained, and as a browser reads it."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    export_onnx.export(request.param, folder, k_shot=3, side=SIDE)
    manifest = json.loads((folder / f"{request.param}.json").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = {
        kind: onnxruntime.InferenceSession(folder / manifest["files"][kind], options)
        for kind in ("predict", "step")
    }
    return vadkit.load_checkpoint(request.param), manifest, (folder, sessions)


def weights_of(manifest, folder):
    """Read as predictor/model.js does."""
    numbers = np.fromfile(folder / manifest["files"]["weights"], "<f2").astype(np.float32)
    sizes = [int(np.prod(shape)) for _, shape in manifest["weights"]]
    assert len(numbers) == sum(sizes)
    parts = np.split(numbers, np.cumsum(sizes)[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(manifest["weights"], parts)}


def random_windows(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    windows = torch.rand(n, 5, SIDE, SIDE, generator=generator)
    return windows[:, :4], windows[:, 4:]


def test_weights_are_the_shipped_ones_to_the_last_bit(exported):
    trained, manifest, (folder, _) = exported
    weights = weights_of(manifest, folder)
    for name, p in trained.predictor.named_parameters():
        assert (weights[name] == p.detach().numpy()).all()


@pytest.mark.parametrize("n", [1, 5])
def test_predictions_are_pytorchs_for_any_number_of_windows(exported, n):
    trained, manifest, (folder, sessions) = exported
    x, _ = random_windows(n)
    weights = weights_of(manifest, folder)
    (frame,) = sessions["predict"].run(None, {"x": x.numpy(), **weights})
    with torch.no_grad():
        expected = trained.predictor(x).numpy()
    assert frame.shape == expected.shape and abs(frame - expected).max() < 1e-5


def test_steps_are_those_of_adapt(exported):
    trained, manifest, (folder, sessions) = exported
    x, y = random_windows(3)
    weights = weights_of(manifest, folder)
    assert len(manifest["rates"]) == manifest["n_steps"] == trained.n_inner_steps
    for rates in manifest["rates"]:
        given = {"x": x.numpy(), "y": y.numpy(), "rates": np.array(rates, np.float32), **weights}
        loss, *moved = sessions["step"].run(None, given)
        weights = dict(zip(weights, moved))
    adapted = trained.adapt((x, y))
    before = dict(trained.predictor.named_parameters())
    for name, p in adapted.named_parameters():
        assert abs(weights[name] - p.detach().numpy()).max() < 1e-5
        assert (weights[name] != before[name].detach().numpy()).any()
    with torch.no_grad():
        first = float(trained.loss(trained.predictor(x), y))
        (frame,) = sessions["predict"].run(None, {"x": x.numpy(), **weights})
        assert abs(frame - adapted(x).numpy()).max() < 1e-5
    assert loss < first  # of the weights before the last step


def test_a_model_is_small_enough_to_be_sent(exported):
    _, manifest, (folder, _) = exported
    sizes = [(folder / name).stat().st_size for name in manifest["files"].values()]
    assert sum(sizes) < 300_000


def test_an_operator_nobody_has_written_is_named():
    def function(x):
        return [x.cumsum(0)]

    traced = export_onnx._traced(function, torch.rand(3))
    with pytest.raises(NotImplementedError, match="cumsum"):
        export_onnx.translate(traced, ["x"])


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    status = export_onnx.main(["--name", "camera_maml", "--out", str(tmp_path / "file")])
    said = capsys.readouterr().err
    assert status == 2 and said.count("\n") == 1 and "file" in said
