"""What a run claims, scores and confidences, is what the oracle states."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.engine import oracle, under_test
from tests.engine.oracle import Theta
from tests.engine.test_oracle_step import make_theta

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads((ROOT / "resources" / "nulls.json").read_text(encoding="utf-8"))

CLOSE = 2e-5
"""What float32 leaves of a similarity."""


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def numbers(*tensors: Tensor) -> tuple[np.ndarray, ...]:
    """For the oracle."""
    return tuple(tensor.double().numpy() for tensor in tensors)


def assert_same_pairs(found: list[oracle.Pair], stated: list[oracle.Pair]) -> None:
    by_reference = sorted(found, key=lambda pair: pair.reference)
    for one, other in zip(by_reference, sorted(stated, key=lambda p: p.reference), strict=True):
        assert (one.candidate, one.reference) == (other.candidate, other.reference)
        assert one.is_colour == other.is_colour
        assert one.ssim == pytest.approx(other.ssim, abs=CLOSE)
        assert one.ncc == pytest.approx(other.ncc, abs=CLOSE)
        if abs(other.measure - (0.4 if other.is_colour else 0.8)) > CLOSE:
            assert one.is_good == other.is_good


# --- scoring ------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.sampled_from([1, 3]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_pairs_control_and_what_is_recovered(channels, m, n, one_to_one, knows_mean, seed):
    train = torch.rand(n, channels, 8, 6, generator=torch.Generator().manual_seed(seed))
    control = torch.rand(n, channels, 8, 6, generator=torch.Generator().manual_seed(seed + 1))
    given_mean = 0.5 + 0.2 * draw(seed + 2, channels, 8, 6) if knows_mean else None
    mean = train.mean(0) if given_mean is None else given_mean
    part = torch.linspace(0.1, 0.9, m)[:, None, None, None]
    real = train[torch.arange(m) % n] - mean
    images = (1 - part) * real + part * 0.3 * draw(seed + 3, m, channels, 8, 6)

    found, found_control, above, recovered = under_test.scores(
        images, train, control, given_mean, one_to_one
    )
    x, y, z, mu = numbers(images, train, control, mean)
    stated, stated_control = (oracle.pairs(x, each, mu, one_to_one) for each in (y, z))
    assert_same_pairs(found, stated)
    assert found_control is not None
    assert_same_pairs(found_control, stated_control)
    assert above == oracle.above_control(stated, stated_control)
    assert recovered == oracle.recovered(stated, stated_control)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_good_from_noise_to_truth(channels):
    """One candidate at a time, so that its pair is plain; both sides of the bar, and near it."""
    train = torch.rand(1, channels, 12, 12, generator=torch.Generator().manual_seed(3))
    mean = torch.full_like(train[0], 0.5)
    measures = []
    for part in torch.linspace(0, 1, 60).tolist():
        images = (1 - part) * (train - mean) + part * 0.3 * draw(4, *train.shape)
        found, *_ = under_test.scores(images, train, mean=mean)
        stated = oracle.pairs(*numbers(images, train, mean))
        assert_same_pairs(found, stated)
        measures.append(stated[0].measure)
    bar = 0.4 if channels == 3 else 0.8
    assert any(bar - 0.04 < measure < bar for measure in measures)
    assert any(bar < measure < bar + 0.04 for measure in measures)


def test_above_the_controls_best_is_not_yet_good():
    train = torch.rand(2, 1, 10, 10, generator=torch.Generator().manual_seed(1))
    control = torch.rand(2, 1, 10, 10, generator=torch.Generator().manual_seed(2))
    mean = torch.full_like(train[0], 0.5)
    weak, strong = train[0] - 0.5 + 0.35 * draw(5, 1, 10, 10), train[1] - 0.5
    found, _, above, recovered = under_test.scores(
        torch.stack([weak, strong]), train, control, mean
    )
    assert [pair.is_good for pair in sorted(found, key=lambda p: p.reference)] == [False, True]
    assert (above, recovered) == ({0, 1}, {1})


def test_what_the_control_holds_as_well_is_not_recovered():
    """The bar is above the control's best, not as good as it."""
    image = torch.rand(1, 1, 10, 10, generator=torch.Generator().manual_seed(1))
    mean = torch.full_like(image[0], 0.5)
    found, control, above, recovered = under_test.scores(image - 0.5, image, image, mean)
    assert control is not None
    assert found[0].measure == control[0].measure
    assert found[0].is_good
    assert (above, recovered) == (set(), set())


# --- line-ups ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_partners_in_line_ups(channels, seed):
    """Of candidates between noise and training images, in two classes."""
    train = torch.rand(5, channels, 8, 6, generator=torch.Generator().manual_seed(seed))
    control = torch.rand(14, channels, 8, 6, generator=torch.Generator().manual_seed(seed + 50))
    labels = torch.arange(5) % 2, torch.arange(14) % 2
    mean = torch.full_like(train[0], 0.5)
    part = torch.linspace(0.1, 0.5, 5)[:, None, None, None]
    images = (1 - part) * 0.3 * draw(seed + 3, *train.shape) + part * (train - mean)
    dealt, found = under_test.line_ups(images, train, control, labels, mean)
    x, y, z, mu = numbers(images, train, control, mean)
    for counts, real, own, together in (
        (found.train, y, labels[0], dealt.train),
        (found.control, z, labels[1], dealt.control),
    ):
        fillers = [
            z[dealt.fillers[turn % 5][int(own[place])]]
            for turn, places in enumerate(together)
            for place in places
        ]
        stated = oracle.line_ups(x, real, [list(each) for each in together], fillers, mu)
        assert counts.count == len(stated)
        assert counts.ncc == sum(ncc for ncc, _ in stated)
        assert counts.edges == sum(edges for _, edges in stated)
        assert counts.both == sum(ncc and edges for ncc, edges in stated)


# --- the confidence -----------------------------------------------------------------------------


def a_pool(
    channels: int, restarts: int, each: int, seed: int
) -> tuple[Theta, Tensor, Tensor, Tensor]:
    """A network, and candidates of all sizes, some of which recur across or within restarts."""
    shape = (channels, 8, 6)
    theta = make_theta(shape, [20, 12], 0.5, seed)
    images = draw(seed, restarts * each, *shape)
    images[1] = images[0] + 0.4 * draw(seed + 1, *shape)
    for restart in range(1, restarts):
        images[restart * each] = images[0] + 0.5 * draw(seed + 2 + restart, *shape)
    images[2:4] = images[2:4].cumsum(2)  # Smooth ones.
    images = images * torch.logspace(-1.5, 1, len(images))[:, None, None, None]
    labels = torch.where(torch.arange(each) < each // 2, -1.0, 1.0).repeat(restarts)
    return theta, images, labels, draw(seed + 9, len(images))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("restarts", [1, 2, 3])
@pytest.mark.parametrize("k", [4, 17])
def test_every_sign(channels, restarts, k):
    theta, images, labels, lam = a_pool(channels, restarts, 12, seed=restarts)
    found = under_test.signs(theta, images, labels, lam, restarts, k)
    stated = oracle.signs(theta, images, labels, lam, restarts, k)
    for name, one, other in zip(oracle.SIGNS + oracle.MORE_SIGNS, found.T, stated.T, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=CLOSE, err_msg=name)
    assert {-1.0, 4.0} < set(stated[:, oracle.SIGNS.index("margin")])


def test_without_directions_at_hand_the_clear_ones_are_taken():
    theta, images, labels, lam = a_pool(1, 1, 12, seed=5)
    values = torch.linalg.svdvals(theta.weights[0]).numpy()
    floor, _ = oracle.noise_floor(values, tuple(theta.weights[0].shape))
    k = oracle.directions(values, floor)
    found = under_test.signs(theta, images, labels, lam, 1)
    stated = oracle.signs(theta, images, labels, lam, 1, k)
    np.testing.assert_allclose(found, stated, rtol=1e-4, atol=CLOSE)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("restarts", [1, 2, 3])
def test_confidence_and_who_stands_for_whom(monkeypatch, channels, restarts):
    monkeypatch.setattr(
        "engine.evidence.confidence.LARGE", 0.0
    )  # Of the layers between, in networks of colour.
    theta, images, labels, lam = a_pool(channels, restarts, 12, seed=10 + restarts)
    values = torch.linalg.svdvals(theta.weights[0]).numpy()
    floor, _ = oracle.noise_floor(values, tuple(theta.weights[0].shape))
    k = oracle.directions(values, floor)
    stated = oracle.signs(theta, images, labels, lam, restarts, k)
    trust = oracle.confidence(stated, restarts, channels == 3)
    found = under_test.gallery(theta, images, labels, lam, restarts)
    log_odds = np.log(trust / (1 - trust))
    assert log_odds.std() > 1
    np.testing.assert_allclose(found.trust.double(), trust, rtol=5e-3, atol=1e-7)
    pictures, y = numbers(images, labels)
    assert found.candidate.tolist() == oracle.distinct(pictures, y, trust)
    assert len(found) < len(images)
    assert found.found_by.tolist() == oracle.found_by(
        found.candidate.tolist(), pictures, y, restarts
    )
    np.testing.assert_array_equal(found.confidence, found.of_each[found.candidate])
    kind = f"binary margin, {'grey' if channels == 1 else 'colour'}"
    table = TABLE[kind]["alone" if restarts == 1 else "pooled"]
    exact = under_test.log_odds_of(theta, images, labels, lam, restarts, kind)
    gallery = exact[found.candidate.numpy()].tolist()
    highest = [oracle.most(table, t, gallery) for t in exact.tolist()]
    held = np.minimum(found.trust.double().numpy(), highest)
    np.testing.assert_allclose(found.of_each, held, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("likeness", "labels", "is_one"),
    [(0.72, (1, 1), True), (0.68, (1, 1), False), (0.72, (1, -1), False), (0.62, (-1, -1), False)],
)
def test_look_alikes_have_an_ncc_above_seven_tenths_and_one_label(likeness, labels, is_one):
    shape = (1, 8, 6)
    theta = make_theta(shape, [20, 12], 0.5, seed=1)
    flat = draw(1, 4, 48)
    basis, _ = torch.linalg.qr((flat - flat.mean(1, keepdim=True)).T)
    first, second, *rest = basis.T
    other = likeness * first + math.sqrt(1 - likeness**2) * second
    images = torch.stack([first, other, *rest]).reshape(-1, *shape)
    assert oracle.alike(*numbers(images[0], images[1])) == pytest.approx(likeness, abs=1e-5)
    y = torch.tensor([*labels, 1, -1], dtype=torch.float32)
    found = under_test.gallery(theta, images, y, torch.ones(4), 1)
    assert len(found) == (3 if is_one else 4)
