"""Whatever one gives to a public function: a result, or one sentence of ours. Never a raw error."""

import ast
import functools
import inspect
import math
import tempfile
import traceback
import warnings
from pathlib import Path

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
import torch

import vadkit
from vadkit import (
    adaptation,
    adversarial,
    callbacks,
    checkpoints,
    episodes,
    evaluation,
    losses,
    maml,
    metrics,
    pasting,
    pools,
    predicting,
    predictors,
    toy,
    training,
    view,
    widgets,
    windows,
    zoo,
)

MODULES = [
    adaptation, adversarial, callbacks, checkpoints, episodes, evaluation, losses, maml, metrics,
    pasting, pools, predicting, predictors, toy, training, view, widgets, windows, zoo,
]  # fmt: skip
UNCHECKED = {  # names of no function that a reader calls, or of plain records
    "Callback", "Cutout", "History", "MetaHistory", "NormalLife", "Predictor", "RenderedClip",
    "Score", "ToyScene", "Widget", "World", "atomic_path", "check_episode",
    "count_parameters", "in_eval_mode", "list_checkpoints", "trainable",
}  # fmt: skip
HERE = Path(vadkit.__file__).parent
METHODS = {
    episodes.EpisodeSampler: ["__getitem__"],
    episodes.Task: ["to"],
    evaluation.Evaluation: ["auc_of", "auc_among"],
    maml.InnerRates: ["at"],
    maml.MetaTrained: ["adapt", "save", "load"],
    pasting.PastedStrangers: ["batch"],
    pools.ClassPool: ["check", "sample"],
    pools.ScenePool: ["check", "sample"],
    predictors.UNet: ["forward", "feature_maps"],
    predictors.MemoryUNet: ["addressing"],
    toy.RenderedClip: ["in_world"],
    toy.ToyScene: ["in_world", "normal_clip", "strange_clip"],
    widgets.Gallery: ["to_html", "save_html"],
    windows.StrangerWindows: ["batch", "locate"],
    windows.Windows: ["batch", "locate"],
}
LIMITS = (TypeError, ValueError, FloatingPointError, IndexError, OSError)  # what may be raised


@functools.cache
def scene():
    return toy.toy_scene(0, size=32, n_train=1, n_test=1, n_frames=40, kinds=["boar"])


@functools.cache
def network():
    return predictors.build_predictor("unet", width=4, depth=1)


@functools.cache
def good():
    """A good value for every argument, by its name; a name means the same in all functions."""
    folder = Path(tempfile.mkdtemp())
    here, clip = scene(), scene().test_clips[0]
    learned, samples = here.train_windows(), here.train_windows().batch(range(6))
    pool = pools.ScenePool([here, here])
    sampler = episodes.EpisodeSampler(pool, n_way=2, k_shot=1, n_query=1)
    model = predictors.build_predictor("unet", width=4, depth=1)
    x, y = samples
    few = {name: 1 for name in ("steps", "n_steps", "n_inner_steps", "n_query", "k_shot", "step")}
    return few | {
        "alt": "a figure", "average": "micro", "batch_size": 4, "below": clip.labels,
        "callbacks": [], "caption": "a table", "captions": ["a clip"], "causal": False,
        "classes": (), "clip": clip, "clips": [clip], "columns": 2, "custom": None,
        "cutouts": strangers(), "decay": 0.5, "depth": 1, "device": "cpu", "empty": "",
        "english": "a boar",
        "episode": sampler[0], "every": 2, "figure": figure(), "first_order": True, "fps": 5.0,
        "fraction": 0.5, "frame": pd.DataFrame({"a": [1]}), "frames": clip.frames, "guess": False,
        "generator": torch.Generator(), "gradient": 0.0, "half": False, "halvings": 1, "heads": 2,
        "header": {"a": 1}, "held_out": 0.1, "history": maml.MetaHistory(), "images": clip.frames,
        "index": 0, "indices": [0, 1], "inner_lr": 0.01, "keep": 2, "kind": "boar",
        "kinds": ["boar"], "labels": clip.labels, "learn": None, "loss": losses.prediction_loss,
        "lr": 0.01, "make_clip": here.normal_clip, "max_norm": 1.0, "measure": None,
        "members": [0], "minutes": None, "monitor": maml.Monitor(progress=False), "moved": 0.1,
        "mse": 0.1, "n": 1, "n_clips": 1, "n_frames": 40, "n_inputs": 4, "n_test": 1, "n_train": 1,
        "n_way": 2, "n_windows": 2, "names": ["a"], "normalise": False, "normalize": None,
        "note_every": 1, "number": 0, "on_fake": y, "on_real": y, "only": "", "optimizer": "sgd",
        "others": clip.labels, "outer": torch.optim.SGD(model.parameters(), 0.1),
        "outer_lr": 0.01, "overlap": False, "path": str(folder / "file"), "place": "campus",
        "playing": False, "pool": pool, "prediction": y, "predictions": None,
        "predictor": model, "predictors": {"unet": network()}, "predicts": "frame",
        "progress": False, "psnr": np.linspace(20, 30, len(clip)), "quality": 80,
        "psnr_values": np.linspace(20, 30, len(clip)), "query": samples, "rates_lr": 0.01,
        "rates": maml.InnerRates(model), "rng": np.random.default_rng(0), "rows": 1,
        "sample_batch": None, "sampler": sampler, "scene": here, "scenes": [here, here],
        "schedule": lambda done, steps: 1.0, "score": "frame", "score_name": "score",
        "scores": np.arange(40.0), "seed": 0, "seeds": None, "share": 0.5, "sharpness": 10.0,
        "shown": figure(), "shrink": 1.0, "size": 32, "skips": True, "slots": 4,
        "smooth": None, "stem": 1,
        "step_weights": None, "stranger_share": 0.5, "summary": "more", "support": samples,
        "target": y,
        "tasks": sampler[0], "tensors": {"a": y}, "threshold": 0.5, "train": lambda predictor: None,
        "truth": clip.labels, "truth_name": "truth", "update": maml.meta_step,
        "validate_every": 1, "validation": (), "values": np.arange(9.0), "variants": 2,
        "video": samples[0][0].numpy(), "wanted": ["boar"], "warm_up": 0.1, "weight": 0.1,
        "weights": torch.full((2, 4), 0.25), "width": 4, "windows": learned, "world": here.world,
        "x": x, "y": y, "blocks": 1, "floor": 1e-5, "error_max": 0.3, "patch": 4, "name": "unet",
        "support_frames": (), "query_frames": (), "strangers": None,
    }  # fmt: skip


@functools.cache
def strangers():
    frames = np.full((20, 8, 8), 200, np.uint8)
    return (pasting.Cutout(frames, frames > 0),)


def figure():
    return view.subplots(size=(1, 1), alt="a figure")[0]


def overrides(name, g):
    """Where a name means something else in one function."""
    clip, rows = scene().test_clips[0], np.arange(40.0)
    return {
        "Evaluation": {"psnr": [rows], "labels": [clip.labels], "kinds": [clip.kinds],
                       "clips": ["a"]},
        "Evaluation.auc_among": {"frames": [np.ones(40, bool)]},
        "ClassPool": {"images": clip.frames, "labels": clip.labels.tolist()},
        "ClassPool.check": {"k_shot": 1, "n_query": 1},
        "ScenePool": {"support": "scattered", "strangers": 0.0},
        "Task": {"name": "a task"},
        "build_predictor": {"name": "unet"},
        "load_checkpoint": {"name": "boar_ordinary"},
        "frame_auc": {"scores": [rows], "labels": [clip.labels]},
        "gallery": {"frames": [5]},
        "feature_maps": {"frame": 5}, "still": {"frame": 5}, "psnr_curve": {"frame": 5},
        "window_strip": {"frame": 5},
        "settle_in": {"strangers": strangers()},
        "paste_into": {"windows": g["support"]},
        "subplots": {"size": (1, 1)},
        "to_image": {"kind": "png"}, "image_tag": {"quality": None},
        "representative_frame": {"wanted": 5},
        "patch_psnr": {"size": 16},
        "kinds_for": {"place": "campus"},
        "drawn_strangers": {"n_clips": 2, "kinds": ["cyclist"]},
        "InnerRates.at": {"step": 0},
        "Scrubber": {"frame": 5, "predictions": None},
        "predictions": {"frame": 5},
        "load_weights": {"path": str(saved("weights"))},
        "load_tensors": {"path": str(saved("weights"))},
        "MetaTrained.load": {"path": str(saved("meta"))},
    }.get(name, {})  # fmt: skip


@functools.cache
def saved(kind):
    path = Path(tempfile.mkdtemp()) / kind
    if kind == "meta":
        a_network = network()
        maml.MetaTrained(a_network, maml.InnerRates(a_network)).save(path)
    else:
        checkpoints.save_weights(path, network())
    return path


def public(module):
    """The functions and classes that a module offers."""
    offered = getattr(module, "__all__", None)
    return {
        name: item
        for name, item in vars(module).items()
        if (inspect.isfunction(item) or inspect.isclass(item)) and name[0] != "_"
        if (name in offered if offered else item.__module__ == module.__name__)
        if name not in UNCHECKED
    }


FUNCTIONS = {name: item for module in MODULES for name, item in public(module).items()}
FUNCTIONS |= {
    f"{cls.__name__}.{name}": getattr(cls, name) for cls, names in METHODS.items() for name in names
}


def an_object(name, g):
    """What a method is called on."""
    clips = scene().test_clips
    made = {
        "EpisodeSampler": lambda: g["sampler"],
        "Task": lambda: g["episode"][0],
        "Evaluation": lambda: evaluation.evaluate(predictors.copy_last_frame, scene()),
        "InnerRates": lambda: g["rates"],
        "MetaTrained": lambda: maml.MetaTrained(g["predictor"], g["rates"]),
        "PastedStrangers": lambda: pasting.PastedStrangers(g["windows"], [0, 1], strangers()),
        "ClassPool": lambda: pools.ClassPool(clips[0].frames, [0, 1] * 20),
        "ScenePool": lambda: g["pool"],
        "UNet": network,
        "MemoryUNet": lambda: predictors.build_predictor("memory", 4, depth=1),
        "RenderedClip": lambda: clips[0],
        "ToyScene": scene,
        "Gallery": lambda: widgets.Gallery(clips),
        "StrangerWindows": lambda: windows.StrangerWindows(clips),
        "Windows": lambda: g["windows"],
    }
    return made[name]()


def arguments(name, g):
    """A function that takes what its signature names, and good values for all of it."""
    function = FUNCTIONS[name]
    if "." in name and name != "MetaTrained.load":
        function = getattr(an_object(name.partition(".")[0], g), name.partition(".")[2])
    mine = g | overrides(name, g)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    names = [n for n, p in inspect.signature(function).parameters.items() if p.kind not in kinds]
    return function, {n: mine[n] for n in names}


def call(function, arguments):
    result = function(**arguments)
    if inspect.isgenerator(result):
        return list(result)
    if hasattr(result, "__enter__") and not isinstance(result, matplotlib.figure.Figure):
        with result:
            pass
    return result


@pytest.fixture
def quiet(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", FUNCTIONS)
def test_good_values_are_good(name, tmp_path, quiet):
    call(*arguments(name, good()))


@functools.cache
def wrong_values():
    here = scene()
    return [
        None, "20", "", math.nan, math.inf, -1, 0, 0.5, True, [], {}, [None], [[1, 2], [3]],
        object(), np.array([]), np.array(["a"]), np.full(3, math.nan), torch.zeros(0),
        torch.ones(2, 3), predictors.UNet, network(), here, here.test_clips, here.test_clips[0],
        here.train_windows(), Path("nowhere"), len,
    ]  # fmt: skip


OF_THE_READER = {
    "loss", "make_clip", "measure", "predictor", "predictors", "sample_batch", "schedule",
    "step_weights", "train", "update",
}  # fmt: skip
UNANNOTATED = {("Gallery", "captions"), ("Gallery", "playing")}
CASES = [
    (name, parameter)
    for name, function in FUNCTIONS.items()
    for parameter, about in inspect.signature(function).parameters.items()
    if parameter != "self" and about.kind not in (about.VAR_KEYWORD, about.VAR_POSITIONAL)
    if (name, parameter) not in UNANNOTATED
]


@functools.cache
def raising_lines(file):
    """The lines of all `raise` statements in a file."""
    nodes = ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
    statements = [node for node in nodes if isinstance(node, ast.Raise)]
    return {line for node in statements for line in range(node.lineno, node.end_lineno + 1)}


def is_raw(error):
    """Why an error is no sentence of ours; "" if it is one."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = f"{HERE}/" in last.filename and last.lineno in raising_lines(last.filename)
    text = str(error)
    if not ours or not isinstance(error, LIMITS):
        where = f"{Path(last.filename).name}:{last.lineno} {last.line}"
        return f"{type(error).__name__} {text[:150]} ({where})"
    is_sentence = len(text) > 15 and "\n" not in text and text[-1] in ".?"
    return "" if is_sentence else f"no sentence: {text}"


def beside(arguments, parameter):
    """The values of the arguments next to one, as if they were swapped."""
    names = list(arguments)
    at = names.index(parameter)
    return [arguments[name] for name in names[max(at - 1, 0) : at + 2] if name != parameter]


@pytest.mark.parametrize("name, parameter", CASES, ids=[".".join(case) for case in CASES])
def test_wrong_values_end_in_a_result_or_a_sentence(name, parameter, tmp_path, quiet, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, right = arguments(name, good())
    problems = []
    for value in [*wrong_values(), *beside(right, parameter)]:
        if parameter in OF_THE_READER and callable(value) and not isinstance(value, type):
            continue  # the errors of a reader's own function are the reader's own
        try:
            call(function, right | {parameter: value})
        except Exception as error:
            problem = is_raw(error)
            if problem:
                problems.append(f"{type(value).__name__} {str(value)[:30]!r}: {problem}")
    assert not problems, "\n".join(problems)
