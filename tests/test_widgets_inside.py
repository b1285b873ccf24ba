"""Inside a U-Net: the maps are those that the network computes, and nothing covers anything."""

import itertools
import json

import numpy as np
import pytest
import torch

import vadkit
from vadcourse.widgets import Inside
from vadkit.scenes import Clip
from vadkit.widgets.base import PLAYER_LIMIT
from vadkit.windows import to_float


@pytest.fixture
def clip():
    rng = np.random.default_rng(0)
    labels = np.arange(30) >= 20
    frames = rng.integers(0, 256, (30, 32, 48), np.uint8)
    return Clip("a clip", frames, labels, ["boar" if l else "" for l in labels])


def network(name="unet", **options):
    predictor = vadkit.build_predictor(name, width=4, **options)
    torch.nn.init.normal_(predictor.head.weight, std=0.05)  # an untrained one copies the frame
    return predictor


def block_of(widget, kind, level=0, variant=0):
    blocks = widget.networks[variant]["blocks"]
    return next(b for b in blocks if (b["kind"], b["level"]) == (kind, level))


def image_of(widget, picture, frame):
    """One picture, as the browser cuts it out of its page."""
    pages = np.frombuffer(widget.pixels, np.uint8).reshape(widget.shape)
    x, y, width, height = widget.places[picture["at"]]
    return pages[widget.kept.index(frame), y : y + height, x : x + width]


def test_the_maps_of_the_encoder_are_those_that_the_network_computes(clip):
    predictor = network(normalise=True)
    widget = Inside({"one": predictor}, clip, n_frames=5, frame=14)
    for level, kind in enumerate(["encoder", "encoder", "encoder", "bottleneck"]):
        block = block_of(widget, kind, level)
        with torch.no_grad():
            maps = predictor.feature_maps(to_float(clip.frames[None, 10:14]))[level][0]
        assert block["shape"] == list(maps.shape) and len(block["pictures"]) == 4
        for picture in block["pictures"]:
            low, high = picture["low"], picture["high"]
            wanted = ((maps[picture["channel"]] - low) / (high - low)).clamp(0, 1)
            shown = image_of(widget, picture, 14) / 255
            assert abs(shown - wanted.numpy()).max() < 0.02 and shown.std() > 0.05


def test_the_last_maps_of_the_decoder_make_the_prediction(clip):
    predictor = network(predicts="change")
    widget = Inside({"one": predictor}, clip, maps=4, n_frames=5, frame=14, side=48)
    block = block_of(widget, "decoder")
    maps = torch.zeros(1, 4, 32, 48)
    for picture in block["pictures"]:
        seen = torch.tensor(image_of(widget, picture, 14) / 255)
        span = picture["high"] - picture["low"]
        maps[0, picture["channel"]] = picture["low"] + span * seen.float()
    with torch.no_grad():
        drawn = to_float(clip.frames[13]) + predictor.head(maps)[0, 0]
    (shown,) = block_of(widget, "prediction")["pictures"]
    difference = image_of(widget, shown, 14) / 255 - drawn.clamp(0, 1).numpy()
    assert abs(difference).mean() < 0.01  # the few brightest values of a map are cut off


def test_what_came_and_what_was_given_are_the_frames_of_the_clip(clip):
    widget = Inside({"one": network()}, clip, n_frames=5, frame=14)
    for i, picture in enumerate(block_of(widget, "input")["pictures"]):
        assert (image_of(widget, picture, 14) == clip.frames[10 + i]).all()
    (truth,) = block_of(widget, "truth")["pictures"]
    (prediction,) = block_of(widget, "prediction")["pictures"]
    assert (image_of(widget, truth, 14) == clip.frames[14]).all()
    assert block_of(widget, "error")["pictures"] == [truth | {"minus": prediction["at"]}]


def test_the_scores_are_those_of_the_scrubber(clip):
    predictor = network(predicts="change")
    widget = Inside({"one": predictor}, clip, n_frames=6)
    psnr = vadkit.scrub(predictor, clip).psnr
    assert widget.networks[0]["psnr"] == pytest.approx([psnr[t] for t in widget.kept], abs=1e-3)


@pytest.mark.parametrize("n_frames, frame", [(1, 4), (1, 29), (4, 17), (7, None), (40, 5)])
def test_frames_are_evenly_spaced_and_the_wanted_one_is_among_them(clip, n_frames, frame):
    widget = Inside({"one": network(depth=1)}, clip, n_frames=n_frames, frame=frame)
    assert widget.frame in widget.kept and frame in (None, widget.frame)
    assert len(widget.kept) <= n_frames and len(set(np.diff(widget.kept))) <= 1
    assert widget.labels == [int(t >= 20) for t in widget.kept]


def test_the_slots_are_those_that_the_memory_addresses(clip):
    predictor = network("memory", slots=10)
    widget = Inside({"one": predictor}, clip, n_frames=3, frame=14)
    slots, *maps = block_of(widget, "memory", 3)["pictures"]
    assert "channel" not in slots and len(maps) == 3
    shares = predictor.addressing(to_float(clip.frames[None, 10:14])).mean(1)[0].detach()
    shown = image_of(widget, slots, 14).reshape(-1)
    assert shown[shares.argmax()] == shown.max() and not shown[10:].any()  # 4 x 4, 10 of them used


OPTIONS = [
    {"depth": 1},
    {"depth": 2, "stem": 2, "skips": False},
    {"depth": 4, "predicts": "change"},
    {"depth": 5},
    {"name": "memory"},
    {"name": "memory", "skips": True, "stem": 2, "depth": 2, "normalise": True},
    {"name": "attention", "depth": 1},
]


def overlap(a, b):
    return all(a[i] < b[i] + b[i + 2] and b[i] < a[i] + a[i + 2] for i in (0, 1))


@pytest.mark.parametrize("shape", [(32, 32), (24, 48), (50, 33)])
@pytest.mark.parametrize("maps", [1, 4, 6])
def test_the_u_lies_on_its_stage_and_nothing_covers_anything(shape, maps):
    frames = np.random.default_rng(0).integers(0, 256, (6, *shape), np.uint8)
    networks = {str(options): network(**options) for options in OPTIONS}
    widget = Inside(networks, frames, maps=maps, n_frames=1)
    width, height = widget.stage
    for it in widget.networks:
        boxes = [box for block in it["blocks"] for box in block["boxes"]]
        assert all(0 <= x and x + w <= width and 0 < y and y + h < height for x, y, w, h in boxes)
        assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
        assert len({round(h / w, 1) for _, _, w, h in boxes if w > 12}) == 1
        for _, corners in it["arrows"]:
            for (x0, y0), (x1, y1) in itertools.pairwise(corners):
                assert x0 == x1 or y0 == y1, "arrows go straight"
                line = [min(x0, x1), min(y0, y1), abs(x1 - x0) + 0.1, abs(y1 - y0) + 0.1]
                assert not any(overlap(line, box) for box in boxes)


@pytest.mark.parametrize("options", OPTIONS)
def test_the_arrows_are_those_of_the_network(options, clip):
    (it,) = Inside({"one": network(**options)}, clip, n_frames=1).networks
    kinds = [kind for kind, _ in it["arrows"]]
    across = "skip" if options.get("skips", options.get("name") != "memory") else "cut"
    assert kinds.count(across) == options.get("depth", 3)
    assert kinds.count("flow") == len(it["blocks"]) - 3  # truth and error are not on the way
    assert ("add" in kinds) == (options.get("predicts") == "change")


def test_large_frames_are_shrunk_and_their_true_size_is_told():
    frames = np.random.default_rng(0).integers(0, 256, (6, 60, 120), np.uint8)
    widget = Inside({"one": network()}, frames, n_frames=1, side=40)
    assert max(max(w, h) for _, _, w, h in widget.places) == 40
    assert block_of(widget, "encoder")["shape"] == [4, 64, 120]  # padded until it can be halved


def test_the_network_is_left_as_it_was(clip):
    predictor = network()
    Inside({"one": predictor}, clip, n_frames=2)
    assert not any(module._forward_hooks for module in predictor.modules())


def test_the_still_and_the_page_show_the_chosen_network(clip):
    networks = {"with": network(predicts="change"), "without": network("memory")}
    widget = Inside(networks, clip, n_frames=3, frame=25, variant="without")
    figure = widget.still()
    assert "'without' at frame 25" in figure.alt and "16 × 4 × 6" in figure.alt
    names = [
        name for name in ("encoder", "bottleneck", "memory", "decoder") if name in texts(figure)
    ]
    assert len(names) == 4 and texts(figure).count("✕") == 3
    widget.variant = "with"
    assert "memory" not in texts(widget.still()) and "✕" not in texts(widget.still())
    page = widget.to_html()
    assert widget.alt in page and len(widget.alt) < 300 and "renderStill(" in page


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_small_one_plays_in_the_notebook_and_little_but_pixels_travels():
    network = vadkit.load_checkpoint("boar_strangers").predictor
    options = {"maps": 2, "n_frames": 10, "side": 48}
    widget = Inside({"with strangers": network}, vadkit.the_boar(), **options)
    player = widget._repr_mimebundle_()[0]["text/html"]
    assert "renderStill(" in player and len(player) <= PLAYER_LIMIT
    traits = {name: getattr(widget, name) for name in ("networks", "places", "kept", "labels")}
    assert len(json.dumps(traits)) < 8_000


BAD_INPUT = [
    ({"transformer": {"name": "transformer"}}, {}, "'transformer' is a Transformer without levels"),
    ({"auto": {"name": "autoencoder"}}, {}, "'auto' is a AutoEncoder without levels"),
    ({"copy": vadkit.copy_last_frame}, {}, "'copy' is a function without levels"),
    ({"flat": {"depth": 0}}, {}, "'flat' is a UNet without levels"),
    ({}, {}, "At least one network"),
    ({"one": {}}, {"variant": "two"}, "No variant 'two' is kept here: choose from .'one'"),
    ({"one": {}}, {"maps": 0}, "maps is a number from 1 to 6, got 0"),
    ({"one": {}}, {"n_frames": 41}, "n_frames is a number from 1 to 40, got 41"),
    ({"one": {}}, {"side": 4}, "side is a number from 16 to 256, got 4"),
    ({"one": {}}, {"frame": 3}, "from 4 to 29"),
]


@pytest.mark.parametrize("networks, options, words", BAD_INPUT)
def test_bad_input_gets_one_clear_sentence(networks, options, words, clip):
    made = {
        name: about if callable(about) else vadkit.build_predictor(**{"name": "unet"} | about)
        for name, about in networks.items()
    }
    with pytest.raises(ValueError, match=words):
        Inside(made, clip, **options)


def test_only_what_is_kept_can_be_chosen(clip):
    widget = Inside({"one": network()}, clip, n_frames=2, frame=14)
    widget.frame = widget.kept[1]
    with pytest.raises(ValueError, match="No frame '15' is kept here: choose from"):
        widget.frame = 15
    assert widget.frame == widget.kept[1] and f"frame {widget.frame}" in widget.still().alt


def test_a_network_that_diverged_is_named(clip):
    predictor = network()
    torch.nn.init.constant_(predictor.head.bias, float("nan"))
    with pytest.raises(ValueError, match="'one' predicts NaN"):
        Inside({"one": predictor}, clip, n_frames=1)
    assert not predictor.head._forward_hooks
