"""No confidence is given where weights were changed after training and little is to be found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputSpec, Preprocessing
from engine.evidence.altered import is_altered
from engine.evidence.diagnostics import Health, check_weights
from engine.evidence.gallery import ALTERED, UNEXPLAINED
from engine.evidence.references import References
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import Session, session_of
from engine.training.recipe import Recipe
from engine.training.training import Training


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def pruned(share: float, weight: Tensor) -> Tensor:
    """Without its smallest entries."""
    least = weight.abs().flatten().kthvalue(max(1, int(share * weight.numel()))).values
    return torch.where(weight.abs() > least, weight, 0)


def rounded(bits: int, weight: Tensor) -> Tensor:
    """To so many bits, with one scale for the matrix."""
    step = weight.abs().max() / (2 ** (bits - 1) - 1)
    return (weight / step).round() * step


def rounded_by_row(bits: int, weight: Tensor) -> Tensor:
    """The same with a scale for each row."""
    step = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
    return (weight / step).round() * step


# --- weights alone --------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [rounded, rounded_by_row])
def test_few_levels_are_told_and_many_are_not(change):
    weight = draw(100, 400)
    assert is_altered(change(3, weight))
    assert is_altered(change(4, weight))
    assert not is_altered(change(8, weight))
    assert not is_altered(weight.half())
    assert not is_altered(weight.bfloat16())


def test_half_of_the_weights_pruned_is_told_and_what_never_was_there_is_not():
    weight = draw(100, 400)
    assert is_altered(pruned(0.5, weight))
    assert not is_altered(pruned(0.2, weight))
    with_dead = weight.clone()
    with_dead[:, :300] = 0
    with_dead[::2] = 0
    assert not is_altered(with_dead)
    assert is_altered(pruned(0.95, with_dead))
    assert not is_altered(torch.zeros(3, 4))


def test_small_layers_have_few_values_of_themselves():
    assert not is_altered(draw(30, 16))
    assert not is_altered(draw(1, 4))


@pytest.mark.parametrize("name", ["mnist_odd_even", "cifar10_vehicles_animals", "mnist_ten_digits"])
def test_the_samples_which_hold_16_bits_are_as_training_left_them(name):
    assert not is_altered(load_network(sample_network(name)).weights[0])


# --- runs -----------------------------------------------------------------------------------------


def small(images: LabelledImages) -> LabelledImages:
    """Forty of them, 14×14."""
    kept = torch.cat([torch.where(images.labels == number)[0][:20] for number in (0, 1)])
    pixels = nn.functional.avg_pool2d(images.images[kept], 2)
    return replace(images, images=pixels, labels=images.labels[kept])


@pytest.fixture(scope="module")
def digits() -> tuple[LabelledImages, LabelledImages]:
    """Training images and a control."""
    paths = images_beside(sample_network())
    train, control = (small(load_images(path, (1, 28, 28))) for path in paths if path is not None)
    return train, control


@pytest.fixture(scope="module")
def healthy(digits: tuple[LabelledImages, LabelledImages]) -> Network:
    """A network that was taught these digits towards a margin."""
    train = digits[0]
    training = Training(train, Recipe((100, 100), dtype="float64", until_exponent=-40))
    list(training.iterate())
    inputs = InputSpec((1, 14, 14), Preprocessing(train.images.mean(0), said_by="file"))
    return Network(training.network.parameters, inputs).to("cpu", torch.float32)


def attacked(
    network: Network, digits: tuple[LabelledImages, LabelledImages]
) -> tuple[Session, int]:
    """A short run, and how many training images are recovered."""
    settings = replace(fast(), candidates=120, steps=150, device="cpu")
    run = Reconstruction(network, settings)
    list(run.iterate())
    session = session_of(run, "cpu")
    return session, session.score(References.of(network, *digits)).recovered


def test_a_healthy_network_keeps_its_confidence(healthy, digits):
    session, recovered = attacked(healthy, digits)
    assert recovered >= 5
    assert session.gallery().why_unknown == ""
    assert session.gallery().above(0.5) >= 1


def shuffled(weight: Tensor) -> Tensor:
    order = torch.randperm(weight.numel(), generator=torch.Generator().manual_seed(1))
    return weight.flatten()[order].reshape(weight.shape)


def noisy(weight: Tensor) -> Tensor:
    return weight + 2 * weight.square().mean().sqrt() * draw(*weight.shape).to(weight.dtype)


def folded(weight: Tensor) -> Tensor:
    """As by a batch normalisation whose stds differ by orders of magnitude, folded in."""
    return weight * (3 * draw(len(weight), 1).to(weight.dtype)).exp()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda w: rounded(4, w), ALTERED),
        (lambda w: rounded(3, w), ALTERED),
        (lambda w: pruned(0.8, w), ALTERED),
        (lambda w: pruned(0.9, w), ALTERED),
        (shuffled, UNEXPLAINED),
        (noisy, UNEXPLAINED),
        (folded, UNEXPLAINED),
    ],
    ids=["4 bits", "3 bits", "pruned 80 %", "pruned 90 %", "shuffled", "noise", "folded"],
)
def test_where_weights_were_damaged_and_little_comes_back_there_is_no_confidence(
    healthy, digits, change, why
):
    weights = (change(healthy.weights[0]), *healthy.weights[1:])
    network = replace(healthy, parameters=Parameters(weights, healthy.biases))
    session, recovered = attacked(network, digits)
    assert recovered < 5
    assert session.gallery().of_each is None
    assert session.gallery().why_unknown == why


def test_with_biases_zeroed_nothing_is_sure_unless_images_come_back(healthy, digits):
    assert healthy.biases[0] is not None
    without = replace(
        healthy, parameters=Parameters(healthy.weights, (None,) * len(healthy.biases))
    )
    session, recovered = attacked(without, digits)
    sure = 0 if session.gallery().of_each is None else session.gallery().above(0.9)
    assert sure <= recovered


# --- what the health check says -------------------------------------------------------------------

ROUGHLY = "so that the equation that a search solves holds only roughly."


def saved(tmp_path, change) -> Health:
    """The health of a network whose first layer was changed with PyTorch's own tools."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 1))
    with torch.no_grad():
        model[0].weight.add_(3 * torch.outer(torch.randn(40), torch.randn(64)))
    change(model[0])
    torch.save(model.state_dict(), tmp_path / "network.pth")
    return check_weights(load_network(tmp_path / "network.pth"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: prune.l1_unstructured(one, "weight", 0.2), "Weights were pruned (0.weight)"),
        (
            nn.utils.parametrizations.weight_norm,
            "Weights were trained as parts of a norm (0.weight)",
        ),
        (
            nn.utils.parametrizations.spectral_norm,
            "Weights were trained as parts of a norm (0.weight)",
        ),
        (
            lambda one: one.weight.data.copy_(pruned(0.7, one.weight.data)),
            "Weights look pruned or rounded after training",
        ),
    ],
)
def test_the_health_check_says_where_the_equation_holds_only_roughly(tmp_path, change, words):
    health = saved(tmp_path, change)
    assert health.caution == f"{words}, {ROUGHLY}"
    assert health.judged.chance != "none"
    assert health.outlook.endswith(f" {health.caution}")
    assert health.as_dict()["caution"] == health.caution


def test_it_says_nothing_of_weights_as_training_left_them(tmp_path):
    assert saved(tmp_path, lambda _one: None).caution == ""
    assert check_weights(load_network(sample_network())).caution == ""
