"""Windows hold the frames they say they hold, and no more of a clip is read than they need."""

import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from vadkit.scenes import Clip
from vadkit.toy import toy_scene
from vadkit.windows import StrangerWindows, Windows, make_windows, to_float


def noise(n_frames, height=6, width=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n_frames, height, width), dtype=np.uint8)


def clips_of(*lengths, **size):
    return [Clip(f"clip{i}", noise(n, seed=i, **size)) for i, n in enumerate(lengths)]


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_every_window_is_a_run_of_source_frames(n_inputs, n_windows, data):
    size = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=4))
    frames = data.draw(arrays(np.uint8, (n_inputs + n_windows, *size)))
    x, y = make_windows(frames, n_inputs)
    assert x.shape == (n_windows, n_inputs, *size) and y.shape == (n_windows, 1, *size)
    assert x.dtype == y.dtype == torch.float32
    inputs, targets = ((part * 255).round().byte().numpy() for part in (x, y))
    for i in range(n_windows):
        end = i + n_inputs
        assert np.array_equal(inputs[i], frames[i:end])
        assert np.array_equal(targets[i], frames[end : end + 1])


def test_black_is_zero_and_white_is_one():
    x, y = make_windows(np.stack([np.full((2, 2), v, np.uint8) for v in (0, 51, 102, 255, 255)]))
    assert x[0, :, 0, 0].tolist() == pytest.approx([0, 0.2, 0.4, 1]) and y.max() == 1


def test_float_frames_are_taken_as_they_are_and_not_written_to():
    frames = noise(7).astype(np.float64) / 255
    before = frames.copy()
    x, y = make_windows(frames)
    for part in (x, y):
        part.zero_()
    assert np.array_equal(frames, before)
    assert torch.equal(make_windows(frames)[0], make_windows(noise(7))[0])


@pytest.mark.parametrize(
    "view", [lambda f: f[::-1], lambda f: f[::2], lambda f: f[:, ::-1, ::2], np.asfortranarray]
)
def test_views_of_an_array_give_the_same_windows_as_its_copy(view):
    frames = view(noise(20))
    assert torch.equal(make_windows(frames)[0], make_windows(np.ascontiguousarray(frames))[0])
    assert torch.equal(Windows([Clip("view", frames)]).batch([3])[1], make_windows(frames)[1][3:4])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, 5), st.randoms())
def test_lazy_windows_equal_eager_ones_in_any_order(lengths, n_inputs, random):
    if max(lengths) <= n_inputs:
        with pytest.raises(ValueError, match="No window"):
            Windows(clips_of(*lengths), n_inputs)
        return
    clips = clips_of(*lengths)
    windows = Windows(clips, n_inputs)
    eager = [make_windows(clip.frames, n_inputs) for clip in clips if len(clip) > n_inputs]
    x, y = torch.cat([x for x, _ in eager]), torch.cat([y for _, y in eager])
    assert len(windows) == len(x)
    order = list(range(len(x)))
    random.shuffle(order)
    lazy_x, lazy_y = windows.batch(order)
    assert torch.equal(lazy_x, x[order]) and torch.equal(lazy_y, y[order])
    first_x, first_y = windows[order[0]]
    assert torch.equal(first_x, x[order[0]]) and torch.equal(first_y, y[order[0]])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(lambda lengths: max(lengths) > 4))
def test_locate_counts_windows_clip_by_clip(lengths):
    windows = Windows(clips_of(*lengths))
    expected = [(clip, first) for clip, length in enumerate(lengths) for first in range(length - 4)]
    assert [windows.locate(i) for i in range(len(windows))] == expected


@pytest.mark.parametrize("index", [-1, 8, 10**9])
def test_a_window_that_is_not_there_is_an_index_error(index):
    windows = Windows(clips_of(10, 6))
    with pytest.raises(IndexError, match="from 0 to 7"):
        windows[index]


def test_a_data_loader_and_a_for_loop_see_every_window_once():
    windows = Windows(clips_of(8, 3, 6))
    seen = torch.cat([y for _, y in torch.utils.data.DataLoader(windows, batch_size=4)])
    assert torch.equal(seen, windows.batch(range(6))[1])
    assert torch.equal(torch.stack([y for _, y in windows]), seen)


class OnlySlices:
    """Frames that count how many of them were read, and cannot be had whole."""

    def __init__(self, n_frames):
        self.n_frames, self.read, self.shape = n_frames, 0, (n_frames, 8, 8)

    def __len__(self):
        return self.n_frames

    def __getitem__(self, key):
        start, stop, step = key.indices(self.n_frames)
        self.read += stop - start
        return np.full((stop - start, 8, 8), start % 256, np.uint8)

    def __array__(self, *args, **kwargs):
        raise MemoryError("the whole clip was asked for")


def test_a_batch_reads_five_frames_per_window():
    frames = OnlySlices(10**9)
    windows = Windows([Clip("endless", frames)])
    x, _ = windows.batch([0, 7, 10**9 - 5])
    assert x.shape == (3, 4, 8, 8) and frames.read == 15


def test_a_memory_mapped_clip_is_never_loaded_whole(tmp_path):
    shape = (2**14, 128, 128)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with open(tmp_path / "big.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + math.prod(shape))  # sparse: 256 MiB that take no room
    clip = Clip("big", np.load(tmp_path / "big.npy", mmap_mode="r"))
    tracemalloc.start()
    windows = Windows([clip])
    for i in range(0, len(windows), len(windows) // 50):
        windows.batch([i])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(windows) == 2**14 - 4
    assert peak < 2**20, f"{peak / 2**20:.0f} MiB at once for windows of 80 KiB"


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (np.zeros((10, 8), np.uint8), "shape"),
        (np.zeros((10, 8, 8, 3), np.uint8), "shape"),
        (np.zeros((4, 8, 8), np.uint8), "longer clip"),
        (np.zeros((0, 8, 8), np.uint8), "longer clip"),
        (np.zeros((10, 8, 8), np.int64), "int64"),
        (np.zeros((10, 8, 8), bool), "bool"),
        (np.full((10, 8, 8), 255.0), "divide by 255"),
        (np.full((10, 8, 8), -0.5), r"\[0, 1\]"),
        (np.full((10, 8, 8), np.inf), r"\[0, 1\]"),
    ],
)
def test_frames_that_are_no_grey_video_get_one_sentence(frames, words):
    with pytest.raises(ValueError, match=words):
        make_windows(frames)
    with pytest.raises(ValueError):
        Windows([Clip("odd", frames)]).batch([0])


def test_frames_that_are_not_a_number_stay_not_a_number():
    frames = noise(8).astype(np.float32) / 255
    frames[5, 0, 0] = np.nan
    x, y = make_windows(frames)
    assert [bool(t.isnan().any()) for t in x] == [False, False, True, True]
    assert [bool(t.isnan().any()) for t in y] == [False, True, False, False]


@pytest.mark.parametrize("n_inputs", [0, -1])
def test_a_window_needs_an_input(n_inputs):
    with pytest.raises(ValueError):
        make_windows(noise(9), n_inputs)
    with pytest.raises(ValueError):
        Windows(clips_of(9), n_inputs)


def test_clips_of_two_sizes_do_not_mix_and_both_sizes_are_named():
    windows = Windows([Clip("small", noise(6, 4, 4)), Clip("large", noise(6, 8, 8))])
    with pytest.raises(ValueError, match=r"\(4, 4\), \(8, 8\)"):
        windows.batch([0, 2])


def test_no_clips_and_no_indices():
    with pytest.raises(ValueError, match="0 clips"):
        Windows([])
    with pytest.raises(ValueError, match="no window"):
        Windows(clips_of(6)).batch([])


def test_to_float_copies_and_keeps_the_shape():
    frames = noise(2)
    video = to_float(frames)
    video.zero_()
    assert frames.any() and video.shape == frames.shape


def test_windows_with_strangers_have_the_frame_without_them_as_target():
    scene = toy_scene(1, "campus", custom="stream", n_test=3)
    windows = StrangerWindows(scene.test_clips)
    assert len(windows) == sum(clip.labels[4:].sum() for clip in scene.test_clips)
    x, y = windows.batch(range(len(windows)))
    assert x.shape == (len(windows), 4, 64, 64) and y.shape == (len(windows), 1, 64, 64)
    clip, first = windows.locate(5)
    frame = first + 4
    seen = scene.test_clips[clip]
    assert np.array_equal((x[5] * 255).round(), seen.frames[frame - 4 : frame])
    assert np.array_equal((y[5, 0] * 255).round(), seen.without_anomaly().frames[frame])
    assert torch.equal(windows[5][1], y[5])
    with pytest.raises(ValueError, match="No window with a stranger in 4 clips"):
        StrangerWindows(
            [*(clip.without_anomaly() for clip in scene.test_clips), *scene.train_clips[:1]]
        )
