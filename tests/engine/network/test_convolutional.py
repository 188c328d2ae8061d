"""A convolutional network that opens computes what its module computes; else what fits is listed.

Where the architecture comes from: a person, the file, a known one, the usual one that fits alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.base.errors import UnusableInput
from engine.network.architecture import Layer
from engine.network.checkpoints import load_network, save_network
from engine.network.convolutional import NeedsArchitecture
from engine.network.fitting import Shaped
from engine.network.known_architectures import KNOWN, Known, known_that_fit, said_architecture
from engine.network.network import Network
from engine.network.other_layers import NETWORKS
from engine.network.restructured import other_architectures, text_of, with_text
from engine.network.structure import Convolution, Pooling
from tests.conftest import shared_file

SIMPLE = "conv stride 2 padding 2, relu, flatten, linear, relu, linear"


def saved(path: Path, net: nn.Module) -> Path:
    torch.save(net.state_dict(), path)
    return path


def assert_computes(network: Network, net: nn.Module) -> None:
    x = torch.randn(3, *network.input_shape, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        torch.testing.assert_close(network.forward(x.flatten(1)), net.eval()(x))


def striding() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 5, 2, 2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(4 * 14 * 14, 8), nn.ReLU(), nn.Linear(8, 3)),
    )


class ByName(nn.Module):
    """Two convolutions and a full layer, with pooling behind each, as their names do not say."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        for name in ("conv1", "conv2"):
            x = functional.max_pool2d(self.get_submodule(name)(x).relu(), 2)
        return self.fc1(x.flatten(1))


def by_name() -> ByName:
    torch.manual_seed(0)
    return ByName(
        conv1=nn.Conv2d(1, 4, 3, padding=1),
        conv2=nn.Conv2d(4, 4, 3, padding=1),
        fc1=nn.Linear(4 * 49, 3),
    )


# --- what is assumed ------------------------------------------------------------------------------


def test_gaps_in_the_numbers_of_a_sequential_tell_strides_from_pooling(tmp_path):
    """Both halve 28×28; one step without weights more lies between where there is pooling."""
    strided = striding()
    network = load_network(saved(tmp_path / "a.pth", strided))
    assert text_of(network) == SIMPLE
    assert network.reading.structured_by == "shapes"
    assert (network.input_shape, network.inputs.is_known) == ((1, 28, 28), False)
    assert_computes(network, strided)
    pooled = nn.Sequential(
        *(nn.Conv2d(1, 4, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(4 * 14 * 14, 8), nn.ReLU(), nn.Linear(8, 3)),
    )
    network = load_network(saved(tmp_path / "b.pth", pooled))
    assert text_of(network) == "conv padding 2, relu, maxpool 2, flatten, linear, relu, linear"
    assert_computes(network, pooled)


def test_blocks_with_batch_normalisation_in_a_safetensors_file(tmp_path):
    """Which sorts `classifier` before `features`, and 12 before 4."""
    torch.manual_seed(0)
    blocks: list[nn.Module] = []
    for inputs, outputs in ((3, 8), (8, 8), (8, 8), (8, 64)):
        blocks += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        blocks += [nn.MaxPool2d(2)]
    net = nn.Sequential()
    net.add_module("features", nn.Sequential(*blocks))
    net.add_module("flatten", nn.Flatten())
    net.add_module("classifier", nn.Sequential(nn.Linear(256, 8), nn.ReLU(), nn.Linear(8, 3)))
    net.train()(torch.rand(9, 3, 32, 32))
    safetensors.torch.save_file(net.state_dict(), tmp_path / "a.safetensors")
    network = load_network(tmp_path / "a.safetensors")
    assert network.reading.layers[:4] == tuple(f"features.{place}" for place in (0, 4, 8, 12))
    assert network.input_shape == (3, 32, 32)
    assert (network.inputs.layout, network.inputs.layout_said_by) == ("chw", "file")
    assert_computes(network, net)


def test_where_several_fit_they_are_listed_and_none_is_taken(tmp_path):
    path = saved(tmp_path / "a.pth", by_name())
    with pytest.raises(NeedsArchitecture) as caught:
        load_network(path)
    pooled = "conv padding 1, relu, maxpool 2, conv padding 1, relu, maxpool 2, flatten, linear"
    assert caught.value.candidates[:2] == (
        pooled,
        "conv stride 2 padding 1, relu, conv stride 2 padding 1, relu, flatten, linear",
    )
    assert pooled in caught.value.why
    assert "--architecture" in caught.value.instead
    assert caught.value.page == NETWORKS
    assert_computes(load_network(path, architecture=pooled), by_name())


def test_where_none_fits_it_is_said(tmp_path):
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 85, 3))
    with pytest.raises(NeedsArchitecture, match="no usual one fits “0”"):
        load_network(saved(tmp_path / "a.pth", net))


def test_blocks_with_shortcuts_are_not_taken_for_a_chain(tmp_path):
    """A shortcut without weights leaves nothing in a file but the names of its block."""
    net = nn.ModuleDict({"layer1": nn.ModuleDict({"conv1": nn.Conv2d(1, 4, 3, padding=1)})})
    net["layer1"]["conv2"] = nn.Conv2d(4, 4, 3, padding=1)
    net["fc"] = nn.Linear(4 * 28 * 28, 3)
    with pytest.raises(NeedsArchitecture, match="blocks with shortcuts"):
        load_network(saved(tmp_path / "a.pth", net))


def shapes_of(known: Known) -> list[Shaped]:
    """The layers that PyTorch's modules have, chained as a known architecture says."""
    x, found = torch.zeros(1, *known.shape), []
    for word in known.architecture.words:
        if isinstance(word, Layer):
            outputs = word.outputs or 10
            if isinstance(word.step, Convolution):
                assert word.kernel is not None
                step = (word.step.stride, word.step.padding)
                module: nn.Module = nn.Conv2d(x.shape[1], outputs, word.kernel, *step)
            else:
                x = x.flatten(1)
                module = nn.Linear(x.shape[1], outputs)
            found.append(Shaped(f"{len(found)}", tuple(module.weight.shape)))
        elif isinstance(word, Pooling):
            module = nn.MaxPool2d(word.kernel, word.stride, word.padding)
        else:
            continue
        x = torch.zeros_like(module(x))
    return found


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_a_known_one_is_told_by_its_own_layers(known):
    with torch.device("meta"):
        layers = shapes_of(known)
    assert known in known_that_fit(layers, None)
    assert known in known_that_fit(layers, known.shape)
    assert known not in known_that_fit(layers, (known.shape[0], 40, 40))
    assert said_architecture(known.name.upper()) == (known.architecture, known.about)


class Example(nn.Module):
    """`examples/mnist/main.py` of PyTorch's repository."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, 1), nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.conv1(x).relu()).relu()
        x = self.dropout1(functional.max_pool2d(x, 2)).flatten(1)
        return self.fc2(self.dropout2(self.fc1(x).relu()))


class Tutorial(nn.Module):
    """The network of PyTorch's CIFAR-10 tutorial."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.pool, self.conv2 = nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.conv2(self.pool(self.conv1(x).relu())).relu())
        return self.fc3(self.fc2(self.fc1(x.flatten(1)).relu()).relu())


@pytest.mark.parametrize(
    ("net", "known_as", "shape"),
    [
        (Example(), "PyTorch's MNIST example", (1, 28, 28)),
        (Tutorial(), "PyTorch's CIFAR-10 tutorial", (3, 32, 32)),
    ],
    ids=["mnist", "cifar10"],
)
def test_known_ones_are_told_by_their_shapes(tmp_path, net, known_as, shape):
    network = load_network(saved(tmp_path / "a.pth", net))
    assert (network.reading.structured_by, network.reading.known_as) == ("known", known_as)
    assert network.reading.structured_by_words == f"assumed: its shapes are those of {known_as}"
    assert network.input_shape == shape
    assert network.activation_said_by == "nobody"
    assert_computes(network, net)


# --- what is said ---------------------------------------------------------------------------------


def test_a_person_says_it_by_text_or_by_name(tmp_path):
    path = saved(tmp_path / "a.pth", striding())
    text = "conv 5x5 4 stride 2 padding 2, leaky_relu:0.1, flatten, linear, leaky_relu:0.1, linear"
    network = load_network(path, architecture=text)
    assert network.reading.structured_by == "user"
    assert (network.activation.slope, network.activation_said_by) == (0.1, "user")
    with pytest.raises(UnusableInput, match="kernel of 5×5, and the architecture says 3×3"):
        load_network(path, architecture=text.replace("5x5", "3x3"))
    example = load_network(saved(tmp_path / "b.pth", Example()), architecture="mnist-example")
    assert example.reading.structured_by == "user"
    assert_computes(example, Example())
    with pytest.raises(UnusableInput, match=r"“mnist-exmaple” is no step .* mnist-example"):
        load_network(path, architecture="mnist-exmaple")


def test_the_shape_of_images_settles_what_fits(tmp_path):
    """A stride of 2 without padding gives 14×14 of images of 32×32."""
    path = saved(tmp_path / "a.pth", striding())
    network = load_network(path, (1, 32, 32))
    assert text_of(network) == SIMPLE.replace(" padding 2", "")
    assert (network.input_shape, network.inputs.is_known) == ((1, 32, 32), True)
    with pytest.raises(UnusableInput, match="reads images, not rows of a table"):
        load_network(path, (1, 1, 784))


@pytest.mark.parametrize("as_torch", [True, False], ids=["torch", "safetensors"])
def test_a_file_says_it_under_a_key(tmp_path, as_torch):
    state = by_name().state_dict()
    text = "conv padding 1, relu, maxpool 2, conv padding 1, relu, maxpool 2, flatten, linear"
    path = tmp_path / "a.file"
    if as_torch:
        torch.save({"state_dict": state, "architecture": text}, path)
    else:
        safetensors.torch.save_file(state, path, {"architecture": text})
    network = load_network(path)
    assert network.reading.structured_by_words == "the file says so"
    assert network.activation_said_by == "file"
    assert_computes(network, by_name())


def test_a_file_that_contradicts_itself_is_refused(tmp_path):
    said = {"architecture": SIMPLE, "activation": "leaky_relu"}
    safetensors.torch.save_file(striding().state_dict(), tmp_path / "a.safetensors", said)
    with pytest.raises(
        UnusableInput, match=r"leaky ReLU .* and in its architecture that it is ReLU"
    ):
        load_network(tmp_path / "a.safetensors")


def test_other_words_for_an_architecture_are_left_alone(tmp_path):
    said = {"state_dict": striding().state_dict(), "architecture": "resnet-like, 3 stages"}
    torch.save(said, tmp_path / "a.pth")
    assert load_network(tmp_path / "a.pth").reading.structured_by == "shapes"


def test_our_own_file_keeps_it(tmp_path):
    network = load_network(saved(tmp_path / "a.pth", striding()))
    save_network(network, tmp_path / "b.safetensors", {})
    again = load_network(tmp_path / "b.safetensors")
    assert again.structure == network.structure
    assert again.input_shape == network.input_shape
    assert again.reading.structured_by == "file"
    assert_computes(again, striding())


def test_full_layers_may_be_said_too(tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(36, 8), nn.LeakyReLU(0.2), nn.Linear(8, 3))
    path = saved(tmp_path / "a.pth", net)
    network = load_network(path, architecture="linear 8, leaky_relu:0.2, linear")
    assert network.structure is None
    assert (network.activation.slope, network.activation_said_by) == (0.2, "user")
    with pytest.raises(UnusableInput, match="the file 2: “0”"):
        load_network(path, architecture="linear, relu, linear, relu, linear")
    with pytest.raises(UnusableInput, match="one activation stands each"):
        load_network(path, architecture="relu, linear, linear")


# --- what is read otherwise -----------------------------------------------------------------------


def test_an_open_network_takes_another_architecture(tmp_path):
    network = load_network(saved(tmp_path / "a.pth", striding()))
    other = with_text(network, "conv padding 2, relu, maxpool 2, linear, relu, linear")
    assert other.reading.structured_by == "user"
    assert text_of(other) == "conv padding 2, relu, maxpool 2, flatten, linear, relu, linear"
    larger = with_text(network, "conv stride 2, relu, linear, relu, linear")
    assert larger.input_shape == (1, 32, 32)
    with pytest.raises(UnusableInput, match="With images of 1×28×28"):
        with_text(network, "conv, relu, linear, relu, linear", (1, 28, 28))


def test_others_that_fit_have_the_mean_of_patches_too(tmp_path):
    net = nn.Sequential(
        *(nn.Conv2d(1, 4, 5, 1, 2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(784, 3)),
    )
    network = load_network(saved(tmp_path / "a.pth", net))
    others = other_architectures(network)
    assert len(others) == len(set(others)) > 1
    kinds = {word.kind for other in others for word in other.words if hasattr(word, "kind")}
    assert kinds == {"max", "average"}


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)), "ends in a convolution"),
        (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(3, 4, 3), nn.Linear(4, 2)),
            "“1” (4×3×3×3) cannot read what “0” (4×1×3×3) gives",
        ),
        (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(4, 6), nn.Linear(12, 2)),
            "“2” (2×12) cannot read what “1” (6×4) gives",
        ),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.PReLU(), nn.Linear(4, 2)), "“1.weight”"),
        (nn.Sequential(nn.Conv3d(1, 4, 3), nn.ReLU(), nn.Linear(4, 2)), "a kind that is not read"),
    ],
)
def test_what_is_no_chain_is_refused_by_layer(tmp_path, net, words):
    with pytest.raises(UnusableInput) as caught:
        load_network(saved(tmp_path / "a.pth", net))
    assert words in caught.value.why
    assert caught.value.page == NETWORKS


def test_the_real_one_is_read_as_it_was_trained():
    path = shared_file("checkpoints/conv_digits10_n100_16x5s2_256_sgd_wd.pth")
    network = load_network(path)
    assert text_of(network) == SIMPLE
    assert network.input_shape == (1, 28, 28)
