"""The parts of preparation, one by one: decoding, and writing a .npy as it grows."""

import numpy as np
import prepare_speed
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prepare_helpers import cut_file, moving_square, write_pictures

from vadkit.prepare import clips, decoding


def test_opencv_does_not_talk_over_the_sentence(tmp_path, capfd):
    (tmp_path / "broken.mp4").write_bytes(b"this is no video" * 100)
    with pytest.raises(ValueError, match="cannot be opened"):
        next(decoding.grey_frames(tmp_path / "broken.mp4"))
    folder = write_pictures(tmp_path / "clip", moving_square(6))
    victim = folder / "frame3.png"
    victim.write_bytes(victim.read_bytes()[:60])
    assert prepare_speed.decode_bare(folder) == 6
    assert capfd.readouterr().err == ""


def test_a_corrupt_first_frame_repeats_the_one_after(tmp_path):
    folder = write_pictures(tmp_path / "clip", moving_square(7))
    for number in (1, 2):
        (folder / f"frame{number}.png").write_bytes(b"no picture")
    report = {}
    frames = list(decoding.grey_frames(folder, skip_corrupt=True, report=report))
    np.testing.assert_array_equal(frames, moving_square(7)[[2, 2, 2, 3, 4, 5, 6]])
    assert report == {"repeated_frames": [0, 1]}


def test_damage_is_told_of_one_frame_and_not_of_the_next(tmp_path, capfd):
    folder = write_pictures(tmp_path / "clip", moving_square(7), "frame{}.jpg")
    cut_file(folder / "frame3.jpg", 6 / 10)
    report = {}
    list(decoding.grey_frames(folder, skip_corrupt=True, report=report))
    assert report == {"repeated_frames": [2]}
    assert capfd.readouterr().err == ""


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_growing_npy_is_the_file_numpy_would_write(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("npy")
    items = (np.full((2, 3), value) for value in values)
    clips._write_npy(folder / "a.npy", items, (2, 3), np.uint8)
    np.save(folder / "b.npy", np.repeat(values, 6).astype(np.uint8).reshape(-1, 2, 3))
    assert (folder / "a.npy").read_bytes() == (folder / "b.npy").read_bytes()


@given(st.lists(st.integers(0, 10_000), unique=True, min_size=1))
def test_natural_order_is_the_order_of_the_numbers(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("clip")
    for number in numbers:
        (folder / f"frame{number}.png").touch()
    names = [path.name for path in decoding.visible(folder)]
    assert names == [f"frame{number}.png" for number in sorted(numbers)]
