"""Weights that a file holds in parts are those that the module computes with; what is no layer is
never one, and what is not understood is refused by its name.
"""

from __future__ import annotations

import pytest
import safetensors.torch
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.nn.utils.parametrize import register_parametrization

from engine.base.errors import UnusableInput
from engine.network.checkpoints import load_network

WIDTH = 12


def module() -> nn.Sequential:
    """Square hidden layers, so that anything of a layer's shape fits where a layer does."""
    torch.manual_seed(0)
    linear = [nn.Linear(16, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 3)]
    return nn.Sequential(linear[0], nn.ReLU(), linear[1], nn.ReLU(), linear[2])


def read_as(model, path, **beside):
    """The network that a file of the model's state holds; it computes what the model does."""
    torch.save({**model.state_dict(), **beside}, path)
    network, x = load_network(path), torch.randn(7, 16, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network.forward(x), model.eval()(x).detach())
    assert network.layer_sizes == (16, WIDTH, WIDTH, 3)
    return network


def refusal(path):
    with pytest.raises(UnusableInput) as caught:
        load_network(path)
    return str(caught.value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.pth"


def test_a_pruned_layer_is_its_weights_times_its_mask(path):
    model = module()
    prune.l1_unstructured(model[2], "weight", amount=0.25)
    prune.random_unstructured(model[0], "bias", amount=0.5)
    network = read_as(model, path)
    assert float((network.weights[1] == 0).float().mean()) == 0.25
    assert [str(noted) for noted in network.reading.applied] == [
        "0.bias: pruned, 50 % of it",
        "2.weight: pruned, 25 % of it",
    ]


@pytest.mark.parametrize("kind", [torch.bool, torch.uint8, torch.int64])
def test_a_mask_may_hold_whole_numbers(path, kind):
    model = module()
    prune.l1_unstructured(model[2], "weight", amount=0.25)
    mask = model.state_dict()["2.weight_mask"].to(kind)
    read_as(model, path, **{"2.weight_mask": mask})


@pytest.mark.parametrize("name", ["2.weight_mask", "2.mask"])
def test_a_mask_that_was_applied_already_is_ignored_and_another_refused(path, name):
    model = module()
    mask = (torch.rand(WIDTH, WIDTH) > 0.5).float()
    torch.save({**model.state_dict(), name: mask}, path)
    assert f"“{name}” in network.pth is a mask" in refusal(path)
    with torch.no_grad():
        model[2].weight.mul_(mask)
    network = read_as(model, path, **{name: mask})
    assert [str(noted) for noted in network.reading.ignored] == [
        f"{name}: a mask that has been applied already"
    ]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("how", [nn.utils.weight_norm, parametrizations.weight_norm])
def test_weight_norm_is_worked_out(path, how, dim):
    model = module()
    if how is parametrizations.weight_norm and dim is None:
        dim = -1
    how(model[2], dim=dim)
    with torch.no_grad():
        for name, value in model[2].named_parameters():
            if name.endswith(("weight_g", "original0")):
                value.mul_(1.5)
    network = read_as(model, path)
    assert [str(noted) for noted in network.reading.applied] == [
        "2.weight: weight norm, worked out"
    ]


@pytest.mark.filterwarnings("ignore:.*spectral_norm.*:FutureWarning")
@pytest.mark.parametrize("how", [nn.utils.spectral_norm, parametrizations.spectral_norm])
def test_spectral_norm_is_worked_out_with_the_vectors_as_they_are_stored(path, how):
    model = module()
    how(model[2])
    how(model[0])
    model(torch.randn(4, 16))
    network = read_as(model, path)
    assert [noted.name for noted in network.reading.applied] == ["0.weight", "2.weight"]


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).T


def test_other_parametrisations_are_refused_by_name(path):
    model = module()
    register_parametrization(model[2], "weight", Symmetric())
    torch.save(model.state_dict(), path)
    assert "“2.parametrizations.weight.original” in network.pth is part of a weight" in refusal(
        path
    )
    model = module()
    parametrizations.orthogonal(model[2])
    torch.save(model.state_dict(), path)
    assert "“2.parametrizations.weight." in refusal(path)


def test_half_of_a_weight_norm_is_refused_by_name(path):
    state = module().state_dict()
    torch.save({**state, "2.weight_g": torch.ones(WIDTH, 1)}, path)
    assert "“2.weight_g” in network.pth is part of a weight" in refusal(path)


def test_weights_beside_their_parts_have_to_be_what_the_parts_make(path):
    model = module()
    prune.l1_unstructured(model[2], "weight", amount=0.25)
    read_as(model, path, **{"2.weight": model[2].weight.detach()})
    torch.save({**model.state_dict(), "2.weight": torch.eye(WIDTH)}, path)
    assert "“2.weight” in network.pth is another weight" in refusal(path)


# --- one name, two tensors ------------------------------------------------------------------------


def test_two_networks_under_two_prefixes_are_refused_by_name(path):
    one, other = module().state_dict(), nn.Sequential(*module()).state_dict()
    state = {f"module.{name}": tensor for name, tensor in one.items()}
    torch.save({**state, **{f"net.{n}": t + 1 for n, t in other.items()}}, path)
    message = refusal(path)
    assert "“module.0.weight” and “net.0.weight”" in message
    assert "two networks" in message


def test_a_network_that_is_listed_twice_is_one(path):
    model = module()
    state = model.state_dict()
    torch.save({**{f"net.{n}": t for n, t in state.items()}, **state}, path)
    network, x = load_network(path), torch.randn(5, 16)
    torch.testing.assert_close(network.forward(x), model(x).detach())
    assert "0.weight: the same as net.0.weight" in map(str, network.reading.ignored)


def test_tied_layers_that_safetensors_holds_once_are_both_there(tmp_path):
    model = module()
    tied = nn.Sequential(*model[:4], nn.Linear(WIDTH, WIDTH), nn.ReLU(), model[4])
    tied[4].weight = tied[2].weight
    path = tmp_path / "network.safetensors"
    safetensors.torch.save_model(tied, path)
    network, x = load_network(path), torch.randn(5, 16)
    assert network.layer_sizes == (16, WIDTH, WIDTH, WIDTH, 3)
    torch.testing.assert_close(network.forward(x), tied(x).detach())
    (noted,) = network.reading.applied
    assert str(noted) in {"4.weight: tied to 2.weight", "2.weight: tied to 4.weight"}


def test_tied_layers_that_a_file_names_twice_are_said_to_be(path):
    model = module()
    tied = nn.Sequential(*model[:4], nn.Linear(WIDTH, WIDTH), nn.ReLU(), model[4])
    tied[4].weight = tied[2].weight
    torch.save(tied.state_dict(), path)
    network, x = load_network(path), torch.randn(5, 16)
    torch.testing.assert_close(network.forward(x), tied(x).detach())
    assert [str(noted) for noted in network.reading.applied] == ["4.weight: tied to 2.weight"]


def test_a_layer_may_be_called_like_a_metric(path):
    torch.manual_seed(0)
    model = nn.ModuleDict({"fc": nn.Linear(16, WIDTH), "acc": nn.Linear(WIDTH, 3)})
    torch.save(model.state_dict(), path)
    x = torch.randn(5, 16)
    wanted = model["acc"](model["fc"](x).relu()).detach()
    torch.testing.assert_close(load_network(path).forward(x), wanted)


# --- what is no layer -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tensor", "why"),
    [
        ("pos_weight", torch.ones(1), "weighs classes in a loss"),
        ("criterion.pos_weight", torch.ones(3), "belongs to a loss"),
        ("criterion.weight", torch.ones(3), "belongs to a loss"),
        ("loss_fn.weight", torch.ones(3), "belongs to a loss"),
        ("class_weights", torch.ones(3), "weighs classes in a loss"),
        ("train_acc.correct", torch.ones(3), "belongs to a metric"),
        ("metrics.confmat", torch.ones(3, 3, dtype=torch.int64), "belongs to a metric"),
        ("val_acc.total", torch.tensor(100), "belongs to a metric"),
        ("num_batches_tracked", torch.tensor(100), "a counter"),
        ("n_averaged", torch.tensor(3), "a counter"),
        ("best", torch.tensor(0.9), "a single number"),
    ],
)
def test_what_is_no_part_of_the_network_is_left_out_and_listed(path, name, tensor, why):
    network = read_as(module(), path, **{name: tensor})
    assert [str(noted) for noted in network.reading.ignored] == [f"{name}: {why}"]


def test_of_many_that_are_ignored_the_first_are_listed(path):
    counters = {f"{number}.num_batches_tracked": torch.tensor(1) for number in range(53)}
    ignored = read_as(module(), path, **counters).reading.ignored
    assert len(ignored) == 51
    assert str(ignored[-1]) == "…: and 3 more"


def test_weights_of_a_loss_are_no_bias_of_the_last_layer(path):
    model = module()
    model[4] = nn.Linear(WIDTH, 3, bias=False)
    network = read_as(model, path, **{"criterion.weight": torch.tensor([1.0, 2.0, 3.0])})
    assert network.biases[2] is None


def test_one_element_for_the_positive_class_is_no_bias_of_one_output(path):
    model = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1, bias=False))
    torch.save({**model.state_dict(), "pos_weight": torch.tensor([3.0])}, path)
    assert load_network(path).biases[1] is None


@pytest.mark.parametrize(
    ("name", "tensor", "says"),
    [
        ("temperature", torch.tensor(2.0), "scales something"),
        ("criterion.centers", torch.ones(3, 3), "a matrix that belongs to a loss"),
        ("whatever", torch.ones(3), "“whatever”"),
    ],
)
def test_what_outputs_may_depend_on_is_refused_by_name(path, name, tensor, says):
    model = module()
    model[4] = nn.Linear(WIDTH, 3, bias=False)
    torch.save({**model.state_dict(), name: tensor}, path)
    assert says in refusal(path)


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1), (1, 3, 1, 1)])
@pytest.mark.parametrize("prefix", ["", "normalize.", "0.", "model.input_norm.", "_"])
def test_constants_of_normalisation_are_proposed_as_the_preprocessing(path, prefix, shape):
    torch.manual_seed(0)
    state = {"1.weight": torch.randn(8, 48), "3.weight": torch.randn(3, 8)}
    mean, std = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.25, 0.3])
    state |= {f"{prefix}mean": mean.reshape(shape), f"{prefix}std": std.reshape(shape)}
    torch.save(state, path)
    network, images = load_network(path), torch.rand(5, 3, 4, 4)
    assert network.inputs.preprocessing.described == (
        "less 0.5 0.4 0.3, divided by 0.2 0.25 0.3 (the file says so)"
    )
    read = network.inputs.of_images(images).reshape(images.shape)
    torch.testing.assert_close(read, (images - mean[:, None, None]) / std[:, None, None])
    assert [noted.name for noted in network.reading.ignored] == [f"{prefix}mean", f"{prefix}std"]


def test_two_different_means_say_nothing(path):
    means = {"normalize.mean": torch.full((3,), 0.5), "data.mean": torch.full((3,), 0.25)}
    torch.save({"a.weight": torch.randn(8, 48), "b.weight": torch.randn(3, 8), **means}, path)
    network = load_network(path)
    assert network.mean is None
    assert len(network.reading.ignored) == 2


def test_a_pruned_layer_may_be_called_as_a_metric_is(tmp_path):
    torch.manual_seed(0)
    layers = nn.ModuleDict(
        {
            "f1": nn.Linear(9, 6, bias=False),
            "f2": nn.Linear(6, 4, bias=False),
            "f3": nn.Linear(4, 1, bias=False),
        }
    )
    nn.utils.prune.l1_unstructured(layers["f1"], "weight", 0.5)
    torch.save(layers.state_dict(), tmp_path / "a.pth")
    found = load_network(tmp_path / "a.pth")
    assert [tuple(each.shape) for each in found.weights] == [(6, 9), (4, 6), (1, 4)]
    assert torch.equal(found.weights[0], layers["f1"].weight)
