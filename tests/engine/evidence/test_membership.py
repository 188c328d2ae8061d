"""Membership: scores that are what they say, and favour neither set."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images, save_images
from engine.data.inputs import Preprocessing
from engine.evidence.exposure import own_multipliers
from engine.evidence.gradients import own_directions
from engine.evidence.membership import ask, common_mean, nearest_similarity
from engine.evidence.stationarity_check import check_stationarity
from engine.network.checkpoints import load_network, save_network
from engine.training.recipe import Recipe
from engine.training.training import Training
from tests.conftest import shared_file
from tests.engine.commands.test_command_line import SAMPLE, call
from tests.engine.evidence.test_diagnostics import gradients, theta
from tests.engine.networks import CASES, by_autograd, labels_for, network_of
from tests.engine.training.test_training import points


@pytest.fixture(scope="module")
def trained():
    """A network at the minimum of its loss, its 12 images, and 12 of the same kind."""
    recipe = Recipe(
        (20,),
        dtype="float64",
        first_layer_scale=0.1,
        upper_layer_scale=1.0,
        weight_decay=1e-2,
        momentum=0.0,
        until_exponent=0,
    )
    train, control = points(), points(seed=1)
    training = Training(train, recipe)
    for _ in training.iterate():
        pass
    return training.network, train, control


def test_margins_are_the_networks_output_times_the_label(trained):
    network, train, control = trained
    found = ask(network, train, control)
    mean = common_mean(network, train, control)[0].double()
    for images, margins in ((train, found.margin.images), (control, found.margin.control)):
        outputs = network.forward((images.images.double() - mean).flatten(1))[:, 0]
        np.testing.assert_allclose(np.abs(margins), outputs.abs(), rtol=1e-9)
        agrees = np.sign(margins) == (outputs.sign() * images.signs).numpy()
        assert agrees.all()


def test_multipliers_of_a_network_at_its_minimum_belong_to_its_images(trained):
    """θ is a sum over the training images alone; no other gradient is of use in it."""
    network, train, control = trained
    found = ask(network, train, control)
    members, others = found.multiplier.images, found.multiplier.control
    assert found.is_joint
    assert members.min() > 0
    assert others.max() < 1e-3 * members.min()
    assert found.multiplier.curve.area == 1
    assert found.multiplier.few.rate == 1


def test_solved_apart_the_control_would_take_multipliers(trained):
    """Why both sets are in one problem."""
    network, train, control = trained
    mean = common_mean(network, train, control)[0]
    apart = check_stationarity(network, (control.images - mean).flatten(1), control.signs)
    together = ask(network, train, control).multiplier.control
    assert apart.multipliers.max() > 100 * together.max()


def test_it_does_not_matter_which_set_is_called_the_control(trained):
    network, train, control = trained
    for without_mean in (network, network.with_preprocessing(Preprocessing())):
        one, other = ask(without_mean, train, control), ask(without_mean, control, train)
        for name in ("margin", "multiplier"):
            a, b = one.scores[name], other.scores[name]
            np.testing.assert_allclose(a.images, b.control, atol=1e-9)
            np.testing.assert_allclose(a.control, b.images, atol=1e-9)
            assert a.curve.area == pytest.approx(1 - b.curve.area)


def test_without_a_mean_in_the_checkpoint_both_sets_share_one(trained):
    network, train, control = trained
    network = network.with_preprocessing(Preprocessing())
    fewer = replace(control, images=control.images[:4], labels=control.labels[:4])
    mean, words = common_mean(network, train, fewer)
    torch.testing.assert_close(mean, (train.images.mean(0) + fewer.images.mean(0)) / 2)
    assert "in question and control" in words
    torch.testing.assert_close(common_mean(network, train, None)[0], train.images.mean(0))


def test_the_multiplier_of_an_image_alone_is_that_of_least_squares(make_network):
    network = make_network(6, 9, 8, 1)
    x = torch.randn(7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.tensor([1.0, -1] * 3 + [1]).double()
    columns, target = gradients(network, x, y), theta(network)
    expected = (columns.T @ target) / columns.square().sum(0)
    np.testing.assert_allclose(own_multipliers(network, x, y), expected.clamp_min(0), rtol=1e-9)


def test_more_images_than_can_be_solved_for_together_are_taken_one_by_one(trained, monkeypatch):
    network, train, control = trained
    monkeypatch.setattr("engine.evidence.exposure.MOST_IMAGES", 20)
    monkeypatch.setattr("engine.evidence.exposure.MOST_TOGETHER", 22)
    found = ask(network, train, control)
    assert not found.is_joint
    assert found.as_dict()["multipliers"] == "of each image alone"
    alone = ask(network, train).multiplier.images
    assert len(alone) == 12


@pytest.mark.parametrize("channels", [1, 3])
def test_a_candidate_is_most_similar_to_itself(channels):
    generator = torch.Generator().manual_seed(0)
    candidates = torch.randn(9, channels, 8, 8, generator=generator)
    strangers = torch.randn(5, channels, 8, 8, generator=generator)
    found = nearest_similarity(candidates, torch.cat([candidates * 3 + 1, strangers]))
    np.testing.assert_allclose(found[:9], 1, atol=1e-5)
    assert (found[9:] < 0.9).all()
    assert (found >= -1).all()


def test_similarity_sees_images_as_the_run_saw_them(trained):
    network, train, control = trained
    mean = common_mean(network, train, control)[0]
    found = ask(network, train, control, (train.images - mean).float()[:6])
    np.testing.assert_allclose(found.similarity.images[:6], 1, atol=1e-5)
    assert found.similarity.images[6:].max() < 0.999
    assert found.similarity.control.max() < 0.999


def test_without_a_control_there_are_scores_and_no_rate(trained):
    network, train, _ = trained
    found = ask(network, train)
    for score in (found.margin, found.multiplier):
        assert len(score.images) == 12
        assert score.control is score.curve is score.few is None
        told = score.as_dict()
        assert told["area"] is told["tpr_at_1_percent_fpr"] is told["interval"] is None
    assert found.similarity is None
    assert "no evidence" in found.as_dict()["note"]


def test_labels_of_one_set_alone_are_not_used(trained):
    """The network's own sign is never wrong; it must not stand beside labels that can be."""
    network, train, control = trained
    unlabelled = replace(control, labels=control.labels * 0)
    found = ask(network, train, unlabelled)
    assert not found.has_labels
    assert (found.margin.images >= 0).all()
    assert (found.margin.control >= 0).all()
    assert ask(network, train, control).has_labels


def test_which_class_is_negative_does_not_matter(trained):
    network, train, control = trained
    swapped = [replace(each, labels=1 - each.labels) for each in (train, control)]
    a, b = ask(network, train, control), ask(network, *swapped)
    np.testing.assert_array_equal(a.margin.images, b.margin.images)
    np.testing.assert_array_equal(a.multiplier.control, b.multiplier.control)


def test_what_is_of_another_size_is_refused(trained):
    network, train, control = trained
    small = LabelledImages(torch.zeros(2, 1, 4, 4), torch.tensor([0, 1]), "small")
    for given in ((small, control), (train, small), (train, control, small.images)):
        with pytest.raises(UnusableInput, match="1×4×4, but the network reads 1×8×8"):
            ask(network, *given)


def test_histograms_are_shares_on_one_scale(trained):
    edges, images, control = ask(*trained).margin.histograms()
    assert len(edges) == len(images) + 1 == len(control) + 1
    assert images.sum() == pytest.approx(1)
    assert control.sum() == pytest.approx(1)


# --- the command --------------------------------------------------------------------------------


def test_membership_of_the_sample_is_measured_against_its_control(capsys, tmp_path):
    train, control = images_beside(sample_network())
    table = tmp_path / "scores.csv"
    status, out, err = call(
        capsys, "membership", SAMPLE, "--images", train, "--control", control, "--csv", table
    )
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["images"], told["control"]) == (100, 100)
    assert told["scores"]["similarity"] is None
    multiplier = told["scores"]["multiplier"]
    assert multiplier["tpr_at_1_percent_fpr"] > told["scores"]["margin"]["tpr_at_1_percent_fpr"]
    assert multiplier["false_positives"] <= 1
    assert multiplier["resolution"] == 0.01
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["set"] for row in rows] == ["images"] * 100 + ["control"] * 100
    found = ask(load_network(sample_network()), load_images(train), load_images(control))
    written = [float(row["margin"]) for row in rows]
    expected = np.concatenate([found.margin.images, found.margin.control])
    np.testing.assert_allclose(written, expected, rtol=1e-8)
    assert {row["similarity"] for row in rows} == {""}
    assert {row["label"] for row in rows} == {"-1", "+1"}
    multipliers = [float(row["multiplier"]) for row in rows]
    for row, mine in zip(rows[:100], multipliers, strict=False):
        assert int(row["rank"]) == 1 + sum(other > mine for other in multipliers[:100])
        assert int(row["control_above"]) == sum(other >= mine for other in multipliers[100:])
    assert {row["rank"] for row in rows[100:]} == {row["control_above"] for row in rows[100:]}
    assert [row["calibrated"] for row in rows[100:]].count("") == 50
    assert told["most_exposed"][0]["multiplier"] == pytest.approx(max(multipliers[:100]), rel=1e-5)
    assert told["scores"]["multiplier"]["tpr_at_0.1_percent_fpr"] is None
    assert len(told["scores"]["multiplier"]["values"]) == 100


def test_a_run_adds_similarity_from_its_folder_or_its_session(capsys, tmp_path, trained):
    files = small_files(tmp_path, trained)
    model, images, control = files
    call(
        capsys, "reconstruct", model, "--out", tmp_path / "run", "--candidates", 8,
        "--steps", 5, "--device", "cpu", "--quiet",
    )  # fmt: skip
    told = []
    for run in (tmp_path / "run", tmp_path / "run" / "session.afterimage"):
        status, out, _ = call(
            capsys, "membership", model, "--images", images, "--control", control, "--run", run
        )
        assert status == 0
        told.append(json.loads(out)["scores"]["similarity"])
    assert told[0] == told[1]
    assert len(told[0]["values"]) == 12
    train = images_beside(sample_network())[0]
    status, out, err = call(
        capsys, "membership", SAMPLE, "--images", train, "--run", tmp_path / "run"
    )
    assert (status, out) == (2, "")
    assert "another network" in err


def test_a_mean_can_be_given_where_the_checkpoint_has_none(capsys, tmp_path, trained):
    network = trained[0]
    model, images, other = small_files(tmp_path, trained)
    given = ("membership", model, "--images", images, "--control", other, "--mean-of", images)
    status, _, err = call(capsys, *given)
    assert status == 2
    assert "--mean-of" in err
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, model.with_suffix(".pth"))
    status, out, _ = call(capsys, given[0], model.with_suffix(".pth"), *given[2:])
    assert status == 0
    assert json.loads(out)["scores"]["multiplier"]["area"] > 0.99


@pytest.mark.parametrize(
    "arguments",
    [
        ("--images", "nowhere.npz"),
        ("--images", "TRAIN", "--control", "nowhere.npz"),
        ("--images", "TRAIN", "--run", "nowhere"),
        ("--images", "TRAIN", "--run", "nowhere.afterimage"),
    ],
)
def test_what_membership_cannot_use_is_one_line_and_status_two(capsys, arguments):
    train = images_beside(sample_network())[0]
    given = [train if argument == "TRAIN" else argument for argument in arguments]
    status, out, err = call(capsys, "membership", SAMPLE, *given)
    assert (status, out) == (2, "")
    assert err.startswith("afterimage: ")
    assert err.count("\n") == 1


def small_files(folder, trained):
    """The small network with its mean, its images and a control, as files."""
    network, train, control = trained
    paths = [folder / name for name in ("small.safetensors", "train.npz", "control.npz")]
    save_network(network, paths[0], {})
    save_images(train, paths[1])
    save_images(control, paths[2])
    return paths


@pytest.mark.parametrize("case", CASES)
def test_scores_of_any_classes_are_what_they_say(case):
    network = network_of(case)
    classes = network.classes
    generator = torch.Generator().manual_seed(4)
    sets = [
        LabelledImages(torch.rand(20, 1, 8, 8, generator=generator), torch.arange(20) % 10, name)
        for name in ("asked", "control")
    ]
    sets = [replace(each, labels=each.labels % classes.count) for each in sets]
    found = ask(network, *sets)
    x = torch.cat([(each.images.double() - network.mean).flatten(1) / 0.5 for each in sets])
    outputs, labels = (
        network.forward(x),
        torch.from_numpy(np.append(found.labels, found.control_labels)),
    )
    assert found.has_labels
    if classes.outputs > 1:
        np.testing.assert_array_equal(found.labels, sets[0].labels)
    margins = classes.margins(outputs, labels).numpy()
    np.testing.assert_allclose(np.append(found.margin.images, found.margin.control), margins)
    joint = check_stationarity(network, x, labels).multipliers
    np.testing.assert_allclose(np.append(found.multiplier.images, found.multiplier.control), joint)
    unlabelled = ask(network, sets[0], replace(sets[1], labels=sets[1].labels + 90))
    assert not unlabelled.has_labels
    told = unlabelled.as_dict()["labels"]
    assert told == f"the network's own {'sign' if classes.outputs == 1 else 'class'}"
    assert (unlabelled.margin.images >= 0).all()


@pytest.mark.parametrize("case", CASES)
def test_the_multiplier_alone_is_along_the_images_own_direction(case):
    network = network_of(case)
    x = torch.randn(7, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = labels_for(network, 7)
    directions = own_directions(network.classes, network.forward(x), labels)
    columns = by_autograd(network, x, directions)
    expected = (columns.T @ theta(network)) / columns.square().sum(0)
    found = own_multipliers(network, x, labels)
    assert (found > 0).any()
    np.testing.assert_allclose(found, expected.clamp_min(0), rtol=1e-9)


def test_an_ordinary_network_of_ten_classes_gives_its_members_away():
    name = "checkpoints/digits10_n100_1000-1000_sgd_wd"
    network = load_network(shared_file(f"{name}.pth"))
    train, control = (
        load_images(shared_file(f"{name}{which}images.npz")) for which in ("_", "_control_")
    )
    found = ask(network, train, control)
    assert found.is_joint
    assert found.multiplier.curve.area > 0.95
    assert found.margin.curve.area > 0.9
    assert set(found.labels) == set(range(10))


def test_as_many_images_are_accused_one_by_one_as_the_rate_says(trained):
    network, train, control = trained
    found = ask(network, train, control)
    accused = [found.accused_by(image) for image in range(len(train))]
    for name, score in (("margin", found.margin), ("multiplier", found.multiplier)):
        assert sum(each[name] for each in accused) == round(score.few.rate * len(train))
    assert all(each["multiplier"] for each in accused)
    assert ask(network, train).accused_by(0) == {}
