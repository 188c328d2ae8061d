"""Training: where it leads, and that it can be stopped, kept and gone on with."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from engine.base.errors import RunFailed, UnusableInput
from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, TrainingData, load_images
from engine.data.inputs import InputSpec
from engine.evidence.diagnostics import check_weights
from engine.network.checkpoints import load_network, save_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.training.objective import Objective
from engine.training.recipe import Recipe, parse_widths
from engine.training.trained import (
    Kept,
    check_target,
    keep,
    load_start,
    save_trained,
    save_with_data,
)
from engine.training.training import Training


def points(count=12, size=8, seed=0) -> LabelledImages:
    """Random grey images of two classes that differ a little."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = torch.rand(count, 1, size, size, generator=generator)
    images[:, :, :2] = (images[:, :, :2] + labels[:, None, None, None]) / 2
    return LabelledImages(images, labels, "points")


def digits(per_class: int) -> LabelledImages:
    """The first digits of each class of the bundled sample."""
    train, _ = images_beside(sample_network())
    assert train is not None
    found = load_images(train)
    chosen = torch.cat([(found.labels == k).nonzero().flatten()[:per_class] for k in (0, 1)])
    return LabelledImages(found.images[chosen], found.labels[chosen], "digits")


def finish(training: Training):
    *_, last = training.iterate()
    return last


def trained_on(images: LabelledImages) -> Kept:
    training = Training(images, replace(SMALL, most_steps=2))
    finish(training)
    return keep(training, TrainingData(images, None, None, ("a", "b"), ""))


def theta(network: Network) -> torch.Tensor:
    return torch.cat([p.double().flatten() for p in network.parameters.tensors])


def angle(a: Network, b: Network) -> float:
    """Degrees between two networks' weights."""
    return math.degrees(math.acos(float(functional.cosine_similarity(theta(a), theta(b), dim=0))))


SMALL = Recipe(hidden=(20, 20), dtype="float64", first_layer_scale=0.1)


@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
@pytest.mark.parametrize("is_logarithm", [True, False])
def test_the_objective_and_its_gradient_are_those_of_autograd(weight_decay, is_logarithm):
    generator = torch.Generator().manual_seed(0)
    shapes = ((6, 5), (4, 6), (1, 4), (6,))
    *weights, bias = (torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes)
    parameters = Parameters.of(weights, bias)
    x = torch.randn(2300, 5, generator=generator, dtype=torch.float64)  # More than one part.
    y = torch.arange(2300).double() % 2 * 2 - 1
    steps = Objective(weight_decay, is_logarithm).at(parameters, x, y)
    parts = 0
    while True:
        try:
            next(steps)
            parts += 1
        except StopIteration as end:
            found = end.value
            break
    assert parts == 4  # Two breaks on the way up, two on the way down.
    leaves = parameters.each(lambda p: p.clone().requires_grad_())
    outputs = Network(leaves, InputSpec.flat(5)).forward(x)[:, 0]
    expected = functional.softplus(-y * outputs).mean()
    expected = expected + weight_decay / 2 * sum(p.square().sum() for p in leaves.tensors)
    expected = expected.log() if is_logarithm else expected
    assert found.objective == pytest.approx(float(expected.detach()), rel=1e-12)
    by_theta = torch.autograd.grad(expected, leaves.tensors)
    for mine, other in zip(found.gradient.tensors, by_theta, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-10)


def test_the_residual_of_the_direction_falls_as_training_goes_on():
    residuals, in_first_layer = [], []
    for exponent in (-1, -5, -40):
        training = Training(digits(15), Recipe(hidden=(300, 300), until_exponent=exponent))
        assert finish(training).end == "The loss is reached."
        found = training.stationarity()
        residuals.append(found.relative)
        in_first_layer.append(found.relative_per_layer[0])
    assert residuals == sorted(residuals, reverse=True)
    assert in_first_layer == sorted(in_first_layer, reverse=True)
    assert in_first_layer[-1] < 0.85 * in_first_layer[0]


def test_the_fast_schedule_and_plain_descent_reach_the_same_direction():
    """Both follow the gradient flow of the loss, one of them in another time."""
    data, recipe = points(), replace(SMALL, upper_layer_scale=1.0, until_exponent=-3)
    start = Training(data, recipe).network
    fast = Training(data, replace(recipe, largest_change=1e-3))
    plain = Training(data, replace(recipe, schedule="plain", rate=0.05))
    finish(fast)
    finish(plain)
    assert angle(fast.network, plain.network) < 1
    assert angle(fast.network, start) > 20


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        replace(SMALL, dtype="float32", weight_decay=1e-3),
        replace(SMALL, schedule="plain", rate=0.05),
        replace(SMALL, schedule="plain", rate=0.05, batch=5),
    ],
    ids=["fast", "fast with decay", "plain", "mini-batches"],
)
def test_going_on_is_bit_identical(tmp_path, recipe):
    data = TrainingData(points(), None, None, ("a", "b"), "points")
    whole = Training(data.train, replace(recipe, most_steps=40, until_exponent=0))
    finish(whole)
    first = Training(data.train, replace(recipe, most_steps=40, until_exponent=0))
    for snapshot in first.iterate():
        if snapshot.step == 17:
            break
    save_trained(keep(first, data), tmp_path / "kept.safetensors")
    start = load_start(tmp_path / "kept.safetensors")
    second = Training(data.train, replace(recipe, most_steps=40, until_exponent=0), start=start)
    assert finish(second).step == 40
    assert torch.equal(theta(whole.network), theta(second.network))


@pytest.mark.usefixtures("two_threads")
def test_the_same_seed_makes_the_same_network_and_another_does_not():
    made = []
    for seed in (0, 0, 1):
        training = Training(points(), replace(SMALL, most_steps=10, seed=seed))
        finish(training)
        made.append(theta(training.network))
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_a_network_of_other_images_or_another_kind_does_not_go_on(tmp_path):
    data = TrainingData(points(), None, None, ("a", "b"), "points")
    one = torch.ones(1)
    training = Training(data.train, replace(SMALL, most_steps=2))
    finish(training)
    save_trained(keep(training, data), tmp_path / "a.safetensors")
    save_trained(keep(training, data), tmp_path / "half.safetensors", half=True)
    kept = load_start(tmp_path / "a.safetensors")
    with pytest.raises(UnusableInput, match="trained on other images"):
        Training(points(seed=1), SMALL, start=kept)
    with pytest.raises(UnusableInput, match="another network"):
        Training(data.train, replace(SMALL, hidden=(20,)), start=kept)
    for name in ("half.safetensors", "damaged.safetensors"):
        save_network(kept.network, tmp_path / "damaged.safetensors", {"training": "{}"}, {"1": one})
        with pytest.raises(UnusableInput, match="does not say how its training stood"):
            load_start(tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"until_exponent": -2.0}, "The loss is reached."),
        ({"until_residual": 0.99, "until_exponent": 0}, "The residual is reached."),
        ({"most_steps": 5}, "All steps are taken."),
        ({"seconds": 1e-6}, "The time is over."),
        (
            {"weight_decay": 1e-3, "dtype": "float32", "until_exponent": 0},
            "No step lowers the loss any more.",
        ),
    ],
)
def test_why_a_training_ends(changes, end):
    last = finish(Training(points(), replace(SMALL, **changes)))
    assert last.end == end
    assert last.share == 1


def test_a_training_whose_loss_nobody_looks_at_ends_before_its_weights_overflow():
    last = finish(Training(points(), Recipe(hidden=(20,), until_exponent=0)))
    assert last.end in ("The weights cannot grow any further.", "No step lowers the loss any more.")


def test_a_control_of_other_images_makes_room(tmp_path):
    path = tmp_path / "net.safetensors"
    kept = trained_on(points())
    save_with_data(kept, TrainingData(points(), points(seed=1), None, ("a", "b"), ""), path)
    save_with_data(kept, TrainingData(points(), None, None, ("a", "b"), ""), path)
    assert images_beside(path)[1] is None


@pytest.mark.skipif(sys.platform == "win32", reason="quotas of this kind are POSIX's")
def test_a_network_never_lies_beside_the_images_of_another(tmp_path):
    """A limit on the size of files, which the network keeps to and its images do not."""
    import resource

    path = tmp_path / "net.safetensors"
    save_with_data(trained_on(points()), TrainingData(points(), None, None, ("a", "b"), ""), path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    many = points(count=20_000)
    data = TrainingData(many, None, None, ("a", "b"), "")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_with_data(trained_on(points(seed=2)), data, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_curves_tell_of_every_step():
    test = points(seed=1)
    training = Training(points(), replace(SMALL, until_exponent=-8), test)
    curves = finish(training).curves
    assert curves.step.tolist() == list(range(1, len(curves) + 1))
    assert (np.diff(curves.log10_loss) <= 0).all()
    assert curves.accuracy[-1] == 1
    assert curves.margin[-1] > 0 > curves.margin[0]
    measured = np.isfinite(curves.test_accuracy)
    assert measured[0]
    assert measured.sum() == math.ceil(len(curves) / 10)


@pytest.mark.parametrize("hidden", [(30,), (20, 30), (10, 20, 30, 10)])
def test_any_depth_and_width(hidden):
    training = Training(points(), Recipe(hidden=hidden, most_steps=3))
    finish(training)
    assert training.network.layer_sizes == (64, *hidden, 1)


def test_initial_sizes_are_those_of_the_recipe():
    recipe = Recipe(hidden=(200, 300), first_layer_scale=1e-3, upper_layer_scale=0.5)
    network = Training(points(), recipe).network
    assert float(network.weights[0].std()) == pytest.approx(1e-3, rel=0.05)
    for weight in network.weights[1:]:
        assert float(weight.abs().max()) == pytest.approx(0.5 / weight.shape[1] ** 0.5, rel=0.05)


def test_a_training_that_diverges_says_so():
    recipe = replace(SMALL, schedule="plain", rate=1000, weight_decay=1, until_exponent=0)
    with pytest.raises(RunFailed, match=r"diverged in step .* smaller step"):
        finish(Training(points(), recipe))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hidden": ()}, "hidden layers"),
        ({"hidden": (0,)}, "neurons"),
        ({"batch": 5}, "all images at once"),
        ({"schedule": "slow"}, "schedule"),
        ({"seed": -1}, "Seed"),
        ({"largest_change": 2}, "Largest change"),
    ],
)
def test_recipes_that_cannot_be(changes, says):
    with pytest.raises(UnusableInput, match=says):
        Recipe(**changes)


def test_widths_are_read():
    assert parse_widths("1000, 300") == (1000, 300)
    with pytest.raises(UnusableInput, match="widths of hidden layers"):
        parse_widths("1000,many")


def test_one_class_cannot_be_trained_on():
    data = points()
    with pytest.raises(UnusableInput, match="two classes"):
        Training(LabelledImages(data.images, torch.zeros(12, dtype=torch.long), "ones"), SMALL)


def test_a_network_is_kept_with_its_images_where_opening_it_finds_them(tmp_path):
    data = TrainingData(points(), points(seed=1), None, ("a", "b"), "points")
    training = Training(data.train, replace(SMALL, most_steps=3))
    finish(training)
    path = tmp_path / "new" / "net.safetensors"
    written = save_with_data(keep(training, data), data, path)
    assert written == [p for p in images_beside(path) if p]
    network = load_network(path)
    assert torch.equal(network.mean, data.train.images.mean(0))
    assert '"images": "points"' in network.origin.details["recipe"]
    with pytest.raises(UnusableInput, match=r"is written as \.safetensors"):
        check_target(tmp_path / "net.pth")


@pytest.mark.parametrize("per_class", [15, 30, 50])
def test_the_number_of_images_remembered_is_read_off_the_weights(per_class):
    """Within 15 % of those that carry a multiplier, on networks of the default recipe."""
    training = Training(digits(per_class), Recipe())
    finish(training)
    carrying = training.stationarity().carrying
    assert check_weights(training.network).remembered == pytest.approx(carrying, rel=0.15)
