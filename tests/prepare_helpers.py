"""Small clips, and the command lines of data_scripts/, for the tests of `vadkit.prepare`."""

import json
import tarfile
from pathlib import Path

import command_line
import cv2
import numpy as np
import prepare_video

SCRIPTS = Path(__file__).resolve().parents[1] / "data_scripts"
H, W = 32, 48
SIZE = ["--size", f"{H}x{W}"]


# Frames


def moving_square(length, seed=0, size=(H, W)):
    rng = np.random.default_rng(seed)
    frames = np.repeat(rng.integers(0, 100, (1, *size), np.uint8), length, axis=0)
    for t in range(length):
        frames[t, 4:12, t : t + 8] = 200 + t
    return frames


def noise(length, seed):
    return np.random.default_rng(seed).integers(0, 255, (length, H, W), np.uint8)


def masks_of(length, first, last):
    """The lower left quarter is abnormal in frames first..last, 1-based and inclusive."""
    masks = np.zeros((length, H, W), np.uint8)
    masks[first - 1 : last, H // 2 :, : W // 2] = 255
    return masks


# Files


def write_pictures(folder, frames, name="frame{}.png"):
    folder.mkdir(parents=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(str(folder / name.format(t + 1)), frame)
    return folder


def write_video(path, frames, codec="FFV1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    fourcc, size = cv2.VideoWriter_fourcc(*codec), frames.shape[:0:-1]
    writer = cv2.VideoWriter(str(path), fourcc, 25, size, isColor=False)
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def make_home(folder):
    """Two training clips and one labelled test clip, as pictures."""
    for number in (1, 2):
        frames = moving_square(10 + number, seed=number)
        write_pictures(folder / "train" / f"day{number}", frames)
    write_pictures(folder / "test" / "night", moving_square(12, seed=9))
    write_labels(folder, night=[0] * 7 + [1] * 5)
    return folder


def write_labels(home, **labels):
    (home / "labels.json").write_text(json.dumps(labels))


UCSD_LABELS = """TestVideoFile = {};
TestVideoFile{end+1}.gt_frame = [2:4, 10:12];
TestVideoFile{end+1}.gt_frame = [1:8];"""


def make_ucsd(folder):
    """The UCSD dataset in miniature, with the junk that its archive holds."""
    top = folder / "UCSD_Anomaly_Dataset.v1p2"
    for name in ("UCSDped1", "UCSDped2"):
        write_pictures(top / name / "Train" / "Train001", noise(6, 1), "{:03d}.tif")
        write_pictures(top / name / "Test" / "Test001", noise(12, 2), "{:03d}.tif")
        write_pictures(top / name / "Test" / "Test002", noise(8, 3), "{:03d}.tif")
        (top / name / "Test" / f"{name}.m").write_text(UCSD_LABELS)
        (top / name / "Test" / "Test001" / "._001.tif").write_bytes(b"junk")
        (top / name / ".DS_Store").write_bytes(b"junk")
    masks = top / "UCSDped2" / "Test" / "Test002_gt"
    write_pictures(masks, masks_of(8, 1, 7), "frame{:03d}.bmp")
    return top


def tar_of(folder, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    return path


def cut_file(path, share):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


# Command lines


def run(*arguments, jobs=1):
    """prepare_video.py; its exit code."""
    return run_script(prepare_video, *arguments, jobs=jobs)


def run_script(script, *arguments, jobs=1):
    words = [str(word) for word in (*arguments, "--jobs", jobs)]
    return command_line.run_script(script.main, words)


def unlabelled(home, *more):
    clips = ["--train", home / "train", "--test", home / "test"]
    return [*clips, *SIZE, "--out", home / "data" / "scene", *more]


def usual(home, *more):
    return unlabelled(home, "--labels", home / "labels.json", *more)


# What came of it


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def read_json(path):
    return json.loads(path.read_text())


def error_of(capsys):
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1
    return errors[0]


def refused(home, capsys, *names, arguments=None):
    """Exit code 2, one sentence that names the culprit, nothing on disk."""
    capsys.readouterr()
    assert run(*(arguments or usual(home))) == 2
    error = error_of(capsys)
    for name in names:
        assert name in error
    assert names_in(home / "data") == []
