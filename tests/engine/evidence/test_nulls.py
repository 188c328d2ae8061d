"""Null images: how many reach a trust, the +1 rule, and how far that lets a confidence go."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from engine.base.json_text import read_json
from engine.data.datasets import LabelledImages
from engine.evidence import nulls
from engine.evidence.confidence import FITTED, case_of, nulls_of
from engine.evidence.gallery import NO_CHANCE, Gallery, make_gallery
from engine.evidence.nulls import NullImages, against_nulls
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import Session, session_of
from engine.stationarity.cases import TrainingKind
from engine.training.recipe import Recipe
from engine.training.training import Training
from tests.engine.networks import network_of

TEN = NullImages(10, 2, (1, 2, 4, 10), (3.0, 2.0, 1.0, -5.0))
"""Ten null images: one reaches 3, two reach 2, four reach 1, and all reach −5."""


def numbers(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_between_two_places_of_the_table_the_larger_number_counts():
    asked = numbers(3.5, 3, 2.5, 2, 1.5, 1, 0, -5, -9)
    # Three may lie between 2 and 1: the fourth is the one at 1.
    assert TEN.reaching(asked).tolist() == [0, 1, 1, 3, 3, 9, 9, 10, 10]


def test_with_every_place_in_the_table_it_is_the_count_itself():
    drawn = torch.randn(60, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    falling = drawn.sort(descending=True).values.tolist()
    table = NullImages(60, 1, tuple(range(1, 61)), tuple(falling))
    asked = torch.cat([drawn, drawn + 1e-9, drawn - 1e-9, numbers(-9, 9)])
    assert table.reaching(asked).tolist() == [int((drawn >= t).sum()) for t in asked]


def test_a_p_value_counts_the_image_itself_and_is_never_zero():
    assert TEN.p_value(numbers(9, 3, 1, -9)).tolist() == pytest.approx([1 / 11, 2 / 11, 10 / 11, 1])


def test_no_more_can_be_real_than_null_images_leave():
    """Of five images three are above all ten null images: 5/11 of one is chance among three."""
    logits = numbers(5, 6, 4, 0.5, -8)
    found = against_nulls(TEN, logits, torch.tensor([1, 0, 2, 3, 4]))
    assert (found.images, found.networks) == (10, 2)
    assert found.reaching.tolist() == [0, 0, 0, 9, 10]
    of_three = 1 - 5 / 11 / 3
    expected = [of_three, of_three, of_three, 0, 0]
    assert found.cap.tolist() == pytest.approx(expected, abs=1e-6)
    assert found.p_value(0) == pytest.approx(1 / 11)


def test_a_look_alike_is_held_to_what_the_gallery_shows_down_to_it():
    """The one at 4.5 stands for no image of its own; three images of two are no less than it."""
    found = against_nulls(TEN, numbers(6, 5, 4.5, -8), torch.tensor([0, 1, 3]))
    assert found.cap[:2].tolist() == pytest.approx([1 - 3 / 11 / 2] * 2, abs=1e-6)
    assert found.cap[2] == 0
    assert (found.cap[[0, 1, 2, 3]].diff() <= 0).all()


def test_of_a_gallery_that_is_itself_of_null_images_nothing_is_left():
    """Every tenth of four thousand: of k images that reach a trust k are chance."""
    generator = torch.Generator().manual_seed(0)
    falling = torch.randn(4000, generator=generator, dtype=torch.float64).sort(descending=True)
    table = NullImages(4000, 1, tuple(range(1, 4001)), tuple(falling.values.tolist()))
    gallery = falling.values[9::10]
    cap = against_nulls(table, gallery, torch.arange(400)).cap
    assert cap.max() < 1e-3


@pytest.mark.parametrize(
    ("ranks", "logits"),
    [((), ()), ((2, 3), (1.0, 0.0)), ((1, 1), (1.0, 0.0)), ((1, 2), (0.0, 1.0)), ((1, 2), (1.0,))],
)
def test_a_table_in_no_order_is_refused(ranks, logits):
    with pytest.raises(ValueError, match="no order"):
        NullImages(3, 1, ranks, logits)
    text = json.dumps({"images": 3, "networks": 1, "ranks": ranks, "logits": logits})
    with pytest.raises(ValueError, match="no order"):
        read_json(text, NullImages)


@pytest.mark.parametrize("restarts", [1, 3])
def test_of_each_case_that_a_confidence_is_given_for_there_are_hundreds(restarts):
    for case in FITTED:
        table = nulls_of(case, restarts)
        assert table.images >= 500
        assert table.networks >= 4
        assert table.ranks[-1] == table.images


def test_another_table_is_another_confidence(monkeypatch):
    """A hand-made one, in the resources' place: what is read is what holds confidences back."""
    session = session_of_noise(network_of("one output"), "margin")
    shipped, images = ranked(session), nulls_of("binary margin, grey", 1).images
    high = NullImages(1, 1, (1,), (90.0,))
    monkeypatch.setattr(nulls, "_table", lambda: {"binary margin, grey": nulls._Of(high, high)})
    held = ranked(session)
    assert torch.equal(held.trust, shipped.trust)
    assert (shipped.nulls.images, held.nulls.images) == (images, 1)
    assert held.of_each.max() == 0
    assert [held.p_value_of(i) for i in range(8)] == [1.0] * 8


def session_of_noise(network: Network, training: TrainingKind) -> Session:
    settings = replace(
        fast(), training=training, candidates=60, steps=100, rank=40, device="cpu", seed=5
    )
    run = Reconstruction(network, settings)
    list(run.iterate())
    return session_of(run, "cpu")


def ranked(session: Session) -> Gallery:
    """What would be said of a run, were it not for weights that hold nothing."""
    return make_gallery(
        session.network,
        session.images(),
        session.labels,
        session.strengths,
        space=session.state.space,
        training=session.settings.training,
    )


DECAY = {"start": "pytorch", "biases": "all", "schedule": "plain", "weight_decay": 1e-3}


@pytest.mark.parametrize(
    ("case", "shape", "classes", "recipe"),
    [
        ("binary margin, grey", (1, 28, 28), 2, {}),
        ("binary margin, colour", (3, 16, 16), 2, {}),
        ("ten classes margin, grey", (1, 28, 28), 10, {}),
        ("ten classes decay, grey", (1, 28, 28), 10, DECAY),
    ],
)
def test_on_a_network_that_was_never_trained_no_confidence_is_above_what_null_images_allow(
    case, shape, classes, recipe
):
    images = torch.rand(20, *shape, generator=torch.Generator().manual_seed(2))
    made = Recipe(hidden=(300, 250), device="cpu", seed=9, **recipe)
    data = LabelledImages(images, torch.arange(20) % classes, "noise")
    network = Training(data, made).network
    training: TrainingKind = "decay" if recipe else "margin"
    assert case_of(network, training) == case
    session = session_of_noise(network, training)
    assert session.gallery().why_unknown == NO_CHANCE
    assert session.gallery().nulls is None
    found = ranked(session)
    assert found.nulls.images == nulls_of(case, 1).images
    assert torch.equal(found.of_each, torch.minimum(found.trust, found.nulls.cap))
