"""Shadow networks: made as the network was, kept one by one, and better than chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.base.progress import Cancelled
from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputSpec, Preprocessing
from engine.evidence.membership import ask
from engine.network.checkpoints import load_network, save_network
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.training.recipe import Recipe
from engine.training.shadow_images import halves, parts_of_pool
from engine.training.shadow_recipe import in_words, with_layers_of
from engine.training.shadows import Shadows
from engine.training.training import Training
from tests.engine.networks import network_of
from tests.engine.training.test_training import finish, points

BRIEF = Recipe(
    (6,),
    biases="all",
    start="pytorch",
    schedule="plain",
    optimizer="sgd",
    until_exponent=0,
    epochs=3,
    rate=0.1,
    batch=4,
)


@pytest.fixture(scope="module")
def small():
    """A small network, its images and a control, and what four shadows of it need."""
    train, control = points(), points(seed=1)
    training = Training(train, BRIEF)
    finish(training)
    images = halves(Classes(1), train, control, 4, seed=0)
    return Shadows(training.network, BRIEF, images)


def test_each_is_the_network_that_the_recipe_makes_of_its_images(small, tmp_path):
    """With a seed of its own; and its confidence in an image's class is that of its output."""
    found = replace(small, folder=tmp_path).confidences()
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 4
    seeds = set()
    for index, path in enumerate(paths):
        recipe = small._recipe(index)
        seeds.add(recipe.seed)
        train = small.images.of(index)
        training = Training(train, recipe)
        finish(training)
        there = load_network(path)
        for mine, theirs in zip(training.network.parameters.tensors, there.parameters.tensors,
                                strict=True):  # fmt: skip
            torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
        exact = training.network.to("cpu", torch.float64)
        x = (small.images.asked.double() - train.images.mean(0).double()).flatten(1)
        signs = small.images.asked_classes.double() * 2 - 1
        np.testing.assert_allclose(found.values[index], signs * exact.forward(x)[:, 0], rtol=1e-6)
    assert len(seeds) == 4
    np.testing.assert_array_equal(found.inside, small.images.chosen)


def test_the_seed_makes_them_again_and_another_makes_others(small):
    one, again = small.confidences(), small.confidences()
    np.testing.assert_array_equal(one.values, again.values)
    assert not np.isclose(one.values, replace(small, seed=1).confidences().values).any(1).all()


def test_what_is_there_is_taken_only_for_the_same_recipe_seed_and_images(small, tmp_path):
    kept = replace(small, folder=tmp_path)
    first = kept.confidences()
    assert first.reused == 0
    second = kept.confidences()
    assert second.reused == 4
    np.testing.assert_array_equal(second.values, first.values)
    more = replace(kept, images=halves(Classes(1), *sets_of(small), 6, seed=0)).confidences()
    assert more.reused == 4
    np.testing.assert_array_equal(more.values[:4], first.values)
    brighter = replace(small.images, pool=small.images.pool * 0.9)
    for other in (
        replace(kept, recipe=replace(BRIEF, weight_decay=1e-4)),
        replace(kept, seed=1),
        replace(kept, images=brighter),
        replace(kept, network=with_constants(small.network)),
    ):
        assert other.confidences().reused == 0
    assert replace(kept, recipe=replace(BRIEF, device="cpu")).confidences().reused == 4


def sets_of(shadows):
    both = LabelledImages(shadows.images.asked, shadows.images.asked_classes, "both")
    return [
        replace(both, images=both.images[part], labels=both.labels[part])
        for part in (slice(12), slice(12, 24))
    ]


def with_constants(network):
    mean = torch.full(network.input_shape, 0.25)
    return network.with_preprocessing(Preprocessing(mean, torch.full((1, 1, 1), 0.5), "user"))


def test_a_stop_loses_at_most_the_one_under_way(small, tmp_path):
    kept = replace(small, folder=tmp_path)

    def stop(share):
        if share > 0.6:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        kept.confidences(stop)
    assert len(list(tmp_path.iterdir())) == 2
    found = kept.confidences()
    assert found.reused == 2
    np.testing.assert_array_equal(found.values, small.confidences().values)


def test_a_damaged_file_is_made_anew(small, tmp_path):
    kept = replace(small, folder=tmp_path)
    first = kept.confidences()
    path = sorted(tmp_path.iterdir())[1]
    path.write_bytes(path.read_bytes()[:100])
    second = kept.confidences()
    assert second.reused == 3
    np.testing.assert_array_equal(second.values, first.values)
    assert kept.confidences().reused == 4


def test_a_file_of_that_name_with_another_network_in_it_is_not_taken(small, tmp_path):
    kept = replace(small, folder=tmp_path)
    first = kept.confidences()
    path = sorted(tmp_path.iterdir())[2]
    details = load_network(path).origin.details
    save_network(network_of("two outputs"), path, details)
    second = kept.confidences()
    assert second.reused == 3
    np.testing.assert_array_equal(second.values, first.values)


def test_progress_runs_from_none_to_all_of_those_that_are_trained(small):
    shares = []
    small.confidences(shares.append)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert {0.25, 0.5, 0.75} <= set(shares)


def test_one_that_diverges_is_left_out_and_too_few_are_refused(small, monkeypatch, tmp_path):
    five = replace(small, images=halves(Classes(1), *sets_of(small), 5, seed=0))
    wild = replace(BRIEF, rate=1e3, epochs=50, weight_decay=1)
    recipe_of = Shadows._recipe

    def diverges_for(places):
        def recipe(self, index):
            made = recipe_of(self, index)
            return replace(wild, seed=made.seed) if index in places else made

        monkeypatch.setattr(Shadows, "_recipe", recipe)

    diverges_for({2})
    found = replace(five, folder=tmp_path).confidences()
    assert (len(found.values), found.diverged) == (4, 1)
    np.testing.assert_array_equal(found.inside, five.images.chosen[[0, 1, 3, 4]])
    assert len(list(tmp_path.iterdir())) == 4
    diverges_for({0, 3})
    with pytest.raises(UnusableInput, match="2 of 5 shadow networks diverged, and a score needs 4"):
        five.confidences()
    three = replace(small, images=halves(Classes(1), *sets_of(small), 3, seed=0))
    with pytest.raises(UnusableInput, match="3 shadow networks were asked for; a score takes"):
        three.confidences()


def test_constants_of_the_network_are_theirs_and_a_mean_image_is_of_their_own(small):
    train = small.images.of(0)
    constant = replace(small, network=with_constants(small.network))
    assert constant._training(0).network.inputs.preprocessing.words == "less 0.25, divided by 0.5"
    std = torch.full((1, 1, 1), 0.5)
    said = Preprocessing(torch.rand(1, 8, 8), std, "file")
    found = replace(small, network=small.network.with_preprocessing(said))._training(0).network
    torch.testing.assert_close(found.mean, train.images.mean(0))
    torch.testing.assert_close(found.inputs.preprocessing.std, std)
    unsaid = replace(small, network=small.network.with_preprocessing(Preprocessing()))
    torch.testing.assert_close(unsaid._training(0).network.mean, train.images.mean(0))


def test_they_begin_where_a_fine_tuned_network_began(small):
    tuned = replace(small, base=small.network, recipe=replace(BRIEF, epochs=1, rate=1e-9))
    for index in range(4):
        network = tuned._training(index).network
        assert network.inputs is not None
        torch.testing.assert_close(network.mean, small.network.mean)
        for mine, base in zip(network.parameters.tensors, small.network.parameters.tensors,
                              strict=True):  # fmt: skip
            torch.testing.assert_close(mine, base)
    assert "from (not from a file)" in tuned.made_by


def test_layers_are_those_of_the_network():
    for case, outputs in (("one output", "one"), ("two outputs", "classes")):
        network = network_of(case)
        recipe = with_layers_of(network, Recipe())
        made = Training(points(), replace(recipe, most_steps=1)).network
        assert recipe.outputs == outputs
        assert made.layer_sizes == network.layer_sizes
        assert [b is None for b in made.biases] == [b is None for b in network.biases]


def test_layers_that_cannot_be_trained_here_are_refused():
    weights = (torch.ones(4, 9), torch.ones(2, 4), torch.ones(1, 2))
    odd = Network(Parameters(weights, (None, torch.ones(2), None)), InputSpec((1, 3, 3)))
    with pytest.raises(UnusableInput, match=r"here has them .* Leave shadow networks out\."):
        with_layers_of(odd, Recipe())


def test_a_recipe_in_words():
    assert in_words(BRIEF) == (
        "sgd at 0.1, momentum 0.9, mini-batches of 4, weight decay 0, start pytorch, until 3 epochs"
    )
    assert in_words(Recipe()) == (
        "descent on log(loss), weight decay 0, start small, until 100,000 steps or a loss of 1e-10"
    )


def digits_of_two_classes(start, count, which=0):
    """Digits of the bundled sample (0), or of its control (1), so many of each class."""
    found = load_images(images_beside(sample_network())[which])
    places = [(found.labels == k).nonzero().flatten()[start : start + count] for k in (0, 1)]
    chosen = torch.cat(places)
    return LabelledImages(found.images[chosen], found.labels[chosen], "digits")


OVERFITTED = replace(BRIEF, hidden=(16,), epochs=60, batch=10)


@pytest.mark.parametrize("attack", ["online", "offline"])
def test_members_of_an_overfitted_network_are_found_better_than_by_chance(attack):
    train, control = (digits_of_two_classes(start, 15) for start in (0, 15))
    training = Training(train, OVERFITTED)
    finish(training)
    network, classes = training.network, Classes(1)
    if attack == "online":
        images = halves(classes, train, control, 4, seed=0)
    else:
        pool = load_images(images_beside(sample_network())[1])
        images = parts_of_pool(classes, train, control, pool, 4, seed=0)
    shadows = Shadows(network, OVERFITTED, images).confidences()
    found = ask(network, train, control, shadows=shadows)
    assert found.has_labels
    assert shadows.is_online is (attack == "online")
    assert found.shadows.curve.area > 0.65
    swapped = replace(shadows, values=np.roll(shadows.values, 30, 1),
                      inside=np.roll(shadows.inside, 30, 1))  # fmt: skip
    mirrored = ask(network, control, train, shadows=swapped).shadows
    np.testing.assert_allclose(mirrored.control, found.shadows.images, rtol=1e-6)


def test_images_that_the_network_never_saw_are_found_no_better_than_by_chance():
    """The same two sets, asked of a network of other digits."""
    train, control = (digits_of_two_classes(start, 15) for start in (0, 15))
    training = Training(digits_of_two_classes(0, 15, which=1), OVERFITTED)
    finish(training)
    images = halves(Classes(1), train, control, 4, seed=0)
    shadows = Shadows(training.network, OVERFITTED, images).confidences()
    area = ask(training.network, train, control, shadows=shadows).shadows.curve.area
    assert area == pytest.approx(0.5, abs=0.15)
