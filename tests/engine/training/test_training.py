"""Training: where it leads, and that it can be stopped, kept and gone on with."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from itertools import pairwise

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
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.training.objective import Objective
from engine.training.recipe import Recipe, parse_widths
from engine.training.trained import (
    Kept,
    check_target,
    keep,
    load_start,
    recipe_of,
    save_trained,
    save_with_data,
)
from engine.training.training import Training


def points(count=12, size=8, seed=0, classes=2) -> LabelledImages:
    """Random grey images of classes that differ a little."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    images = torch.rand(count, 1, size, size, generator=generator)
    shade = labels[:, None, None, None] / (classes - 1)
    images[:, :, :2] = (images[:, :, :2] + shade) / 2
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
USUAL = replace(Recipe.usual(), hidden=(20, 20), batch=5, device="cpu")


def value_of(steps):
    """What an objective comes to, and how many parts that took."""
    parts = 0
    while True:
        try:
            next(steps)
            parts += 1
        except StopIteration as end:
            return end.value, parts


def cross_entropy(outputs, y):
    """As PyTorch has it."""
    if outputs.shape[1] == 1:
        return functional.softplus(-y * outputs[:, 0]).mean()
    return functional.cross_entropy(outputs, y.long())


@pytest.mark.parametrize("outputs", [1, 2, 5])
@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
@pytest.mark.parametrize("is_logarithm", [True, False])
def test_the_objective_and_its_gradient_are_those_of_autograd(weight_decay, is_logarithm, outputs):
    generator = torch.Generator().manual_seed(0)
    shapes = ((6, 5), (4, 6), (outputs, 4), (6,), (4,), (outputs,))
    drawn = [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]
    parameters = Parameters(tuple(drawn[:3]), tuple(drawn[3:]))
    x = torch.randn(2300, 5, generator=generator, dtype=torch.float64)  # More than one part.
    y = Classes(outputs).of_numbers(torch.arange(2300) % max(2, outputs))
    found, parts = value_of(Objective(weight_decay, is_logarithm).at(parameters, x, y))
    assert parts == 4  # Two breaks on the way up, two on the way down.
    leaves = parameters.each(lambda p: p.clone().requires_grad_())
    expected = cross_entropy(Network(leaves, InputSpec.flat(5)).forward(x), y)
    expected = expected + weight_decay / 2 * sum(p.square().sum() for p in leaves.tensors)
    expected = expected.log() if is_logarithm else expected
    # PyTorch's softplus leaves out exp(−20) beside 20, as its cross-entropy does not.
    assert found.objective == pytest.approx(float(expected.detach()), rel=1e-10)
    by_theta = torch.autograd.grad(expected, leaves.tensors)
    for mine, other in zip(found.gradient.tensors, by_theta, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-10)


def test_the_loss_of_many_classes_is_told_where_it_underflows():
    """At margins around 2,000 the cross-entropy is 1e-900, but its logarithm is a number."""
    weight = 1000 * torch.eye(3, dtype=torch.float64)
    theta, y = Parameters.of([torch.eye(3).double(), weight]), torch.arange(3).double()
    x = 2 * torch.eye(3, dtype=torch.float64)
    found, _ = value_of(Objective(0.0, True).at(theta, x, y))
    assert found.log_loss == pytest.approx(-2000 + math.log(2), rel=1e-12)
    assert found.margins.tolist() == [2000.0] * 3
    # ∇ log(loss) by Φ_0(x_0) is −1/3: three images weigh alike, each pulls its own output up.
    assert float(found.gradient.weights[1][0, 0]) == pytest.approx(-2 / 3)


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
    ("recipe", "classes"),
    [
        (SMALL, 2),
        (replace(SMALL, dtype="float32", weight_decay=1e-3), 2),
        (replace(SMALL, schedule="plain", rate=0.05), 2),
        (replace(SMALL, schedule="plain", rate=0.05, batch=5), 2),
        (SMALL, 3),
        (replace(USUAL, cosine=False), 3),
        (USUAL, 2),
        (replace(USUAL, optimizer="adam", rate=0.01), 3),
        (replace(USUAL, optimizer="adamw", rate=0.01, outputs="classes"), 2),
    ],
    ids=[
        "fast", "fast with decay", "plain", "mini-batches", "three classes", "momentum",
        "falling rate", "adam", "adamw",
    ],
)  # fmt: skip
def test_going_on_is_bit_identical(tmp_path, recipe, classes):
    data = TrainingData(points(classes=classes), None, None, tuple("abc"[:classes]), "points")
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


@pytest.mark.parametrize(
    ("outputs", "classes", "count"),
    [("auto", 2, 1), ("one", 2, 1), ("classes", 2, 2), ("auto", 3, 3), ("classes", 5, 5)],
)
def test_one_output_or_one_a_class(outputs, classes, count):
    recipe = replace(SMALL, outputs=outputs, until_exponent=-3.0)
    training = Training(points(20, classes=classes), recipe)
    last = finish(training)
    assert training.network.output_count == count
    assert last.curves.accuracy[-1] == 1
    assert last.curves.margin[-1] > 0
    with pytest.raises(UnusableInput, match="One output tells two classes apart"):
        Training(points(classes=3), replace(SMALL, outputs="one"))


@pytest.mark.parametrize(
    ("biases", "there"),
    [("first", [True, False, False]), ("all", [True] * 3), ("none", [False] * 3)],
)
@pytest.mark.parametrize("recipe", [SMALL, USUAL])
def test_biases_are_where_the_recipe_says(recipe, biases, there):
    training = Training(points(), replace(recipe, biases=biases, most_steps=2))
    finish(training)
    assert [bias is not None for bias in training.network.biases] == there
    assert all(b is None or bool(b.any()) for b in training.network.biases)


def test_the_usual_start_is_pytorchs_own_number_for_number():
    training = Training(points(classes=3), replace(USUAL, hidden=(7, 5), seed=4))
    torch.manual_seed(4)
    layers = [torch.nn.Linear(64, 7), torch.nn.Linear(7, 5), torch.nn.Linear(5, 3)]
    for layer, weight, bias in zip(
        layers, training.network.weights, training.network.biases, strict=True
    ):
        assert torch.equal(layer.weight, weight)
        assert torch.equal(layer.bias, bias)


def by_hand(recipe: Recipe, images: LabelledImages, steps: int) -> list[torch.Tensor]:
    """The same training as people write it, with PyTorch's optimisers, in full batches."""
    generator = torch.Generator().manual_seed(recipe.seed)
    sizes = (64, *recipe.hidden, 3)
    layers = [torch.nn.Linear(i, o) for i, o in pairwise(sizes)]
    for layer in layers:
        bound = layer.in_features**-0.5
        for parameter in (layer.weight, layer.bias):
            with torch.no_grad():
                parameter.uniform_(-bound, bound, generator=generator)
    model = torch.nn.Sequential(
        layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2]
    ).double()
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    more = {"momentum": recipe.momentum} if recipe.optimizer == "sgd" else {}
    optimizer = kind[recipe.optimizer](
        model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay, **more
    )
    falls = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.most_steps)
    x = (images.images - images.images.mean(0)).flatten(1).double()
    for _ in range(steps):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), images.labels).backward()
        optimizer.step()
        if recipe.cosine:
            falls.step()
    return [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("cosine", [True, False])
def test_the_plain_schedule_does_what_pytorchs_optimisers_do(optimizer, cosine):
    recipe = replace(
        USUAL, optimizer=optimizer, cosine=cosine, batch=0, epochs=0, most_steps=30,
        weight_decay=0.05, rate=0.03, dtype="float64",
    )  # fmt: skip
    data = points(classes=3)
    training = Training(data, recipe)
    finish(training)
    network = training.network
    mine = [p for pair in zip(network.weights, network.biases, strict=True) for p in pair]
    for one, other in zip(mine, by_hand(recipe, data, 30), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_weight_decay_leads_to_layers_in_balance():
    """‖W_{l+1}‖² = ‖W_l‖² + ‖b_l‖² where the loss with decay is stationary, whatever the start."""
    recipe = replace(
        USUAL, batch=0, epochs=0, most_steps=1000, weight_decay=0.03, cosine=False,
        dtype="float64", rate=0.2,
    )  # fmt: skip
    training = Training(points(classes=3), recipe)
    last = finish(training)
    weights, biases = training.network.weights, training.network.biases
    for layer in range(2):
        below = weights[layer].square().sum() + biases[layer].square().sum()
        assert float(weights[layer + 1].square().sum()) == pytest.approx(float(below), rel=1e-3)
    assert last.curves.accuracy[-1] == 1


def test_an_epoch_sees_every_image_once_in_an_order_of_its_own():
    recipe = replace(USUAL, batch=5, epochs=3, most_steps=1000)
    training = Training(points(12), recipe)
    last = finish(training)
    assert last.step == 9  # Two batches of five, and one of two.
    assert last.curves.step.tolist() == [3, 6, 9]
    assert last.share == 1
    assert replace(recipe, most_steps=4).steps(12) == 4
    assert replace(recipe, batch=100).steps(12) == 3


def test_a_falling_rate_ends_at_nothing():
    recipe = replace(USUAL, rate=0.5, batch=0, epochs=20)
    assert recipe.rate_at(0, 12) == 0.5
    assert recipe.rate_at(10, 12) == pytest.approx(0.25)
    assert recipe.rate_at(20, 12) == recipe.rate_at(30, 12) == pytest.approx(0)
    assert replace(recipe, cosine=False).rate_at(19, 12) == 0.5
    further = replace(recipe, epochs=30)
    assert not recipe.leads_the_way_of(further)
    assert replace(recipe, cosine=False).leads_the_way_of(replace(further, cosine=False))


def test_the_named_recipes_learn_all_images():
    for recipe in (Recipe.towards_a_margin(), Recipe.usual()):
        small = replace(recipe, hidden=(60, 60), device="cpu", epochs=min(recipe.epochs, 200))
        last = finish(Training(digits(15), small))
        assert last.curves.accuracy[-1] == 1
    assert Recipe.towards_a_margin() == Recipe()


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
        ({"cosine": True}, "finds its own step"),
        ({"optimizer": "adam"}, "finds its own step"),
        ({"outputs": "two"}, "outputs"),
        ({"biases": "last"}, "biases"),
        ({"start": "zero"}, "start"),
        ({"schedule": "plain", "optimizer": "lbfgs"}, "optimizer"),
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


def test_classes_without_an_image_cannot_be_trained_on():
    data = points(classes=3)
    with pytest.raises(UnusableInput, match="two classes or more"):
        Training(LabelledImages(data.images, data.labels * 2, "gaps"), SMALL)


def test_a_residual_is_trained_to_with_any_number_of_outputs():
    recipe = replace(USUAL, until_residual=0.9, until_exponent=0, most_steps=2000)
    training = Training(points(15, classes=3), recipe)
    assert training.is_solvable
    before = training.stationarity().relative
    assert finish(training).end == "The residual is reached."
    assert training.stationarity().relative < 0.9 < before
    assert training.stationarity().unknowns == "one a wrong class"


def test_a_residual_of_very_many_images_is_not_trained_to():
    with pytest.raises(UnusableInput, match="at most 500 images"):
        Training(points(501, size=2), replace(SMALL, until_residual=0.5))


def test_test_images_of_many_classes_are_measured():
    test = points(15, seed=1, classes=3)
    training = Training(points(15, classes=3), replace(SMALL, most_steps=11), test)
    measured = finish(training).curves.test_accuracy
    network = training.network
    told = network.forward(network.inputs.of_images(test.images).double()).argmax(1)
    assert np.isfinite(measured).nonzero()[0].tolist() == [0, 10]
    assert measured[10] == pytest.approx(float((told == test.labels).double().mean()))


def test_recipes_of_earlier_versions_are_read(tmp_path):
    """The bundled samples are of a time when a recipe said nothing of outputs or optimisers."""
    recipe = recipe_of(load_network(sample_network()))
    assert (recipe.outputs, recipe.biases, recipe.start) == ("one", "first", "small")
    assert (recipe.schedule, recipe.optimizer, recipe.cosine, recipe.epochs) == (
        "fast", "gd", False, 0
    )  # fmt: skip
    data = TrainingData(points(), None, None, ("a", "b"), "points")
    training = Training(data.train, replace(USUAL, most_steps=3))
    finish(training)
    save_trained(keep(training, data), tmp_path / "new.safetensors")
    assert recipe_of(load_network(tmp_path / "new.safetensors")) == training.recipe


def test_the_sample_of_ten_digits_was_trained_as_people_usually_do():
    path = sample_network("mnist_ten_digits")
    network = load_network(path)
    assert recipe_of(network) == replace(
        Recipe.usual(), batch=0, rate=0.2, cosine=False, epochs=0, most_steps=5000, device="cpu"
    )
    assert network.layer_sizes == (784, 1000, 1000, 10)
    assert path.stat().st_size < 6_000_000
    train, control = images_beside(path)
    images, others = load_images(train), load_images(control)
    assert torch.bincount(images.labels).tolist() == [10] * 10
    assert torch.bincount(others.labels).tolist() == [10] * 10
    told = network.forward(network.inputs.of_images(images.images)).argmax(1)
    assert torch.equal(told, images.labels)


def test_what_an_optimiser_remembers_has_to_fit(tmp_path):
    data = TrainingData(points(), None, None, ("a", "b"), "points")
    training = Training(data.train, replace(USUAL, optimizer="adam", most_steps=3))
    finish(training)
    save_trained(keep(training, data), tmp_path / "a.safetensors")
    start = load_start(tmp_path / "a.safetensors")
    assert len(start.memory) == 2
    assert all(part.has_shapes_of(start.network.parameters) for part in start.memory)
    kept = keep(training, data)
    broken = replace(kept, memory=(kept.memory[0], kept.memory[1].each(lambda p: p[:1])))
    save_trained(broken, tmp_path / "b.safetensors")
    with pytest.raises(UnusableInput, match="does not say how its training stood"):
        load_start(tmp_path / "b.safetensors")


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
