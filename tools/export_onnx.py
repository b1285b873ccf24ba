"""Write the network that a browser runs: two ONNX graphs, its weights, and a manifest.

    python tools/export_onnx.py --out build/site/models

`predict.onnx` is the forward pass, for any number of windows. `step.onnx` is one inner step of
`vadkit.adapt`: forward, loss, backward, and theta - alpha * gradient. Weights are inputs of both,
so what one step gives is what the next takes. No training runtime is needed: PyTorch's autograd
is traced once, and its backward pass is written with the operators that an inference runtime has.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from aten_to_onnx import BACKWARD, translate
from onnx import TensorProto, helper
from torch import Tensor
from torch.func import functional_call
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

import vadkit
from vadkit.checkpoints import atomic_path
from vadkit.maml import MetaTrained
from vadkit.windows import N_INPUTS

MODELS = {"streams_maml": 10, "camera_maml": 5}  # and the windows that they settle in with
SIDE = 64
OPSET, IR_VERSION = 18, 9


def main(arguments: list[str] | None = None) -> int:
    """Write every model into a folder; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--name", choices=sorted(MODELS), action="append", dest="names")
    options = parser.parse_args(arguments)
    for name in options.names or MODELS:
        try:
            size = export(name, options.out)
        except OSError as error:
            print(f"Nothing can be written to {options.out}: {error.strerror}.", file=sys.stderr)
            return 2
        print(f"{options.out / name}.json: {size / 1e3:.0f} kB with its graphs and weights")
    return 0


def export(name: str, folder: Path, k_shot: int | None = None, side: int = SIDE) -> int:
    """Write one shipped model as NAME.json and what it names; how many bytes in all."""
    folder.mkdir(parents=True, exist_ok=True)
    trained, k_shot = vadkit.load_checkpoint(name), k_shot or MODELS[name]
    names = [key for key, _ in trained.predictor.named_parameters()]
    weights = [p.detach() for p in trained.predictor.parameters()]
    files = {
        "predict": _serialized(predict_graph(trained, side)),
        "step": _serialized(step_graph(trained, k_shot, side)),
        "weights": b"".join(w.half().numpy().astype("<f2").tobytes() for w in weights),
    }
    endings = {"predict": "predict.onnx", "step": "step.onnx", "weights": "f16.bin"}
    manifest = {
        "name": name,
        "side": side,
        "n_inputs": N_INPUTS,
        "k_shot": k_shot,
        "n_steps": trained.n_inner_steps,
        "weights": [[key, list(w.shape)] for key, w in zip(names, weights)],
        "rates": [_rates(trained, step).tolist() for step in range(trained.n_inner_steps)],
        "files": {kind: f"{name}.{ending}" for kind, ending in endings.items()},
    }
    text = json.dumps(manifest).encode()
    named = {manifest["files"][kind]: data for kind, data in files.items()}
    for file, data in {**named, f"{name}.json": text}.items():
        with atomic_path(folder / file) as unfinished:
            unfinished.write_bytes(data)
    return sum(map(len, files.values())) + len(text)


def _rates(trained, step):
    """The rates of one step as the runtime takes them, (n tensors,) float32."""
    return np.array(
        [float(torch.as_tensor(rate).detach()) for rate in trained.rates.at(step)], np.float32
    )


def predict_graph(trained: MetaTrained, side: int) -> onnx.ModelProto:
    """From weights and windows "x" (N, 4, side, side) to frames "frame" (N, 1, side, side)."""
    names, weights = _weights(trained)
    x = torch.rand(2, N_INPUTS, side, side)

    def predict(x, *weights):
        return [functional_call(trained.predictor, dict(zip(names, weights)), (x,))]

    return _model("predict", _traced(predict, x, *weights), ["x", *names], ["frame"], free=True)


def step_graph(trained: MetaTrained, k_shot: int, side: int) -> onnx.ModelProto:
    """From weights, K windows "x", "y" and "rates" to the "loss" and the weights after a step.

    The weight NAME comes out as "next.NAME".
    """
    names, weights = _weights(trained)
    x, y = torch.rand(k_shot, N_INPUTS, side, side), torch.rand(k_shot, 1, side, side)
    rates = torch.from_numpy(_rates(trained, 0))

    def step(x, y, rates, *weights):
        theta = [w.detach().requires_grad_() for w in weights]
        loss = trained.loss(functional_call(trained.predictor, dict(zip(names, theta)), (x,)), y)
        gradients = torch.autograd.grad(loss, theta)
        moved = [w - alpha * g for w, alpha, g in zip(weights, rates.unbind(), gradients)]
        return [loss.detach(), *moved]

    traced = _traced(step, x, y, rates, *weights)
    outputs = ["loss", *(f"next.{name}" for name in names)]
    return _model("step", traced, ["x", "y", "rates", *names], outputs)


def _weights(trained: MetaTrained) -> tuple[list[str], list[Tensor]]:
    pairs = [(name, p.detach()) for name, p in trained.predictor.named_parameters()]
    names, weights = zip(*pairs)
    return list(names), list(weights)


def _traced(function: Callable, *values: Tensor) -> GraphModule:
    graph = make_fx(function, decomposition_table=BACKWARD)(*values)
    graph.graph.eliminate_dead_code()
    return graph


def _model(name, traced, inputs, outputs, free=False):
    """One ONNX model of a traced function; `free`: its first dimension may be any."""
    nodes, constants, results = translate(traced, inputs)
    given = [node.meta["val"] for node in traced.graph.nodes if node.op == "placeholder"]

    def info(value, shape):
        return helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)

    def shape_of(value):
        is_windows = free and value.ndim == 4 and value.shape[2] == given[0].shape[2]
        return ["N", *value.shape[1:]] if is_windows else list(value.shape)

    nodes += [helper.make_node("Identity", [of], [to]) for of, to in zip(results, outputs)]
    returned = next(node for node in traced.graph.nodes if node.op == "output").args[0]
    graph = helper.make_graph(
        nodes,
        name,
        [info(key, shape_of(value)) for key, value in zip(inputs, given)],
        [info(key, shape_of(node.meta["val"])) for key, node in zip(outputs, returned)],
        constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def _serialized(model):
    return model.SerializeToString(deterministic=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
