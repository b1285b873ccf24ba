"""Is everything here that the course needs? One line per finding, and what to do where something is missing."""

import importlib.metadata
import os
import platform
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from vadkit.scenes import data_folder, list_scenes

PACKAGES = (
    "torch higher numpy opencv-python matplotlib scikit-learn jupyterlab ipywidgets anywidget safetensors".split()
)
TESTED = Path(__file__).resolve().parent.parent / "constraints.txt"


def doctor():
    """Print versions, threads, a video written and read back, a gradient, and the prepared real scenes. Returns True when all
    is well; real scenes are optional and never count as missing."""
    findings = [_versions(), _torch_works(), _opencv_works()]
    for ok, text in findings:
        print("ok      " if ok else "MISSING ", text)
    print("note    ", _real_scenes())
    well = all(ok for ok, _ in findings)
    print(
        "\nAll is well: go on to notebook 01."
        if well
        else "\nMend what is marked MISSING, restart the kernel, run this cell again."
    )
    return well


def _versions():
    tested = dict(line.split("==") for line in TESTED.read_text().split() if "==" in line) if TESTED.exists() else {}
    found, wrong = [f"Python {platform.python_version()}"], []
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is not installed")
            continue
        found.append(f"{name} {version}")
        if name in tested and version.split("+")[0] != tested[name]:
            wrong.append(f"{name} is {version}, the course is tested with {tested[name]}")
    if wrong:
        return False, "; ".join(wrong) + ". Run `make lab` again, or pip install -c constraints.txt -e ."
    return True, ", ".join(found)


def _torch_works():
    x = torch.ones(1, requires_grad=True)
    (x**2).backward()
    where = "a GPU is there and will be used" if torch.cuda.is_available() else "no GPU, none needed"
    return x.grad.item() == 2, f"PyTorch computes gradients, on {torch.get_num_threads()} threads ({where})"


def _opencv_works():
    frames = np.arange(10, dtype=np.uint8)[:, None, None].repeat(64, 1).repeat(64, 2) * 20
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "test.avi")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 64), False)
        for frame in frames:
            writer.write(frame)
        writer.release()
        video = cv2.VideoCapture(path)
        ok, frame = video.read()
        video.release()
    if not ok or frame.shape[:2] != (64, 64):
        return False, "OpenCV could not read back a video it wrote: reinstall opencv-python"
    return True, "OpenCV writes and reads video"


def _real_scenes():
    names, folder = list_scenes(), os.path.relpath(data_folder())
    if names:
        return f"prepared real scenes in {folder}: {', '.join(names)}"
    return (
        f"no prepared real scene in {folder}, and none is needed: the course draws its own videos. "
        "To add one, see docs/datasets.md; to keep them elsewhere, set VADKIT_DATA."
    )
