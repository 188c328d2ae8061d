"""A network and the base that it was fine-tuned from: what is told, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.network.fine_tuned import about_base, changes_of, head_of, with_base, with_head
from engine.network.network import Origin
from tests.engine.networks import network_of
from tests.engine.tuned import tuned_network
from tests.engine.tuned import with_head as with_other_head

TEN = "ten outputs, biases everywhere"


def test_the_change_is_explained_and_its_size_is_told_per_layer():
    network = tuned_network(network_of(TEN))
    base = network.base.parameters
    for found, mine, start in zip(
        network.explained.tensors, network.parameters.tensors, base.tensors, strict=True
    ):
        assert torch.equal(found, mine - start)
    for layer, change in enumerate(changes_of(network)):
        pair = network.parameters, base
        mine, start = (torch.cat([p.weights[layer].flatten(), p.biases[layer]]) for p in pair)
        assert change.relative == pytest.approx(float((mine - start).norm() / start.norm()))
        assert not change.is_frozen
    assert about_base(network) == (
        "What fine-tuning changed of base.pth is explained, not the weights themselves. "
        "It is assumed that the last layer began as the base's."
    )


def test_without_a_base_the_weights_are_explained():
    network = network_of(TEN)
    assert network.explained is network.parameters
    assert changes_of(network) == ()
    assert about_base(network) == ""


def test_a_frozen_layer_is_named():
    network = tuned_network(network_of(TEN), frozen=(1, 4))
    words = [change.words for change in changes_of(network)]
    assert words[1] == "frozen"
    assert all(each.endswith(" %") for each in (words[0], words[2]))
    assert "Layer 2 was frozen and is left out." in about_base(network)


def test_of_another_head_the_start_is_not_known():
    tuned = tuned_network(network_of(TEN)).without_base
    found = with_base(tuned, with_other_head(network_of(TEN), 4))
    assert [change.words for change in changes_of(found)][-1] == "new"
    assert not found.explained.weights[-1].any()
    assert not found.explained.biases[-1].any()
    assert torch.equal(found.explained.weights[0], tuned.weights[0] - network_of(TEN).weights[0])
    assert "The last layer was new, so that its start is not known" in about_base(found)
    assert "frozen" not in about_base(found)


def test_a_last_layer_of_as_many_classes_can_be_said_to_be_new():
    known = tuned_network(network_of(TEN))
    assert head_of(known) == "known"
    new = with_head(known, "new")
    assert head_of(new) == "new"
    assert not new.explained.weights[-1].any()
    assert not new.explained.biases[-1].any()
    assert [change.words for change in changes_of(new)][-1] == "new"
    assert "assumed" not in about_base(new)
    again = with_head(new, "known")
    for found, before in zip(again.explained.tensors, known.explained.tensors, strict=True):
        assert torch.equal(found, before)


def test_a_last_layer_is_said_with_the_base():
    known = tuned_network(network_of(TEN))
    base = replace(network_of(TEN), origin=Origin("base.pth"))
    found = with_base(known.without_base, base, "new")
    assert not found.explained.weights[-1].any()
    assert with_base(known.without_base, base, "known").explained.weights[-1].any()


def test_a_last_layer_that_chooses_nothing_is_no_choice():
    assert head_of(network_of(TEN)) is None
    frozen = tuned_network(network_of(TEN), frozen=(2, 5))
    assert head_of(frozen) is None
    assert "assumed" not in about_base(frozen)
    tuned = tuned_network(network_of(TEN)).without_base
    four = with_other_head(network_of(TEN), 4)
    assert head_of(with_base(tuned, four)) is None
    assert head_of(with_base(tuned, four, "new")) is None
    with pytest.raises(UnusableInput, match="has 10 outputs, and not 4"):
        with_base(tuned, four, "known")


def test_the_same_weights_twice_leave_nothing_to_explain():
    network = network_of(TEN)
    with pytest.raises(UnusableInput, match="left nothing to explain"):
        with_base(network, replace(network, origin=Origin("again.pth")))


def test_a_frozen_first_layer_is_refused():
    with pytest.raises(UnusableInput, match=r"first layer of tuned\.pth is that of base\.pth"):
        tuned_network(network_of(TEN), frozen=(0,))


@pytest.mark.parametrize(
    "other", [network_of(TEN, hidden=(30, 21)), network_of("two outputs"), network_of("one output")]
)
def test_another_architecture_is_no_base(other):
    tuned = tuned_network(network_of(TEN)).without_base
    with pytest.raises(UnusableInput, match="another architecture"):
        with_base(tuned, other)


def test_the_base_follows_the_network_into_another_layout_and_precision():
    network = tuned_network(replace(network_of(TEN)))
    inputs = replace(
        network.inputs,
        shape=(4, 4, 4),
        preprocessing=replace(network.inputs.preprocessing, mean=None, std=None),
    )
    network = replace(network, inputs=inputs)
    turned = network.with_layout("hwc", "user")
    order = torch.arange(64).reshape(4, 4, 4).permute(2, 0, 1).flatten()
    assert torch.equal(turned.explained.weights[0], network.explained.weights[0][:, order])
    assert network.to("cpu", torch.float32).explained.weights[0].dtype == torch.float32
