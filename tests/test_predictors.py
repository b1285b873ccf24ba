"""Every predictor: any frame size, gradients everywhere, capacity, derivatives for MAML."""

import higher
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call, grad

from vadkit.adversarial import PatchDiscriminator
from vadkit.losses import prediction_loss
from vadkit.predictors import PREDICTORS, build_predictor, count_parameters

# Layers that are private to their modules; a predictor has one.
Attention = type(build_predictor("attention").middle.attention)
Memory = type(build_predictor("memory").middle)

OPTIONS = [(name, {}) for name in PREDICTORS] + [
    ("unet", {"stem": 2}),
    ("unet", {"normalise": True}),
    ("unet", {"skips": False}),
    ("attention", {"stem": 2}),
]
NAMES = ", ".join(PREDICTORS)
every_predictor = pytest.mark.parametrize("name, options", OPTIONS, ids=lambda v: str(v))


def frames(n=1, height=32, width=32, seed=0):
    """A textured window: smooth in space, and moving."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, 5, 4, 4, generator=generator)
    video = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    return video[:, :4], video[:, 4:]


@every_predictor
@pytest.mark.parametrize("size", [(16, 16), (17, 23), (33, 64), (50, 31)])
def test_any_size_gives_one_frame_of_that_size_near_mid_grey(name, options, size):
    x, _ = frames(1, *size)
    y = build_predictor(name, width=8, **options)(x)
    assert y.shape == (1, 1, *size)
    assert (y - 0.5).abs().max() < 0.45  # untrained: near mid-grey, inside [0, 1]


@every_predictor
def test_an_untrained_predictor_of_change_is_copy_last_frame(name, options):
    x, _ = frames(2, 20, 28)
    assert torch.equal(build_predictor(name, width=8, predicts="change", **options)(x), x[:, -1:])


@every_predictor
@pytest.mark.parametrize(
    "shape", [(2, 3, 32, 32), (4, 32, 32), (1, 4, 15, 32), (1, 4, 32, 8), (1, 5, 32, 32)]
)
def test_a_wrong_shape_is_named(name, options, shape):
    got = ", ".join(map(str, shape))
    with pytest.raises(ValueError, match=rf"\(N, 4, H, W\).*at least 16 pixels, got \({got}"):
        build_predictor(name, width=8, **options)(torch.zeros(shape))


@every_predictor
def test_windows_of_a_batch_do_not_see_each_other(name, options):
    predictor = build_predictor(name, width=8, **options).double()
    x = frames(3)[0].double()
    torch.testing.assert_close(predictor(x)[1:2], predictor(x[1:2]), rtol=1e-10, atol=1e-12)


@every_predictor
def test_gradients_reach_every_parameter(name, options):
    predictor = build_predictor(name, width=8, **options)
    x, y = frames(2, 35, 40)
    prediction_loss(predictor(x), y).backward()
    for parameter_name, p in predictor.named_parameters():
        assert p.grad is not None and p.grad.any(), parameter_name


@every_predictor
def test_one_window_can_be_learned_by_heart(name, options):
    predictor = build_predictor(name, width=8, **options)
    x, y = frames()
    optimizer = torch.optim.Adam(predictor.parameters(), lr=3e-3)
    first = prediction_loss(predictor(x), y).item()
    for _ in range(300):
        optimizer.zero_grad()
        loss = prediction_loss(predictor(x), y)
        loss.backward()
        optimizer.step()
        if loss.item() < first / 100:
            return
    pytest.fail(f"after 300 steps the loss fell from {first:.5f} to {loss.item():.5f} only")


@every_predictor
def test_the_same_seed_gives_the_same_weights_and_the_state_dict_travels(name, options):
    a, b, c = (build_predictor(name, width=8, seed=s, **options) for s in (1, 1, 2))
    x, _ = frames()
    assert torch.equal(a(x), b(x)) and not torch.equal(a(x), c(x))
    c.load_state_dict(a.state_dict())
    assert torch.equal(a(x), c(x))


@every_predictor
def test_building_leaves_the_global_random_numbers_alone(name, options):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build_predictor(name, **options)
    assert torch.equal(torch.rand(3), expected)


@every_predictor
def test_second_order_gradients_through_higher_match_torch_func(name, options):
    """The meta-gradient after two inner steps, by `higher` and through a written-out loop."""
    predictor = build_predictor(name, width=4, **options).double()
    (x, y), (query_x, query_y) = ([t.double() for t in frames(1, 16, 21, seed)] for seed in (1, 2))
    inner_lr = 0.5

    def meta_loss(weights, steps=2):
        def loss(w, x, y):
            return prediction_loss(functional_call(predictor, w, (x,)), y)

        for _ in range(steps):
            slopes = grad(loss)(weights, x, y)
            weights = {n: weights[n] - inner_lr * slopes[n] for n in weights}
        return loss(weights, query_x, query_y)

    expected = grad(meta_loss)(dict(predictor.named_parameters()))
    sgd = torch.optim.SGD(predictor.parameters(), lr=inner_lr)
    with higher.innerloop_ctx(predictor, sgd, copy_initial_weights=False) as (fmodel, diffopt):
        for _ in range(2):
            diffopt.step(prediction_loss(fmodel(x), y))
        prediction_loss(fmodel(query_x), query_y).backward()
    for parameter_name, p in predictor.named_parameters():
        torch.testing.assert_close(p.grad, expected[parameter_name], rtol=1e-6, atol=1e-11)


def test_attention_is_what_pytorch_computes():
    attention = Attention(16, heads=4).double()
    tokens = torch.randn(2, 7, 16, dtype=torch.float64)
    q, k, v = (t.view(2, 7, 4, 4).transpose(1, 2) for t in attention.qkv(tokens).chunk(3, dim=-1))
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    theirs = theirs.transpose(1, 2).reshape(2, 7, 16)
    torch.testing.assert_close(attention(tokens), attention.out(theirs), rtol=1e-10, atol=1e-12)


def test_the_transformer_knows_where_a_patch_is_and_when():
    """Without positions, exchanged rows, columns or frames would only exchange the answer."""
    predictor = build_predictor("transformer", width=8)
    x, _ = frames(1, 32, 32)
    with torch.no_grad():
        for dim in (2, 3):
            rolled_before, rolled_after = predictor(x.roll(8, dim)), predictor(x).roll(8, dim)
            assert not torch.allclose(rolled_before, rolled_after, atol=1e-4)
        earlier_frames_exchanged = x[:, [1, 0, 2, 3]]
        assert not torch.equal(predictor(earlier_frames_exchanged), predictor(x))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.5, 1.0, 3.0, 100.0]),
    st.integers(1, 40),
    st.floats(0.0, 100.0),
)
def test_memory_addressing_sums_to_one_whatever_comes_in(seed, shrink, slots, scale):
    torch.manual_seed(seed)
    memory = Memory(8, slots, shrink)
    weights = memory.address(scale * torch.randn(2, 8, 3, 5))  # scale 0: nothing to compare with
    assert weights.shape == (2, 15, slots)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 15))


def test_hard_shrinkage_reads_fewer_prototypes():
    torch.manual_seed(0)
    memory, image = Memory(8, slots=50, shrink=0.0), torch.randn(1, 8, 4, 4)
    read = []
    for memory.shrink in (0.0, 1.0, 3.0):
        read.append((memory.address(image) > 0).sum(-1).float().mean().item())
    assert read[0] == 50 > read[1] > read[2] >= 1


def test_a_memory_gives_back_a_prototype_and_cannot_say_anything_else():
    """A sharp memory returns the prototype nearest in direction; it always gives a mixture."""
    memory = Memory(3, slots=3, sharpness=200.0)
    memory.prototypes.data = torch.diag(torch.tensor([1.0, 2.0, 3.0]))
    image = torch.tensor([[0.1, 5.0, 0.2], [0.0, 0.1, 9.0]]).T[None, :, :, None]
    expected = torch.tensor([[0, 2.0, 0], [0, 0, 3.0]])
    torch.testing.assert_close(memory(image)[0, :, :, 0].T, expected, rtol=0, atol=1e-4)


def test_addressing_of_a_normalising_memory_is_that_of_its_prediction():
    predictor = build_predictor("memory", width=4, depth=2, slots=10, normalise=True)
    seen = []
    predictor.middle.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    x = frames(2, 16, 16)[0]
    predictor(x)
    torch.testing.assert_close(predictor.addressing(x), predictor.middle.address(seen[0]))


def test_addressing_of_a_memory_predictor_takes_windows_of_any_size():
    predictor = build_predictor("memory", width=8, slots=10)
    assert predictor.addressing(frames(2, 37, 20)[0]).shape == (2, 5 * 3, 10)


def test_skips_cost_what_they_should():
    with_skips, without = (build_predictor("unet", skips=s) for s in (True, False))
    cost = count_parameters(with_skips) - count_parameters(without)
    assert cost == 9 * (16 * 16 + 32 * 32 + 64 * 64)
    assert count_parameters(lambda x: x) == 0


@pytest.mark.parametrize("shape, verdicts", [((2, 1, 64, 64), (8, 8)), ((1, 1, 33, 40), (4, 5))])
def test_the_discriminator_judges_patch_by_patch(shape, verdicts):
    discriminator = PatchDiscriminator()
    assert discriminator(torch.rand(shape)).shape == (shape[0], 1, *verdicts)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("gan",), f"Unknown predictor 'gan': choose from {NAMES}"),
        (("unet", 6), "multiple of 4"),
        (("unet", 0), "width must be at least 1"),
        (("unet", 2), "multiple of 4"),
    ],
)
def test_a_bad_name_or_width_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        build_predictor(*arguments)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="'frame' or 'change', got 'future'"):
        build_predictor("unet", predicts="future")
    with pytest.raises(ValueError, match="patch is 2, 4, 8 or 16 pixels, got 7"):
        build_predictor("transformer", patch=7)
