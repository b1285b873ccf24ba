"""Is all here that the course needs? One line per finding, and what to do where something lacks."""

import importlib.metadata
import os
import platform
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from packaging.requirements import Requirement

from vadkit.scenes import data_folder, list_scenes

PACKAGES = [
    "torch",
    "higher",
    "numpy",
    "pandas",
    "opencv-python",
    "matplotlib",
    "scikit-learn",
    "jupyterlab",
    "ipywidgets",
    "anywidget",
    "safetensors",
]
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"


def doctor() -> bool:
    """Print what is installed and whether it works: versions, a gradient, a video, real scenes.

    Returns True when all is well. Real scenes are optional and never count as missing.
    """
    findings = [_check_versions(), _check_torch(), _check_opencv()]
    for ok, text in findings:
        print("ok      " if ok else "MISSING ", text)
    print("note    ", _describe_real_scenes())
    well = all(ok for ok, _ in findings)
    if well:
        print("\nAll is well: go on to notebook 01.")
    else:
        print("\nMend what is marked MISSING, restart the kernel, run this cell again.")
    return well


def _check_versions():
    installed, faults = [f"Python {platform.python_version()}"], []
    tested = _tested_versions()
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            faults.append(f"{name} is not installed")
            continue
        installed.append(f"{name} {version}")
        if name in tested and version.split("+")[0] != tested[name]:
            faults.append(f"{name} is {version}, the course is tested with {tested[name]}")
    if faults:
        cure = "Run `make lab` again, or pip install -c constraints.txt -e ."
        return False, f"{'; '.join(faults)}. {cure}"
    return True, ", ".join(installed)


def _tested_versions():
    """The versions of constraints.txt for this machine; none where a wheel was installed."""
    if not CONSTRAINTS.exists():
        return {}
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if "==" in line and not line.startswith("#")]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in here}


def _check_torch():
    x = torch.ones(1, requires_grad=True)
    (x**2).backward()
    gpu = "a GPU is there and will be used" if torch.cuda.is_available() else "no GPU, none needed"
    threads = torch.get_num_threads()
    return x.grad.item() == 2, f"PyTorch computes gradients; threads: {threads} ({gpu})"


def _check_opencv():
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


def _describe_real_scenes():
    names, folder = list_scenes(), os.path.relpath(data_folder())
    if names:
        return f"prepared real scenes in {folder}: {', '.join(names)}"
    return (
        f"no prepared real scene in {folder}, and none is needed: the course draws its own videos. "
        "To add one, see docs/datasets.md; to keep them elsewhere, set VADKIT_DATA."
    )
