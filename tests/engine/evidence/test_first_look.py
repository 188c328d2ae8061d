"""A first look: what differences of rows show, and that nothing is shown where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.base.progress import Cancelled
from engine.base.resources import sample_network
from engine.data.datasets import load_images
from engine.data.inputs import InputSpec
from engine.evidence.first_look import MOST, differences, first_look, recurrences
from engine.evidence.similarity import ncc_features
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def planted(images, neurons=300, active=0.5, seed=1, signs=1.0):
    """A first layer that is a sum of images, by the gates of each neuron; b_1 the same of ones.

    Neurons come in families, which differ by one image or none.
    """
    random = torch.Generator().manual_seed(seed)
    gates = (torch.rand(neurons // 6, len(images), generator=random) < active).float()
    gates = gates.repeat_interleave(6, 0)
    for number in range(len(gates)):
        if number % 6:
            which = number % len(images)
            gates[number, which] = 1 - gates[number, which]
    gates = signs * gates
    weight = gates @ images.flatten(1) + 0.001 * normal(len(gates), images[0].numel(), seed=9)
    shape = tuple(images.shape[1:])
    last = torch.ones(1, len(gates))
    return Network(Parameters((weight, last), (gates.sum(1), None)), InputSpec(shape))


# --- what it shows ------------------------------------------------------------------------------


@pytest.mark.parametrize("signs", [1.0, -1.0])
def test_images_that_neurons_differ_in_are_shown_with_their_sign(signs):
    images = normal(20, 1, 12, 12)
    found = first_look(planted(images, signs=signs))
    likeness = ncc_features(found.images) @ ncc_features(images).T
    assert len(found) >= 15
    best, which = likeness.max(1)
    assert (best > 0.95).sum() >= 15
    assert len(set(which[best > 0.95].tolist())) == int((best > 0.95).sum())
    assert list(found.recurrences) == sorted(found.recurrences, reverse=True)
    assert found.recurrences[-1] > 2 * found.by_chance + 5


def test_the_bundled_digits_show_themselves_and_none_of_the_control():
    path = sample_network().with_name("mnist_ten_digits.safetensors")
    network = load_network(path)
    found = first_look(network)
    real = [
        load_images(path.with_name(f"mnist_ten_digits{part}_images.npz")).images - network.mean
        for part in ("", "_control")
    ]
    train, control = ((ncc_features(found.images) @ ncc_features(each).T).amax(1) for each in real)
    assert len(found) == MOST
    assert int((train > 0.8).sum()) >= 5
    assert float(control.max()) < 0.8


def test_images_that_are_shown_are_distinct():
    found = first_look(planted(normal(20, 1, 12, 12)))
    units = torch.nn.functional.normalize(found.images.flatten(1), dim=1)
    likeness = (units @ units.T).fill_diagonal_(0).abs()
    assert float(likeness.max()) < 0.72


# --- and what it does not -----------------------------------------------------------------------


@pytest.mark.parametrize(("neurons", "side"), [(20, 4), (64, 8), (300, 14), (1000, 28), (2500, 14)])
@pytest.mark.parametrize("uniform", [False, True])
def test_nothing_is_shown_of_an_untrained_network(neurons, side, uniform):
    weight = normal(neurons, side * side, seed=neurons)
    weight = weight.erf() if uniform else weight
    network = Network(
        Parameters((weight / side, torch.ones(1, neurons)), (torch.zeros(neurons), None)),
        InputSpec((1, side, side)),
    )
    assert len(first_look(network)) == 0


@pytest.mark.parametrize("directions", [20, 40, 144])
def test_random_rows_recur_no_more_than_others_of_the_same_spectrum(directions):
    """Without the help of the health check: the rule alone."""
    rows = [normal(400, directions, seed=seed) for seed in (1, 2)]
    rows = [each * torch.linspace(2, 1, directions) for each in rows]
    one, other = (int(recurrences(differences(r, torch.zeros(400))).max()) for r in rows)
    assert one <= 2 * other + 5


def test_rows_of_a_table_have_none():
    network = planted(normal(20, 1, 1, 30))
    assert network.inputs.is_vector
    assert len(first_look(network)) == 0


def test_it_can_be_cancelled():
    def cancel(share):
        raise Cancelled(str(share))

    with pytest.raises(Cancelled):
        first_look(planted(normal(20, 1, 12, 12)), cancel)


# --- how differences are compared ---------------------------------------------------------------


def test_a_difference_is_what_is_left_of_a_row_without_its_neighbour():
    rows = torch.tensor([[3.0, 0.0, 0.0], [3.0, 4.0, 0.0], [0.0, 0.0, 5.0]])
    found = differences(rows, torch.tensor([1.0, 3.0, 0.0]))
    of = {tuple(pair): place for place, pair in enumerate(found.rows.tolist())}
    assert set(of) == {(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}
    # (3, 4) without its share of (3, 0) is (0, 4), and its bias 3 − 1·1; (3, 0) without 9/25 of
    # (3, 4) is (1.92, −1.44), of length 2.4, and its bias 1 − 0.36·3.
    np.testing.assert_allclose(found.directions[of[1, 0]], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(float(found.biases[of[1, 0]]), 2 / 4, rtol=1e-5)
    np.testing.assert_allclose(found.directions[of[0, 1]], [0.8, -0.6, 0], atol=1e-6)
    np.testing.assert_allclose(float(found.biases[of[0, 1]]), -0.08 / 2.4, rtol=1e-4)


def test_recurrences_are_counted_with_either_sign_and_never_within_the_same_rows():
    found = differences(normal(9, 4, seed=3), torch.zeros(9))
    counts = recurrences(found)
    for place, (one, other) in enumerate(found.rows.tolist()):
        expected = sum(
            abs(float(found.compared[place] @ found.compared[its])) > 0.7
            for its, pair in enumerate(found.rows.tolist())
            if not {one, other} & set(pair)
        )
        assert int(counts[place]) == expected
    assert int(counts.max()) > 0
