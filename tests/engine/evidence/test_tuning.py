"""The health check of a fine-tuned network: what it says of each way of fine-tuning."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.commands.inspect import inspection, inspection_text
from engine.data.datasets import LabelledImages
from engine.evidence.diagnostics import check_weights
from engine.evidence.gradients import Gradients
from engine.evidence.stationarity_check import check_stationarity
from engine.network.fine_tuned import with_base
from tests.engine.networks import by_autograd, network_of
from tests.engine.tuned import descended, images_of, tuned_network, with_head

TEN = "ten outputs, biases everywhere"


def flat(parameters):
    return torch.cat([each.flatten() for each in parameters.tensors])


def test_what_a_few_images_changed_has_their_number_as_its_rank():
    network = tuned_network(network_of(TEN), steps=50, rate=0.005)
    health = check_weights(network)
    assert health.remembered == 6
    assert health.judged.chance == "good"
    assert "about 6 images" in health.outlook
    norms = network.explained.squared_norms().sqrt().tolist()
    assert [layer.norm for layer in health.layers] == pytest.approx(norms)
    assert health.as_dict()["training"].startswith("fine-tuned from base.pth; changed per layer: ")


def test_long_steps_are_told_from_short_ones():
    health = check_weights(tuned_network(network_of(TEN), steps=1, rate=1.0))
    assert health.judged.chance == "fair"
    assert "long steps" in health.outlook


def test_steps_that_are_no_gradients_have_a_poor_chance():
    base = network_of(TEN)
    tuned = descended(base, *images_of(base), 20, lambda g: 1e-3 * g.sign())
    health = check_weights(with_base(tuned, base))
    assert health.judged.chance == "poor"
    assert "Adam has given up next to nothing so far" in health.outlook


def test_a_change_of_full_rank_hides_single_images():
    base = network_of(TEN)
    tuned = descended(base, *images_of(base, 60), 50, lambda g: 0.005 * g)
    health = check_weights(with_base(tuned, base))
    assert health.remembered == 30
    assert health.judged.chance == "fair"
    assert "hard to tell apart" in health.outlook


def test_layers_that_are_left_out_have_no_norm_and_no_floor():
    health = check_weights(tuned_network(network_of(TEN), frozen=(1, 4)))
    assert (health.layers[1].norm, health.layers[1].floor) == (0.0, 0.0)
    assert "frozen" in health.as_dict()["training"]


@pytest.mark.parametrize("frozen", [(), (1,), (2, 5), (4,)])
def test_sums_over_weights_leave_out_what_was_not_trained(frozen):
    network = tuned_network(network_of(TEN), frozen=frozen)
    x, _ = images_of(network)
    generator = torch.Generator().manual_seed(2)
    cotangents = torch.randn(len(x), 10, generator=generator, dtype=torch.float64)
    multipliers = torch.rand(len(x), generator=generator, dtype=torch.float64)
    found = Gradients.of(network, x, cotangents)
    columns = by_autograd(network.without_base, x, cotangents)
    trained = network.explained.each(lambda own: torch.full_like(own, float(bool(own.any()))))
    columns = columns * flat(trained)[:, None]
    torch.testing.assert_close(found.gram(), columns.T @ columns)
    torch.testing.assert_close(found.squared_norms(), columns.square().sum(0))
    torch.testing.assert_close(found.along_parameters(), columns.T @ flat(network.explained))
    torch.testing.assert_close(flat(found.combined(multipliers)), columns @ multipliers)


def test_true_images_of_a_tiny_step_explain_what_it_changed():
    """After a step so small that gradients have not changed, nothing is left over."""
    network = tuned_network(network_of(TEN), steps=1, rate=1e-7, frozen=(2, 5))
    x, labels = images_of(network)
    found = check_stationarity(network, x, labels.double())
    assert found.relative < 1e-5
    assert found.decay is None
    assert found.relative_per_layer[2] != found.relative_per_layer[2]  # Not a number.
    assert check_stationarity(network.without_base, x, labels.double()).relative > 0.5


def test_inspect_says_what_it_was_fine_tuned_from():
    tuned = tuned_network(network_of(TEN), frozen=(1, 4))
    images = LabelledImages(torch.rand(6, 1, 8, 8), torch.arange(6), "points")
    found = inspection(tuned, images)
    assert found["base"]["file"] == "base.pth"
    assert found["base"]["sha256"] == "b" * 64
    assert found["base"]["changes"][1] == {"relative": 0.0, "words": "frozen"}
    assert found["stationarity"]["relative_per_layer"][1] is None
    text = inspection_text(found)
    assert "Layer 2 was frozen and is left out." in text
    assert "random start" not in text


def test_inspect_says_nothing_of_a_base_that_nobody_gave():
    assert inspection(network_of(TEN))["base"] is None


def test_a_new_head_is_said():
    tuned = tuned_network(network_of(TEN)).without_base
    network = with_base(tuned, replace(with_head(network_of(TEN), 4)))
    assert check_weights(network).as_dict()["training"].endswith(", new")
