"""PyTorch's traced operators as ONNX nodes: just those that our predictors and their backward
pass use, and not one more.

`BACKWARD` says in PyTorch how the larger operators are put together: the backward pass of a
convolution, for one, out of convolutions. `translate` turns what is left into nodes.
"""

import operator
from collections.abc import Callable

import numpy as np
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch.fx import GraphModule, Node
from torch.nn import functional as F

aten = torch.ops.aten
# WebAssembly adds up naively: of so many numbers at a time, one axis after the other, it loses
# fifty times less than of thousands.
FOLD = 64


def _convolution_backward(g, x, w, _, stride, padding, dilation, transposed, __, groups, mask):
    """By the input: a transposed convolution. By the weights: channels and batch change places."""
    if transposed or groups != 1 or list(dilation) != [1, 1]:
        raise NotImplementedError("Only plain convolutions can be exported.")
    by_input = by_weights = by_bias = None
    if mask[0]:
        full = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(
            g.shape[2:], stride, padding, w.shape[2:])]  # fmt: skip
        missing = [n - m for n, m in zip(x.shape[2:], full)]
        by_input = F.conv_transpose2d(g, w, None, stride, padding, missing)
    if mask[1]:
        swapped = F.conv2d(_swapped(x), _swapped(g), None, 1, padding, stride)
        by_weights = _swapped(swapped[..., : w.shape[2], : w.shape[3]])
    if mask[2]:
        by_bias = g.sum((0, 2, 3))
    return by_input, by_weights, by_bias


def _swapped(x):
    return x.permute(1, 0, 2, 3)


def _group_norm(x, w, b, n, channels, _, groups, eps):
    grouped = x.reshape(n, groups, -1)
    mean = grouped.mean(2, keepdim=True)
    centred = grouped - mean
    scale = ((centred * centred).mean(2, keepdim=True) + eps).sqrt()
    normal = (centred / scale).reshape(x.shape)
    return normal * w.reshape(1, -1, 1, 1) + b.reshape(1, -1, 1, 1), mean, scale


def _group_norm_backward(g, x, mean, scale, w, n, channels, _, groups, mask):
    normal = (x.reshape(n, groups, -1) - mean) / scale
    by_normal = (g * w.reshape(1, -1, 1, 1)).reshape(n, groups, -1)
    mean_part = by_normal.mean(2, keepdim=True)
    own_part = normal * (by_normal * normal).mean(2, keepdim=True)
    by_input = ((by_normal - mean_part - own_part) / scale).reshape(x.shape)
    return by_input, (g * normal.reshape(x.shape)).sum((0, 2, 3)), g.sum((0, 2, 3))


def _silu_backward(g, x):
    s = x.sigmoid()
    return g * (s * (1 + x * (1 - s)))


def _nearest_backward(g, _, shape, *scales):
    """Each pixel went to a block of 2 x 2."""
    n, channels, height, width = shape
    return g.reshape(n * channels, height, 2, width, 2).sum((2, 4)).reshape(shape)


def _unshuffle(x, r):
    n, channels, height, width = x.shape
    blocks = x.reshape(n, channels, height // r, r, width // r, r).permute(0, 1, 3, 5, 2, 4)
    return blocks.reshape(n, channels * r * r, height // r, width // r)


def _shuffle(x, r):
    n, channels, height, width = x.shape
    blocks = x.reshape(n, channels // (r * r), r, r, height, width).permute(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, channels // (r * r), height * r, width * r)


def _variance(x, dim, *, correction=1, keepdim=False):
    centred = x - x.mean(dim, keepdim=True)
    n = np.prod([x.shape[axis] for axis in dim])
    return (centred * centred).sum(dim, keepdim=keepdim) / (n - correction)


BACKWARD: dict[Callable, Callable] = {
    aten.convolution_backward.default: _convolution_backward,
    aten.native_group_norm.default: _group_norm,
    aten.native_group_norm_backward.default: _group_norm_backward,
    aten.pixel_shuffle.default: _shuffle,
    aten.pixel_unshuffle.default: _unshuffle,
    aten.silu.default: lambda x: x * x.sigmoid(),
    aten.silu_backward.default: _silu_backward,
    aten.upsample_nearest2d_backward.default: _nearest_backward,
    aten.var.correction: _variance,
}


class _Writer:
    """Nodes and constants so far; `name_of` is what ONNX calls a traced value."""

    def __init__(self):
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}
        self.name_of: dict[Node, str] = {}

    def constant(self, value, dtype):
        array = np.array(value, dtype)
        name = f"{array.dtype}{array.tolist()}".replace(" ", "")
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def __call__(self, kind, *inputs, **attributes):
        """Add a node; what its output is called. Numbers among the inputs become constants."""
        named = [self._named(value) for value in inputs]
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, named, [output], **attributes))
        return output

    def _named(self, value):
        if isinstance(value, str):
            return value
        if isinstance(value, Node):
            return self.name_of[value]
        return self.constant(value, np.float32)

    def shape(self, *values):
        return self.constant(values, np.int64)


def _convolution(write, x, w, bias, stride, padding, dilation, transposed, extra, groups):
    given = [x, w] if bias is None else [x, w, bias]
    options = {"strides": stride, "pads": [*padding, *padding], "dilations": dilation}
    if transposed:
        options["output_padding"] = extra
    kind = "ConvTranspose" if transposed else "Conv"
    return write(kind, *given, group=groups, **options)


def _view(write, x, shape):
    """A first dimension that stays is left open, as 0: so a batch may have any size."""
    stays = x.meta["val"].shape[0] == shape[0]
    return write("Reshape", x, write.shape(*([0, *shape[1:]] if stays else shape)))


def _slice(write, x, axis, start, end, step=1):
    bounds = [write.shape(bound) for bound in (start, end, axis, step)]
    return write("Slice", x, *bounds)


def _reduce(kind):
    def reduce(write, x, axes=(), keepdim=False):
        value, shape = x, list(x.meta["val"].shape)
        for axis in sorted((axis % len(shape) for axis in axes or range(len(shape))), reverse=True):
            if axis and shape[axis] > FOLD and shape[axis] % FOLD == 0:
                folded, rest = [shape[axis] // FOLD, FOLD], shape[axis + 1 :]
                value = write("Reshape", value, write.shape(0, *shape[1:axis], *folded, *rest))
                value = write(kind, value, write.shape(axis + 1), keepdims=0)
            value = write(kind, value, write.shape(axis), keepdims=int(keepdim))
            shape[axis : axis + 1] = [1] if keepdim else []
        return value

    return reduce


def _nearest(write, x, size, *scales):
    factors = write.constant([1, 1, 2, 2], np.float32)
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    return write("Resize", x, "", factors, nearest_mode="floor", **how)


def _plain(kind):
    return lambda write, *values: write(kind, *values)


def _same(write, x, **_):
    return write.name_of[x]


def _item(write, values, index):
    """Of a list: of `unbind`, a slice; of an operator with several results, the one."""
    source = values.args[0]
    return write("Squeeze", _slice(write, source, 0, index, index + 1), write.shape(0))


OPERATORS: dict[Callable, Callable] = {
    aten.add.Tensor: _plain("Add"),
    aten.sub.Tensor: _plain("Sub"),
    aten.rsub.Scalar: lambda write, x, n: write("Sub", n, x),
    aten.mul.Tensor: _plain("Mul"),
    aten.mul.Scalar: _plain("Mul"),
    aten.div.Tensor: _plain("Div"),
    aten.div.Scalar: _plain("Div"),
    aten.pow.Tensor_Scalar: _plain("Pow"),
    aten.sqrt.default: _plain("Sqrt"),
    aten.sigmoid.default: _plain("Sigmoid"),
    aten.log10.default: lambda write, x: write("Div", write("Log", x), float(np.log(10))),
    aten.mean.dim: _reduce("ReduceMean"),
    aten.mean.default: _reduce("ReduceMean"),
    aten.sum.dim_IntList: _reduce("ReduceSum"),
    aten.convolution.default: _convolution,
    aten.view.default: _view,
    aten._unsafe_view.default: _view,
    aten.slice.Tensor: _slice,
    aten.permute.default: lambda write, x, order: write("Transpose", x, perm=order),
    aten.clone.default: _same,
    aten.cat.default: lambda write, parts, axis: write("Concat", *parts, axis=axis),
    aten.upsample_nearest2d.default: _nearest,
    aten.expand.default: lambda write, x, shape: write("Expand", x, write.shape(*shape)),
    aten.ones_like.default: lambda write, x: write.constant(np.ones(x.meta["val"].shape), "f4"),
    aten.unsqueeze.default: lambda write, x, axis: write("Unsqueeze", x, write.shape(axis)),
    aten.alias.default: _same,
    aten.detach.default: _same,
    operator.getitem: _item,
}


def translate(
    traced: GraphModule, inputs: list[str]
) -> tuple[list[NodeProto], list[TensorProto], list[str]]:
    """Turn a traced function into ONNX nodes and constants; what its results are called.

    Parameters
    ----------
    traced, inputs : GraphModule, list of str
        Traced with `BACKWARD`; and the names of what it takes.
    """
    write, names = _Writer(), iter(inputs)
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            write.name_of[node] = next(names)
        elif node.op == "call_function" and node.target is not aten.unbind.int:
            if node.target not in OPERATORS:
                raise NotImplementedError(f"No ONNX is written for {node.target}: add it here.")
            write.name_of[node] = OPERATORS[node.target](write, *node.args)
        elif node.op == "output":
            results = [write.name_of[result] for result in node.args[0]]
    return write.nodes, list(write.constants.values()), results
