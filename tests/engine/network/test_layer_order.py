"""The order of layers comes from their shapes, then from the numbers in their names, then from the
file; what was a choice is said. A network that is read computes what the module computes that was
saved.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from engine.base.errors import UnusableInput
from engine.data.inputs import InputSpec
from engine.network.checkpoints import load_network, save_network
from engine.network.network import Network
from engine.network.orders import fitting_orders, in_numbered_order
from engine.network.parameters import Parameters
from engine.network.reading import place_names

WIDTH = 24


def sequential(hidden: int) -> nn.Sequential:
    """16 inputs, equal hidden layers, 3 outputs."""
    torch.manual_seed(0)
    sizes = (16, *[WIDTH] * hidden, 3)
    linear = [nn.Linear(k, n) for k, n in itertools.pairwise(sizes)]
    return nn.Sequential(*[part for layer in linear for part in (layer, nn.ReLU())][:-1])


class Named(nn.Module):
    """Layers that are registered in one order and used in another."""

    def __init__(self, registered: tuple[str, ...], used: tuple[str, ...]) -> None:
        super().__init__()
        torch.manual_seed(1)
        last = len(used) - 1
        for name in registered:
            place = used.index(name)
            sizes = (WIDTH if place else 16, 3 if place == last else WIDTH)
            self.add_module(name, nn.Linear(*sizes))
        self.used = used

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in self.used[:-1]:
            x = self.get_submodule(name)(x).relu()
        return self.get_submodule(self.used[-1])(x)


def assert_computes(path, model: nn.Module) -> Network:
    """Outputs on a batch are those of the module, to the last bits of float32."""
    network, x = load_network(path), torch.randn(7, 16, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network.forward(x), model(x).detach())
    return network


def by_name(model: nn.Module) -> dict[str, torch.Tensor]:
    return dict(sorted(model.state_dict().items()))


def test_keys_that_are_sorted_as_text_are_read_as_numbers(tmp_path):
    """`10.weight` stands before `2.weight` in such a file."""
    model = sequential(11)
    names = list(by_name(model))
    assert names.index("10.weight") < names.index("2.weight")
    torch.save(by_name(model), tmp_path / "sorted.pth")
    safetensors.torch.save_file(by_name(model), tmp_path / "sorted.safetensors")
    np.savez(tmp_path / "sorted.npz", **{k: v.numpy() for k, v in by_name(model).items()})
    for name in ("sorted.pth", "sorted.safetensors", "sorted.npz"):
        network = assert_computes(tmp_path / name, model)
        assert network.reading.layers == tuple(str(2 * layer) for layer in range(12))
        assert network.reading.ordered_by == "names"


def test_our_own_file_of_eleven_hidden_layers_comes_back_in_order(tmp_path):
    """safetensors sorts what it is given by name."""
    linear = [layer for layer in sequential(11) if isinstance(layer, nn.Linear)]
    weights = tuple(layer.weight.detach() for layer in linear)
    biases = tuple(layer.bias.detach() for layer in linear)
    network = Network(Parameters(weights, biases), InputSpec((1, 4, 4)))
    save_network(network, tmp_path / "own.safetensors", {})
    again = load_network(tmp_path / "own.safetensors")
    for ours, theirs in zip(again.parameters.tensors, network.parameters.tensors, strict=True):
        assert torch.equal(ours, theirs)


def test_numbers_count_more_than_the_order_in_which_layers_were_registered(tmp_path):
    model = Named(("fc1", "fc3", "fc2", "fc4"), ("fc1", "fc2", "fc3", "fc4"))
    torch.save(model.state_dict(), tmp_path / "network.pth")
    network = assert_computes(tmp_path / "network.pth", model)
    assert network.reading.about_order == "fc1, fc2, fc3, fc4 (by the numbers in their names)"


def test_blocks_of_several_layers_keep_their_order_within(tmp_path):
    used = tuple(f"block{n}_{part}" for n in range(11) for part in ("in", "out"))
    model = Named(tuple(sorted(used)), used)
    torch.save(by_name(model), tmp_path / "network.pth")
    assert_computes(tmp_path / "network.pth", model)


def test_without_numbers_the_file_decides_and_that_is_said_to_be_a_choice(tmp_path):
    used = ("stem", "left", "right", "head")
    model = Named(used, used)
    torch.save(model.state_dict(), tmp_path / "network.pth")
    reading = assert_computes(tmp_path / "network.pth", model).reading
    assert reading.is_choice
    assert reading.about_order == (
        "stem, left, right, head (a choice: they stand so in the file, and other orders fit as "
        "well)"
    )


def test_shapes_that_leave_one_order_leave_no_choice(tmp_path):
    torch.manual_seed(0)
    state = {"b.weight": torch.randn(3, 8), "a.weight": torch.randn(8, 16)}
    torch.save(state, tmp_path / "network.pth")
    reading = load_network(tmp_path / "network.pth").reading
    assert reading.layers == ("a", "b")
    assert reading.ordered_by == "shapes"


def test_numbers_that_do_not_fit_the_shapes_leave_the_order_to_the_file(tmp_path):
    used = ("fc9", "fc5", "fc7", "fc1")
    model = Named(used, used)
    torch.save(model.state_dict(), tmp_path / "network.pth")
    assert assert_computes(tmp_path / "network.pth", model).reading.is_choice


def test_a_bias_moves_with_its_layer(tmp_path):
    model = Named(("fc1", "fc3", "fc2", "fc4"), ("fc1", "fc2", "fc3", "fc4"))
    torch.save(model.state_dict(), tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth").with_order((0, 2, 1, 3), "user")
    x = torch.randn(5, 16)
    model.used = ("fc1", "fc3", "fc2", "fc4")
    torch.testing.assert_close(network.forward(x), model(x).detach())
    assert network.reading.about_order == "fc1, fc3, fc2, fc4 (set by hand)"


def test_every_order_of_three_equal_layers_fits_and_no_other():
    layers = [(16, 24), (24, 24), (24, 24), (24, 24), (24, 3)]
    wanted = {(0, *middle, 4) for middle in itertools.permutations((1, 2, 3))}
    found = fitting_orders(layers, 100)
    assert found[0] == (0, 1, 2, 3, 4)
    assert set(found) == wanted
    assert len(found) == 6


def test_loops_of_unequal_layers_may_change_places():
    """8 → 9 → 8 → 10 → 8: either loop may come first."""
    layers = [(16, 8), (8, 9), (9, 8), (8, 10), (10, 8), (8, 3)]
    assert set(fitting_orders(layers, 100)) == {(0, 1, 2, 3, 4, 5), (0, 3, 4, 1, 2, 5)}


def test_the_search_for_orders_ends():
    assert len(fitting_orders([(5, 5)] * 60, 100)) == 100


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (("0.weight", "10.weight", "2.weight"), (0, 2, 1)),
        (("fc1", "head", "fc3", "fc2"), (0, 1, 3, 2)),
        (("b10.a", "b10.b", "b9.a", "b9.b"), (2, 3, 0, 1)),
        (("W2", "w1"), (1, 0)),
        (("z", "a"), (0, 1)),
    ],
)
def test_names_are_ordered_by_their_numbers_in_the_places_of_their_kind(names, order):
    assert in_numbered_order(names) == order


def test_an_order_is_said_by_the_names_of_the_layers():
    assert place_names(("a", "c", "b"), ("a", "b", "c")) == (0, 2, 1)
    for wrong in (("a", "b"), ("a", "b", "b"), ("a", "b", "d")):
        with pytest.raises(UnusableInput, match="name each of them once: a,b,c"):
            place_names(wrong, ("a", "b", "c"))
