"""An ONNX file that opens computes what its graph computes; every other operator is named."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from engine.base.errors import UnusableInput
from engine.network.checkpoints import load_network
from engine.network.kinds import FILES
from engine.network.other_layers import NETWORKS
from engine.network.restructured import text_of
from tests.engine.network.onnx_models import arrays, model, node, striding


@pytest.fixture
def opened(tmp_path):
    """Reads a model from a file."""

    def read(made, **options):
        onnx.save(made, tmp_path / "a.onnx")
        return load_network(tmp_path / "a.onnx", **options)

    return read


@pytest.fixture
def refused(opened):
    """Why a model is refused."""

    def why(made):
        with pytest.raises(UnusableInput) as caught:
            opened(made)
        assert caught.value.page in (NETWORKS, FILES)
        return caught.value.why

    return why


def head(*nodes, **constants):
    """Some nodes from `x` to `z`, and a network of full layers behind them, of 1×4×4 images."""
    generator = torch.Generator().manual_seed(0)
    weights = {
        "w2": torch.randn(6, 16, generator=generator),
        "w3": torch.randn(3, 6, generator=generator),
    }
    behind = [
        node("Flatten", "z", "f"),
        node("Gemm", "f w2", "g", transB=1),
        node("Relu", "g", "h"),
        node("Gemm", "h w3", "y", transB=1),
    ]
    return model([*nodes, *behind], {**arrays(**weights), **constants}, ("n", 1, 4, 4)), weights


def test_a_chain_is_read_with_its_strides(opened):
    net, made = striding()
    network = opened(made)
    assert text_of(network) == "conv stride 2 padding 2, relu, flatten, linear, relu, linear"
    assert network.reading.structured_by_words == "the file says so"
    assert (network.input_shape, network.inputs.is_known) == ((1, 28, 28), True)
    assert (network.activation.name, network.activation_said_by) == ("ReLU", "file")
    x = torch.rand(4, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(network.forward(x.flatten(1)), net(x))


class Exported(nn.Module):
    """What people export: their preprocessing, a view of the batch's size, probabilities."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.fc1, self.fc2 = nn.Linear(4 * 16, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = (x - 0.5) / 0.25
        x = nn.functional.avg_pool2d(nn.functional.leaky_relu(self.norm(self.conv(x)), 0.1), 2)
        x = nn.functional.leaky_relu(self.fc1(x.view(x.size(0), -1)), 0.1)
        return self.fc2(x).softmax(1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("varies", [False, True], ids=["fixed", "any batch"])
def test_what_pytorch_exports_opens(tmp_path, varies):
    net, x = Exported().eval(), torch.rand(4, 3, 8, 8)
    named = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}} if varies else {}
    torch.onnx.export(net, (x,), tmp_path / "a.onnx", dynamo=False, **named)
    network = load_network(tmp_path / "a.onnx")
    assert text_of(network) == (
        "conv padding 1, leaky_relu:0.1, avgpool 2, flatten, linear, leaky_relu:0.1, linear"
    )
    assert network.inputs.preprocessing.described == (
        "less 0.5 0.5 0.5, divided by 0.25 0.25 0.25 (the file says so)"
    )
    assert network.reading.notes == (
        "Ignored: Softmax: makes probabilities of the outputs; left out",
    )
    with torch.no_grad():
        outputs = network.forward(network.inputs.of_images(x))
        torch.testing.assert_close(outputs.softmax(1), net(x))


def test_full_layers_alone_open_too(opened):
    made, weights = head(node("Identity", "x", "z"))
    network = opened(made)
    assert network.structure is None
    assert (network.layer_sizes, network.input_shape) == ((16, 6, 3), (1, 4, 4))
    x = torch.rand(5, 16)
    expected = (x @ weights["w2"].T).relu() @ weights["w3"].T
    torch.testing.assert_close(network.forward(x), expected)


def test_batch_normalisation_is_folded_in_with_its_own_epsilon(opened):
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(6, eps=0.1).eval()
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
    first, last = nn.Linear(16, 6), nn.Linear(6, 3)
    nodes = [
        node("Gemm", "x w1 b1", "a", transB=1),
        node("BatchNormalization", "a s b m v", "n", epsilon=0.1),
        node("Relu", "n", "r"),
        node("Gemm", "r w2 b2", "y", transB=1),
    ]
    constants = arrays(
        w1=first.weight,
        b1=first.bias,
        w2=last.weight,
        b2=last.bias,
        s=norm.weight,
        b=norm.bias,
        m=norm.running_mean,
        v=norm.running_var,
    )
    network, x = opened(model(nodes, constants, ("n", 16))), torch.randn(5, 16)
    with torch.no_grad():
        torch.testing.assert_close(network.forward(x), last(norm(first(x)).relu()))
    assert network.reading.notes == ("Applied: layers.0: batch normalisation (n_n) folded in",)


@pytest.mark.parametrize(
    ("operators", "mean", "std"),
    [
        ([("Sub", 0.5), ("Div", 0.25)], 0.5, 0.25),
        ([("Mul", 1 / 255)], 0.0, 1.0),
        ([("Div", 255.0), ("Sub", 0.1307), ("Div", 0.3081)], 0.1307, 0.3081),
        ([("Mul", 2.0), ("Add", -1.0)], 0.5, 0.5),
    ],
)
def test_what_is_done_to_images_is_said_as_mean_and_std(opened, operators, mean, std):
    names = ["x", *(f"p{place}" for place in range(1, len(operators))), "z"]
    nodes = [
        node(operator, f"{names[place]} k{place}", names[place + 1])
        for place, (operator, _) in enumerate(operators)
    ]
    constants = {f"k{p}": np.array(value, np.float32) for p, (_, value) in enumerate(operators)}
    made, _ = head(*nodes, **constants)
    preprocessing = opened(made).inputs.preprocessing
    assert preprocessing.said_by == "file"
    assert preprocessing.mean.flatten().tolist() == pytest.approx([mean] * 16, rel=1e-5)
    if std == 1:
        assert preprocessing.std is None
    else:
        assert preprocessing.std.flatten().tolist() == pytest.approx([std], rel=1e-5)


@pytest.mark.parametrize("operators", [[("Mul", 0.5), ("Add", 0.5)], [("Mul", -1.0)]])
def test_what_no_image_from_0_to_1_is_prepared_by_is_refused(refused, operators):
    names = ["x", *(f"p{place}" for place in range(1, len(operators))), "z"]
    nodes = [
        node(operator, f"{names[place]} k{place}", names[place + 1])
        for place, (operator, _) in enumerate(operators)
    ]
    constants = {f"k{p}": np.array(value, np.float32) for p, (_, value) in enumerate(operators)}
    assert "does something to images that is not read" in refused(head(*nodes, **constants)[0])


def test_a_mean_image_is_read(opened):
    image = np.random.default_rng(0).random((1, 1, 4, 4), np.float32)
    made, _ = head(node("Sub", "x k", "z"), k=image)
    preprocessing = opened(made).inputs.preprocessing
    torch.testing.assert_close(preprocessing.mean, torch.from_numpy(image[0]))


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([node("Tanh", "x", "z")], "holds Tanh “n_z”, an operator that is not read"),
        ([node("Transpose", "x", "z", perm=[0, 2, 3, 1])], "holds Transpose"),
        ([node("Relu", "x", "a"), node("Add", "a x", "z")], "joins two branches"),
        ([node("Relu", "x", "a"), node("Relu", "x", "z")], "branches off"),
        ([node("Sub", "k x", "z")], "does something to images that is not read"),
        ([node("Relu", "x", "a"), node("Mul", "a k", "z")], "is not read there"),
        ([node("Softmax", "x", "z")], "goes on behind Softmax"),
        ([node("MaxPool", "x", "z", kernel_shape=[2, 2], ceil_mode=1)], "counts the edges"),
        (
            [node("AveragePool", "x", "z", kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
            "counts the edges",
        ),
        ([node("MaxPool", "x", "z", kernel_shape=[2, 2], pads=[0, 0, 1, 1])], "different widths"),
        ([node("MaxPool", "x", "z", kernel_shape=[2])], "other than two dimensions"),
        ([node("LeakyRelu", "x", "z", alpha=2.0)], "slope of 2"),
        ([node("BatchNormalization", "x k k k k", "z")], "right behind no layer"),
        ([node("Conv", "x x", "z")], "joins two branches"),
        ([node("Conv", "x k", "z")], "other than two dimensions"),
        ([node("Relu", "x", "z", domain="ai.other")], "holds Relu “n_z”"),
        ([node("LeakyRelu", "x", "z", alpha=0.2)], "different activations"),
        ([node("Reshape", "x s", "z")], "makes no row"),
    ],
)
def test_every_other_operator_is_refused_by_its_name(refused, nodes, words):
    shape = np.array([1, 2, 2, 4], np.int64)
    made, _ = head(*nodes, k=np.full(1, 2, np.float32), s=shape)
    assert words in refused(made)


def test_what_is_no_classifier_is_refused(refused):
    weights = {"w": np.ones((3, 16), np.float32)}
    linear = [node("Flatten", "x", "f"), node("Gemm", "f w", "y", transB=1)]
    assert "without a hidden layer" in refused(model(linear, weights, ("n", 1, 4, 4)))
    ends = [*linear[:1], node("Gemm", "f w", "g", transB=1), node("Relu", "g", "y")]
    assert "has to end with “linear”" in refused(model(ends, weights, ("n", 1, 4, 4)))
    images = [node("Gemm", "x w", "g", transB=1)]
    assert "not flat" in refused(model(images, weights, ("n", 1, 4, 4)))


def test_weights_in_other_files_are_not_followed(tmp_path):
    _, made = striding()
    onnx.save(
        made,
        tmp_path / "a.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    assert (tmp_path / "weights.bin").exists()
    with pytest.raises(UnusableInput, match="keeps its weights in another file"):
        load_network(tmp_path / "a.onnx")


def test_weights_of_sixteen_bits_and_whole_numbers(opened, refused):
    made, weights = head(node("Identity", "x", "z"))
    for kind in (TensorProto.FLOAT16, TensorProto.BFLOAT16):
        half = onnx.ModelProto()
        half.CopyFrom(made)
        for place, (name, tensor) in enumerate(weights.items()):
            cast = helper.make_tensor(name, kind, list(tensor.shape), tensor.flatten().tolist())
            half.graph.initializer[place].CopyFrom(cast)
        assert opened(half).weights[0].dtype == torch.float32
        torch.testing.assert_close(opened(half).weights[0], weights["w2"], rtol=0.01, atol=0)
    whole = numpy_helper.from_array(np.ones((6, 16), np.int8), "w2")
    made.graph.initializer[0].CopyFrom(whole)
    assert "holds whole numbers" in refused(made)


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path):
    _, made = striding()
    content = made.SerializeToString()
    for length in range(1, len(content), 97):
        (tmp_path / "a.onnx").write_bytes(content[:length])
        with pytest.raises(UnusableInput):
            load_network(tmp_path / "a.onnx")


def test_a_graph_of_too_many_nodes_is_not_unpacked(refused):
    many = [node("Identity", "x" if n == 0 else f"a{n}", f"a{n + 1}") for n in range(4100)]
    assert "more than any network" in refused(model(many, {}))


def test_a_constant_that_claims_more_than_it_holds_is_refused(refused):
    made, _ = head(node("Identity", "x", "z"))
    made.graph.initializer[0].dims[0] = 1 << 40
    assert "The constant “w2” in a.onnx is damaged" in refused(made)
