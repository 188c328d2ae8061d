"""Membership of a network that was fine-tuned: what the base had learnt is not held against it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.commands.membership import lines
from engine.data.datasets import LabelledImages, save_images
from engine.evidence.membership import ask
from engine.evidence.stationarity_check import check_stationarity, explain
from engine.network.checkpoints import save_network
from engine.network.fine_tuned import with_base
from engine.network.network import Network, Origin
from engine.stationarity.fine_tuning import LONG_STEPS, SMALL_STEPS, way_of, where_balanced
from tests.engine.commands.test_command_line import call
from tests.engine.networks import network_of
from tests.engine.tuned import descended, tuned_network, with_head

TEN = "ten outputs, biases everywhere"
GENTLE, LONG = {"steps": 40, "rate": 0.02}, {"steps": 1, "rate": 0.5}


def records(count: int, seed: int) -> LabelledImages:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 8, 8, generator=generator)
    return LabelledImages(images, torch.arange(count) % 10, f"records {seed}")


def taught(start: Network, images: LabelledImages, steps: int, rate: float) -> Network:
    x = start.inputs.of_images(images.images.double())
    return descended(start, x, images.labels, steps, lambda gradient: rate * gradient)


@pytest.fixture(scope="module")
def base():
    """A base, and the sixty records that it has learnt."""
    images = records(60, 1)
    network = taught(network_of(TEN), images, 300, 0.2)
    return replace(network, origin=Origin("base.pth", "b" * 64)), images


def others_of(learnt: LabelledImages) -> LabelledImages:
    """What the base has learnt, and as many records that neither has seen."""
    held_out = records(60, 2)
    return LabelledImages(
        torch.cat([learnt.images, held_out.images]),
        torch.cat([learnt.labels, held_out.labels]),
        "others",
    )


@pytest.mark.parametrize(("how", "taken_at"), [(GENTLE, SMALL_STEPS), (LONG, LONG_STEPS)])
def test_records_that_fine_tuned_it_stand_above_those_of_the_base_and_unseen_ones(
    base, how, taken_at
):
    start, learnt = base
    mine, others = records(12, 3), others_of(learnt)
    network = with_base(taught(start, mine, **how), start)
    assert way_of(network).taken_at == taken_at
    found = ask(network, mine, others).multiplier
    assert found.images.min() > found.control.max()
    without = ask(network.without_base, mine, others).multiplier
    assert without.curve.area < 0.75


def test_gradients_at_the_balance_explain_more_than_those_at_the_end(base):
    start, _ = base
    mine = records(12, 3)
    x, labels = start.inputs.of_images(mine.images.double()), mine.labels.double()
    network = with_base(taught(start, mine, **LONG), start)
    assert check_stationarity(network, x, labels).relative < 1e-6
    assert explain(network, x, labels).relative > 0.1


@pytest.mark.parametrize("how", [GENTLE, LONG])
def test_where_gradients_balance_the_same_change_is_explained(how):
    network = tuned_network(network_of(TEN), frozen=(1, 4), **how)
    found, way = where_balanced(network), way_of(network)
    at = SMALL_STEPS if way is None else way.taken_at
    for here, start, change, explained in zip(
        found.parameters.tensors,
        network.base.parameters.tensors,
        network.explained.tensors,
        found.explained.tensors,
        strict=True,
    ):
        torch.testing.assert_close(here, start + at * change, rtol=0, atol=0)
        torch.testing.assert_close(explained, change, rtol=1e-9, atol=1e-14)
    assert not found.explained.weights[1].any()


def test_without_a_base_nothing_is_moved():
    network = network_of(TEN)
    assert where_balanced(network) is network


def test_a_new_head_stays_what_it_is():
    tuned = tuned_network(network_of(TEN)).without_base
    network = with_base(tuned, with_head(network_of(TEN), 4))
    assert torch.equal(where_balanced(network).weights[-1], tuned.weights[-1])


def test_the_command_takes_a_base(capsys, base, tmp_path):
    start, learnt = base
    mine, others = records(12, 3), others_of(learnt)
    tuned = taught(start, mine, **GENTLE)
    for network, name in ((start, "base"), (tuned, "tuned")):
        save_network(network, tmp_path / f"{name}.safetensors", {})
    save_images(mine, tmp_path / "mine.npz")
    save_images(others, tmp_path / "others.npz")
    asked = (
        *("membership", tmp_path / "tuned.safetensors"),
        *("--images", tmp_path / "mine.npz", "--control", tmp_path / "others.npz", "--quiet"),
        *("--base", tmp_path / "base.safetensors", "--csv", tmp_path / "out.csv"),
    )
    status, out, _ = call(capsys, *asked)
    assert status == 0
    said = json.loads(out)
    assert said["model"]["base"]["file"] == "base.safetensors"
    assert said["scores"]["multiplier"]["area"] == 1
    told = " ".join(lines(said, None))
    assert "What fine-tuning changed of base.safetensors is explained" in told
    assert "of its norm unexplained" in told
    with (tmp_path / "out.csv").open() as table:
        rows = list(csv.DictReader(table))
    values = {
        name: np.array([float(row["multiplier"]) for row in rows if row["set"] == name])
        for name in ("images", "control")
    }
    assert values["images"].min() > values["control"].max()
