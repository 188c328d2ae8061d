"""A step of the engine is the step that the oracle states; so is a whole search."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.engine import oracle, under_test
from tests.engine.oracle import Physics, Theta

SHAPES = ((1, 5, 1), (1, 3, 4), (3, 4, 2), (2, 5, 1))

a_theta = st.fixed_dictionaries(
    {
        "shape": st.sampled_from(SHAPES),
        "hidden": st.lists(st.integers(1, 24), min_size=1, max_size=3),
        "bias": st.just(0.0) | st.floats(0.01, 3.0),
        "outputs": st.integers(1, 4),
        "where": st.sampled_from(["first", "all", "last"]),
        "seed": st.integers(0, 2**31),
    }
)
a_physics = st.fixed_dictionaries(
    {
        "scale_power": st.floats(0, 2),
        "whitening": st.sampled_from([0.0, 0.3, 0.8, 1.0]),
        "hidden_whitening": st.sampled_from([0.0, 0.4, 1.0]),
        "neuron_weighing": st.sampled_from([0.0, 0.5, 1.0]),
        "training": st.sampled_from(["margin", "pairwise", "runner-up", "decay", "free"]),
        "margin_weight": st.sampled_from([0.0, 0.2, 7.0]),
        "margin_after": st.sampled_from([0.0, 0.01, 0.1]),
        "smoothness": st.sampled_from([0.0, 4.0]),
        "range_weight": st.sampled_from([0.0, 100.0]),
        "minimum_multiplier": st.floats(0, 1),
    }
)
moment = st.fixed_dictionaries(
    {
        "count": st.integers(1, 9),
        "alpha": st.floats(0.1, 300),
        "step": st.sampled_from([0, 1, 5, 10, 11, 12, 20]),
        "wrong": st.sampled_from([0.0, 0.5, 0.8, 1.0]),
        "size": st.sampled_from([0.3, 2.0]),
    }
)


def draw(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def make_theta(
    shape: tuple[int, int, int],
    hidden: list[int],
    bias: float,
    seed: int,
    outputs: int = 1,
    where: str = "first",
) -> Theta:
    """A random network; the singular values of all but W_L fall over a decade and more."""
    sizes = [shape[0] * shape[1] * shape[2], *hidden, outputs]
    weights = [draw(seed + layer, n, k) / k**0.5 for layer, (k, n) in enumerate(pairwise(sizes))]
    for layer in range(len(hidden)):
        left, values, right = torch.linalg.svd(weights[layer], full_matrices=False)
        # Those of hidden layers end where they count as none.
        falling = torch.logspace(0, -3 if layer else -1.5, len(values), dtype=torch.float64)
        weights[layer] = 3 * left @ torch.diag(falling) @ right
    layers = range(len(sizes) - 1)
    has = {"first": {0}, "all": set(layers), "last": {len(hidden)}}[where]
    biases = [
        bias * draw(seed + 99 + n, sizes[n + 1]) if bias and n in has else None for n in layers
    ]
    return Theta(tuple(weights), tuple(biases))


def make_moment(
    theta: Theta, physics: Physics, count: int, wrong: float, size: float, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Unknowns, multipliers of either sign, labels of which a share is not the network's."""
    k = len(physics.basis) if physics.basis is not None else theta.weights[0].shape[1]
    unknowns = size * draw(seed + 1, count, k)
    outputs = oracle.activations(theta, oracle.to_images(theta, physics, unknowns), 1.0)[0][-1]
    classes = outputs.shape[1]
    is_of_each = oracle.is_of_each_class(physics.training, classes)
    lam = draw(seed + 2, count, classes) if is_of_each else draw(seed + 2, count)
    is_wrong = torch.arange(count) < wrong * count
    if classes == 1:
        y = torch.where(outputs[:, 0] > 0, 1.0, -1.0).double()
        return unknowns, lam + 0.3, torch.where(is_wrong, -y, y)
    y = outputs.argmax(1).double()
    return unknowns, lam + 0.3, torch.where(is_wrong, (y + 1) % classes, y)


def assert_alike(found: oracle.StepNumbers, stated: oracle.StepNumbers) -> None:
    """To the last digits that rounding leaves."""
    names = ("per_layer", "box", "floor", "unknowns_gradient", "multiplier_gradient")
    for name in names:
        one, other = getattr(found, name), getattr(stated, name)
        assert (one is None) == (other is None), name
        if one is not None:
            error, size = float((one - other).norm()), float(other.norm())
            assert error <= 1e-9 * size + 1e-11, (name, error, size)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(a_theta, a_physics, moment, st.booleans())
def test_every_term_in_pixels(network, numbers, at, in_parts):
    theta = make_theta(**network)
    physics = Physics(network["shape"], **numbers)
    count, alpha, step = at["count"], at["alpha"], at["step"]
    given_ = make_moment(theta, physics, count, at["wrong"], at["size"], network["seed"])
    stated = oracle.step_numbers(theta, physics, *given_, alpha, step)
    found = under_test.step_numbers(
        theta, physics, *given_, alpha, step, at_once=3 if in_parts else None
    )
    assert_alike(found, stated)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(a_theta, a_physics, moment, st.booleans(), st.integers(1, 6))
def test_every_term_in_the_row_space(network, numbers, at, in_parts, rank):
    theta = make_theta(**network)
    rank = min(rank, *theta.weights[0].shape)
    physics = Physics(network["shape"], under_test.basis(theta, rank), **numbers)
    count, alpha, step = at["count"], at["alpha"], at["step"]
    given_ = make_moment(theta, physics, count, at["wrong"], 4 * at["size"], network["seed"])
    stated = oracle.step_numbers(theta, physics, *given_, alpha, step)
    found = under_test.step_numbers(
        theta, physics, *given_, alpha, step, at_once=3 if in_parts else None
    )
    assert_alike(found, stated)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(a_theta, a_physics, moment, st.booleans(), st.booleans())
def test_double_backward_states_the_same(network, numbers, at, in_parts, in_row_space):
    theta = make_theta(**network)
    basis = under_test.basis(theta, 1) if in_row_space else None
    physics = Physics(network["shape"], basis, **numbers)
    count, alpha, step = at["count"], at["alpha"], at["step"]
    given_ = make_moment(theta, physics, count, at["wrong"], at["size"], network["seed"])
    stated = oracle.step_numbers(theta, physics, *given_, alpha, step)
    found = under_test.step_numbers(
        theta, physics, *given_, alpha, step, "double backward", 3 if in_parts else None
    )
    assert_alike(found, stated)


@pytest.mark.parametrize(
    ("wrong", "expected"), [(0.0, True), (0.6, True), (0.75, True), (0.9, False), (1.0, False)]
)
def test_the_pull_to_one_margin_waits_until_there_is_one(wrong, expected):
    """From all candidates on their own side to none; of two in twenty there is no margin yet."""
    assert is_pulled(wrong, step=50) == expected


@pytest.mark.parametrize(("step", "expected"), [(0, False), (49, False), (50, True), (499, True)])
def test_the_pull_to_one_margin_waits_for_a_tenth_of_the_steps(step, expected):
    assert is_pulled(0.0, step) == expected


def is_pulled(wrong: float, step: int) -> bool:
    """Whether the margin's weight makes a difference to a share of candidates on wrong sides."""
    theta = make_theta((1, 3, 4), [20, 10], 1.0, seed=3)
    physics = Physics((1, 3, 4))
    x, lam, y = make_moment(theta, physics, 20, wrong, 1.0, seed=7)
    pulled = under_test.step_numbers(theta, physics, x, lam.abs(), y, 50.0, step)
    assert_alike(pulled, oracle.step_numbers(theta, physics, x, lam.abs(), y, 50.0, step))
    free = replace(physics, margin_weight=0.0)
    plain = under_test.step_numbers(theta, free, x, lam.abs(), y, 50.0, step)
    return not torch.equal(pulled.unknowns_gradient, plain.unknowns_gradient)


@pytest.mark.parametrize("shape", [(1, 3, 4), (3, 50, 50), (3, 70, 60)])
def test_which_steps_look_at_the_pixels(shape):
    """Every tenth; of images with 12,600 numbers every twelfth; in pixels each."""
    theta = make_theta(shape, [3], 1.0, seed=1)
    row, pixel = Physics(shape, under_test.basis(theta, 2)), Physics(shape)
    for physics in (row, pixel):
        given_ = make_moment(theta, physics, 2, 0.5, 1.0, seed=2)
        for step in (0, 1, 5, 10, 12, 20, 24):
            found = under_test.step_numbers(theta, physics, *given_, 30.0, step)
            assert (found.box is not None) == oracle.looks_at_pixels(physics, step)


def test_the_row_space_is_spanned_by_the_leading_directions():
    theta = make_theta((1, 4, 5), [12, 6], 1.0, seed=4)
    physics = Physics((1, 4, 5), under_test.basis(theta, 5), scale_power=0.7)
    first, basis = theta.weights[0], physics.basis
    values = oracle.leading_singular_values(theta, 5)
    torch.testing.assert_close(basis @ basis.T, torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(basis @ first.T @ first @ basis.T, torch.diag(values**2))
    z = draw(1, 3, 5)
    torch.testing.assert_close(
        under_test.images(theta, physics, z),
        oracle.to_images(theta, physics, z),
        rtol=1e-10,
        atol=1e-12,
    )


def test_the_defaults_are_those_that_are_documented():
    shape = (1, 2, 3)
    theta = make_theta(shape, [5, 4], 1.0, seed=1)
    assert_defaults(theta, Physics(shape))


def assert_defaults(theta: Theta, stated: Physics, training: str = "auto") -> None:
    """That a run of nobody's settings is the search stated, with gates as the network asks for."""
    found = under_test.default_physics(theta, stated.shape, training)
    start, end = oracle.gate_sharpness(theta, found)
    noise = oracle.noise_scale(theta, found)
    assert found == replace(
        stated, basis=found.basis, alpha_start=start, alpha_end=end, initial_scale=noise
    )


@pytest.mark.parametrize("outputs", [1, 3])
def test_what_weight_decay_has_set_is_attacked_as_such(outputs):
    """Biases above the first layer are what people train with weight decay (`choose_training`)."""
    shape = (1, 2, 3)
    theta = make_theta(shape, [5, 4], 1.0, 1, outputs, "all")
    assert_defaults(
        theta, Physics(shape, training="decay", hidden_whitening=0.4, margin_weight=0.1)
    )


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("training", ["margin", "pairwise", "runner-up", "free"])
def test_what_depends_on_the_training_follows_one_that_was_set(training, outputs):
    """One output towards a margin, by whichever name, is the paper's case."""
    shape = (1, 2, 3)
    theta = make_theta(shape, [5, 4], 1.0, 1, outputs, "all")
    is_paper = outputs == 1 and training != "free"
    stated = Physics(
        shape,
        training=training,
        hidden_whitening=0.0 if is_paper else 0.4,
        minimum_multiplier=0.0 if training == "free" else 0.1,
    )
    assert_defaults(theta, stated, training)


@pytest.mark.parametrize("scale", [0.5, 1.5])
@pytest.mark.parametrize("in_row_space", [True, False])
@pytest.mark.parametrize(("hidden", "where"), [([9], "first"), ([16, 10], "all"), ([3, 5, 4], "")])
def test_gates_are_as_soft_as_the_networks_own_activations_ask_for(
    hidden, where, in_row_space, scale
):
    theta = make_theta((1, 3, 4), hidden, 1.5 if where else 0.0, 5, 3, where or "first")
    basis = under_test.basis(theta, 3) if in_row_space else None
    physics = Physics((1, 3, 4), basis, initial_scale=scale)
    start, end = oracle.gate_sharpness(theta, physics)
    assert under_test.gate_sharpness(theta, physics) == (start, end)
    assert under_test.gate_sharpness(theta, physics, alpha_end=7.0) == (start, 7.0)
    assert under_test.gate_sharpness(theta, physics, alpha_start=50.0) == (50.0, 250.0)
    assert under_test.gate_sharpness(theta, physics, alpha_start=9.0, alpha_end=8.0) == (9.0, 8.0)


def a_search(name: str) -> tuple[Theta, Physics]:
    """A small network and a search on it, with the default physics but for what is named."""
    shape = (1, 3, 4) if name != "colour" else (3, 2, 3)
    outputs = 3 if name in ("classes", "pairs", "runner-up", "decay", "free") else 1
    theta = make_theta(shape, [16, 10], 1.5, 7, outputs, "first" if outputs == 1 else "all")
    basis = under_test.basis(theta, 6)
    default = Physics(shape, basis, steps=12)
    return theta, {
        "default": default,
        "colour": default,
        "pixels": replace(default, basis=None),
        "heavy": replace(default, multiplier_rate=0.3),
        "classes": default,
        "pairs": replace(default, training="pairwise"),
        "runner-up": replace(default, training="runner-up"),
        "decay": replace(default, training="decay", hidden_whitening=0.4, multiplier_rate=0.1),
        "free": replace(default, training="free"),
        "rising slowly": replace(default, alpha_start=1.0, alpha_end=900.0, steps=7),
        "paper": replace(
            default,
            basis=None,
            optimizer="sgd",
            scale_power=0.0,
            whitening=0.0,
            neuron_weighing=0.0,
            smoothness=0.0,
            range_weight=0.0,
            margin_weight=0.0,
            candidate_rate=0.02,
            multiplier_rate=1e-4,
            alpha_start=19.2,
            alpha_end=19.2,
            minimum_multiplier=0.415,
        ),
    }[name]


@pytest.mark.parametrize("restarts", [1, 2])
@pytest.mark.parametrize(
    "name",
    [
        *("default", "colour", "pixels", "rising slowly", "paper"),
        *("heavy", "classes", "pairs", "runner-up", "decay", "free"),
    ],
)
def test_a_whole_search(name, restarts):
    """Noise, labels, multipliers; the gates' sharpness, the rates' decay; each step of Adam."""
    theta, physics = a_search(name)
    stated = oracle.search(theta, physics, m=7, seed=3 + restarts - 1)
    found = under_test.search(theta, physics, 7, 3, restarts)
    assert torch.equal(found.labels, stated.labels)
    assert found.alphas == pytest.approx(stated.alphas, rel=1e-12)
    assert any(stated.constraint), "no step looks at pixels that matter"
    close = {"rtol": 1e-9, "atol": 1e-10}
    torch.testing.assert_close(found.per_layer, stated.per_layer, **close)
    for one, other in zip(found.constraint, stated.constraint, strict=True):
        assert other is None or one == pytest.approx(other, rel=1e-9)
    for one, other in zip(found.unknowns, stated.unknowns, strict=True):
        torch.testing.assert_close(one, other, **close)
    for one, other in zip(found.multipliers, stated.multipliers, strict=True):
        torch.testing.assert_close(one, other, **close)
