"""How a network is to be read, where its checkpoint does not say: the same options everywhere."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from engine.base.resources import SAMPLES, images_beside, sample_network
from engine.commands import command_line
from engine.session.session_file import load_session
from tests.conftest import shared_file

QUICK = ("--candidates", "4", "--steps", "2", "--device", "cpu", "--quiet")


@pytest.fixture
def model(tmp_path, make_network):
    network = make_network(16, 12, 10, 1)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / "small.pth")
    return str(tmp_path / "small.pth")


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (8, 1, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "train.npz", images=pixels, labels=np.arange(8) % 2)
    return str(tmp_path / "train.npz")


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def inspected(capsys, *arguments):
    status, out, err = call(capsys, "inspect", *arguments, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_what_nobody_said_is_said_to_be_assumed(capsys, model):
    _, out, _ = call(capsys, "inspect", model, "--text")
    assert "activation    ReLU (assumed: the file does not say)" in out
    assert "preprocessing not known" in out
    assert (
        "homogeneous   yes: ReLU (assumed: the file does not say), bias on the first layer" in out
    )
    assert "tells apart   2 classes, by the sign of one output" in out


def test_a_person_overrules_what_was_assumed(capsys, model, images):
    found = inspected(capsys, model, "--activation", "leaky_relu:0.1", "--preprocessing", "mnist")
    assert found["activation"]["slope"] == 0.1
    assert found["activation"]["said_by"] == found["preprocessing"]["said_by"] == "user"
    assert found["preprocessing"]["mean"] == [pytest.approx(0.1307)]
    assert found["preprocessing"]["std"] == [pytest.approx(0.3081)]
    mean = ("--preprocessing", "mean")
    for said in ((*mean, "--mean-of", images), ("--mean-of", images), (*mean, "--images", images)):
        assert inspected(capsys, model, *said)["preprocessing"]["mean"] == "image"


def test_the_training_images_are_asked_for_what_was_assumed(capsys, model, images):
    found = inspected(capsys, model, "--images", images)["assumptions"]
    assert {"none", "less the mean image of these images"} <= {
        trial["words"] for trial in found["preprocessing"]["tried"]
    }
    assert {"ReLU", "leaky ReLU with slope 0.1"} <= {
        trial["words"] for trial in found["activation"]["tried"]
    }
    _, out, _ = call(capsys, "inspect", model, "--images", images, "--text")
    assert "of the training images are on their own side" in out
    # A network of random weights knows none of them.
    assert "Something is assumed wrongly" in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--preprocessing", "mean"), "--mean-of SOURCE"),
        (("--preprocessing", "1"), "is no preprocessing"),
        (("--preprocessing", "cifar10"), "1 channel"),
        (("--preprocessing", "none", "--mean-of", "train.npz"), "goes with --preprocessing mean"),
        (("--mean-of", "nowhere.npz"), "nowhere"),
    ],
)
def test_what_cannot_be_meant_is_one_line(capsys, model, options, says):
    status, out, err = call(capsys, "inspect", model, *options)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_another_activation_is_refused_before_anything_is_read(capsys, model):
    with pytest.raises(SystemExit) as caught:
        call(capsys, "inspect", model, "--activation", "gelu")
    assert caught.value.code == 2
    assert "“gelu” is neither a ReLU nor a leaky ReLU" in capsys.readouterr().err


def test_a_run_keeps_what_was_said_and_goes_on_with_it(capsys, tmp_path, model):
    out = tmp_path / "out"
    said = ("--activation", "leaky_relu:0.1", "--preprocessing", "0.25/0.5")
    status, printed, _ = call(capsys, "reconstruct", model, "--out", out, *said, *QUICK)
    assert status == 0
    facts = json.loads(printed)["model"]
    assert facts["activation"] == {
        "name": "leaky ReLU with slope 0.1",
        "slope": 0.1,
        "said_by": "user",
    }
    assert facts["preprocessing"]["words"] == "less 0.25, divided by 0.5"
    network = load_session(out / "session.afterimage").network
    assert network.inputs.preprocessing.described == "less 0.25, divided by 0.5 (set by hand)"
    status, _, err = call(
        capsys, "reconstruct", out / "session.afterimage", "--out", out, *said, "--quiet"
    )
    assert status == 2
    assert "leave --activation out" in err


@pytest.fixture
def unordered(tmp_path):
    """Three equal hidden layers whose names tell no order."""
    torch.manual_seed(0)
    sizes = {"stem": (16, 8), "red": (8, 8), "green": (8, 8), "head": (8, 1)}
    state = {f"{name}.weight": torch.randn(n, k) for name, (k, n) in sizes.items()}
    torch.save(state, tmp_path / "unordered.pth")
    return str(tmp_path / "unordered.pth")


def test_an_order_that_was_a_choice_is_said_and_can_be_overruled(capsys, unordered):
    _, out, _ = call(capsys, "inspect", unordered, "--text")
    assert "order         stem, red, green, head (a choice: they stand so in the file" in out
    found = inspected(capsys, unordered, "--order", "stem, green,red,head")
    assert found["order"]["layers"] == ["stem", "green", "red", "head"]
    assert found["order"]["told_by"] == "user"


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("stem,red,head", "name each of them once: stem,red,green,head"),
        ("red,stem,green,head", "do not fit together (16–8–8–8–1"),
    ],
)
def test_an_order_that_cannot_be_is_refused(capsys, unordered, order, says):
    status, _, err = call(capsys, "inspect", unordered, "--order", order)
    assert status == 2
    assert says in err


def test_a_run_keeps_the_order_that_was_said(capsys, tmp_path, unordered):
    out = tmp_path / "run"
    status, _, _ = call(
        capsys, "reconstruct", unordered, "--out", out, *QUICK, "--order", "stem,green,red,head"
    )
    assert status == 0
    state = torch.load(unordered, weights_only=True)
    session = load_session(out / "session.afterimage")
    assert torch.equal(session.network.weights[1], state["green.weight"])
    assert session.network.reading.about_order == "stem, green, red, head (set by hand)"
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report["model"]["order"]["told_by"] == "user"
    page = (out / "report.html").read_text("utf-8")
    assert "--order stem,green,red,head" in page
    assert "stem, green, red, head (set by hand)" in page


def test_several_networks_are_all_read_so(capsys, tmp_path, model):
    out = tmp_path / "out"
    said = ("--preprocessing", "0.25/0.5")
    status, printed, _ = call(capsys, "reconstruct", model, model, "--out", out, *said, *QUICK)
    assert status == 0
    for run in json.loads(printed)["runs"]:
        network = load_session(out / run["folder"] / "session.afterimage").network
        assert network.inputs.preprocessing.words == "less 0.25, divided by 0.5"


def test_images_in_question_centre_nothing(capsys, model, images):
    """A mean of members would favour them."""
    given = ("membership", model, "--images", images, "--control", images)
    status, _, err = call(capsys, *given, "--preprocessing", "mean")
    assert status == 2
    assert "--mean-of SOURCE" in err


def test_a_ten_class_network_of_pytorch_is_spoken_of_as_one(capsys):
    path = shared_file("checkpoints/digits10_n100_1000-1000_sgd_wd.pth")
    _, out, _ = call(capsys, "inspect", path, "--text")
    assert "784–1000–1000–10, bias on every layer" in out
    assert "tells apart   10 classes" in out
    assert "homogeneous   no: ReLU" in out
    found = inspected(capsys, path)
    assert found["outputs"] == 10
    assert found["biases"] == [True, True, True]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_bundled_sample_names_its_classes_and_its_images_are_right(capsys, name):
    path = sample_network(name)
    images, _ = images_beside(path)
    found = inspected(capsys, path, "--images", images)
    assert all(each["name"] for each in found["classes"])
    assert found["assumptions"]["right"] == 1
    assert found["assumptions"]["warning"] == ""
    assert found["stationarity"]["wrong"] == 0


def test_the_images_of_a_ten_class_network_of_pytorch_tell_how_it_is_read(capsys):
    path = shared_file("checkpoints/digits10_n100_1000-1000_sgd_wd.pth")
    images = path.with_name(f"{path.stem}_images.npz")
    _, out, _ = call(capsys, "inspect", path, "--images", images, "--text")
    assert "as it is read 100 % of the training images are on their own side" in out
    assert "images say    less the mean image of these images: 100 % right" in out
    assert "ReLU: 100 % right; no other slope" in out
    found = inspected(capsys, path, "--images", images)["stationarity"]
    assert found["unknowns"] == "one a wrong class"
    assert found["relative"] <= found["decay"]["relative"] < 0.1
    assert found["decay"]["weight_decay"] == pytest.approx(1e-3, rel=0.1)


def test_the_layout_of_colour_images_is_said_and_kept(capsys, tmp_path, make_network):
    weights = make_network(48, 12, 10, 1).weights
    state = {f"layers.{i}.weight": weight for i, weight in enumerate(weights)}
    torch.save(state, tmp_path / "colour.pth")
    model = str(tmp_path / "colour.pth")
    _, text, _ = call(capsys, "inspect", model, "--text")
    assert "layout        C×H×W, channel by channel (assumed: the file does not say)" in text
    found = inspected(capsys, model, "--layout", "hwc")
    assert found["layout"] == {"name": "hwc", "said_by": "user"}
    out = tmp_path / "out"
    status, printed, _ = call(capsys, "reconstruct", model, "--out", out, "--layout", "hwc", *QUICK)
    assert status == 0
    assert json.loads(printed)["model"]["layout"] == {"name": "hwc", "said_by": "user"}
    network = load_session(out / "session.afterimage").network
    assert network.inputs.layout == "hwc"
    status, _, err = call(
        capsys,
        "reconstruct",
        out / "session.afterimage",
        "--out",
        out,
        "--layout",
        "chw",
        "--quiet",
    )
    assert status == 2
    assert "leave --layout out" in err


def test_of_grey_images_no_layout_is_spoken_of(capsys, model):
    _, text, _ = call(capsys, "inspect", model, "--text")
    assert "layout" not in text


CONV = "conv padding 1, relu, maxpool 2, conv padding 1, relu, maxpool 2, flatten, linear"


@pytest.fixture
def several(tmp_path):
    """Two convolutions of which several usual architectures fit."""
    shapes = {"conv1": (4, 1, 3, 3), "conv2": (4, 4, 3, 3), "fc": (3, 196)}
    generator = torch.Generator().manual_seed(0)
    state = {f"{n}.weight": torch.randn(s, generator=generator) for n, s in shapes.items()}
    torch.save(state, tmp_path / "conv.pth")
    return str(tmp_path / "conv.pth")


def test_an_architecture_that_nobody_knows_is_asked_for(capsys, several):
    status, out, err = call(capsys, "inspect", several)
    assert (status, out) == (2, "")
    assert f"several usual ones fit: {CONV} (1×28×28); " in err
    assert "--architecture TEXT" in err
    assert len(err.splitlines()) == 1


def test_an_architecture_is_said_by_a_person(capsys, several):
    found = inspected(capsys, several, "--architecture", CONV)
    assert found["structure"] == {"text": CONV, "said_by": "user", "about": "set by hand"}
    assert found["input_shape"] == [1, 28, 28]
    _, out, _ = call(capsys, "inspect", several, "--text", "--architecture", CONV)
    assert f"architecture  {CONV} (set by hand)" in out
    status, _, err = call(capsys, "inspect", several, "--architecture", "conv strde 2, linear")
    assert status == 2
    assert "“strde” in “conv strde 2”" in err


def test_of_full_layers_no_architecture_is_told(capsys, model):
    assert inspected(capsys, model)["structure"] is None
    assert "architecture " not in call(capsys, "inspect", model, "--text")[1]
