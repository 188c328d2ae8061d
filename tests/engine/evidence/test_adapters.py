"""An adapter trained by SGD annihilates what it has seen, and nothing else does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.evidence.adapters import (
    BOUNDED,
    FULL,
    REFACTORED,
    UNTRAINED,
    certificate_of,
    rank_records,
)
from engine.network.adapter import Module

IN, OUT, R, SEEN = 40, 24, 12, 5


def draw(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


RECORDS, OTHERS = draw(SEEN, IN, seed=1), draw(200, IN, seed=2)


def trained(make, steps=60, records=RECORDS, out=OUT, dropout=0.0):
    """A LoRA on one layer below a ReLU and a head, all else frozen; from B = 0."""
    frozen, head = draw(out, IN, seed=3) / IN**0.5, draw(3, out, seed=4) / out**0.5
    down = (draw(R, IN, seed=5) / IN**0.5).requires_grad_()
    up = torch.zeros(out, R, dtype=torch.float64, requires_grad=True)
    optimizer, labels = make([down, up]), torch.arange(len(records)) % 3
    generator = torch.Generator().manual_seed(6)
    for _ in range(steps):
        h = records
        if dropout:
            h = h * (torch.rand(h.shape, generator=generator) > dropout) / (1 - dropout)
        z = records @ frozen.T + h @ down.T @ up.T
        loss = torch.nn.functional.cross_entropy(z.relu() @ head.T, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    eps = torch.finfo(torch.float64).eps
    return Module("layer", down.detach(), up.detach(), eps)


def sgd(**options):
    return lambda parameters: torch.optim.SGD(parameters, 0.3, **options)


@pytest.mark.parametrize(
    "make",
    [
        sgd(),
        sgd(momentum=0.9),
        sgd(momentum=0.9, nesterov=True),
        sgd(weight_decay=0.01),
        sgd(momentum=0.9, weight_decay=0.01),
    ],
)
def test_what_was_seen_is_annihilated_by_sgd_with_momentum_and_decay(make):
    found = certificate_of(trained(make))
    assert found.why_empty == ""
    assert found.rank == SEEN
    assert found.cliff > 1e6
    assert found.remainder(RECORDS).max() < 1e-6
    assert found.remainder(OTHERS).min() > 0.01


def test_the_certificate_is_that_of_the_start():
    """P A = P A_0: training moves A within the row space of B alone."""
    found = certificate_of(trained(sgd()))
    start = draw(R, IN, seed=5) / IN**0.5
    _, _, rows = torch.linalg.svd(found.module.up, full_matrices=False)
    kept = rows[: found.rank]
    torch.testing.assert_close(found.matrix, start - kept.T @ (kept @ start), atol=1e-9, rtol=0)
    assert float((found.module.down - start).norm()) > 0.01


def test_adam_leaves_no_room():
    def adam(parameters):
        return torch.optim.Adam(parameters, 0.01)

    found = certificate_of(trained(adam))
    assert found.matrix is None
    assert found.why_empty == FULL


def test_as_many_records_as_the_rank_leave_no_room():
    found = certificate_of(trained(sgd(), records=draw(30, IN, seed=7)))
    assert (found.rank, found.why_empty) == (R, FULL)


def test_fewer_outputs_than_records_hide_them():
    found = certificate_of(trained(sgd(), out=4))
    assert (found.rank, found.why_empty) == (4, BOUNDED)


def test_factors_that_were_made_anew_say_nothing():
    module = trained(sgd())
    u, s, v = torch.linalg.svd(module.up @ module.down, full_matrices=False)
    root = s[:R].sqrt()
    # Below the rank there is nothing but rounding.
    root[SEEN:] = 0
    anew = Module("layer", root[:, None] * v[:R], u[:, :R] * root, module.resolution)
    assert certificate_of(anew).why_empty == REFACTORED


def test_dropout_voids_it_and_the_rank_says_so():
    found = certificate_of(trained(sgd(), dropout=0.3))
    assert found.why_empty == FULL


def test_an_untrained_adapter_says_nothing():
    found = certificate_of(trained(sgd(), steps=0))
    assert found.why_empty == UNTRAINED


def test_a_file_in_single_precision_keeps_its_cliff():
    module = trained(sgd())
    rounded = Module(
        "layer",
        module.down.float().double(),
        module.up.float().double(),
        torch.finfo(torch.float32).eps,
    )
    found = certificate_of(rounded)
    assert found.rank == SEEN
    assert found.remainder(RECORDS).max() < 1e-4


def test_the_scale_of_either_factor_changes_nothing():
    module = trained(sgd())
    scaled = Module("layer", 7 * module.down, module.up / 300, module.resolution)
    one, other = certificate_of(module), certificate_of(scaled)
    np.testing.assert_allclose(one.remainder(OTHERS), other.remainder(OTHERS), rtol=1e-9)


def test_records_are_ranked_beside_a_control():
    certificate = certificate_of(trained(sgd()))
    found = rank_records([certificate], {"layer": RECORDS}, {"layer": OTHERS})["layer"]
    assert found.curve.area == 1
    told = found.as_dict()
    assert told["tpr_at_1_percent_fpr"] == 1
    assert told["median"] < 1e-6 < 0.1 < told["median_control"]
    # Who was not seen does not stand out from others who were not.
    blind = rank_records([certificate], {"layer": draw(100, IN, seed=8)}, {"layer": OTHERS})
    assert 0.35 < blind["layer"].curve.area < 0.65


def test_without_a_control_nothing_is_claimed_and_a_small_one_shows_no_rate():
    certificate = certificate_of(trained(sgd()))
    alone = rank_records([certificate], {"layer": RECORDS}, None)["layer"].as_dict()
    assert (alone["area"], alone["tpr_at_1_percent_fpr"]) == (None, None)
    few = rank_records([certificate], {"layer": RECORDS}, {"layer": OTHERS[:20]})["layer"]
    assert few.as_dict()["area"] == 1
    assert few.as_dict()["tpr_at_1_percent_fpr"] is None


def test_the_tokens_of_a_record_count_together():
    certificate = certificate_of(trained(sgd()))
    tokens = torch.stack([torch.stack([RECORDS[0], RECORDS[1]]), OTHERS[:2]])
    seen, other = certificate.remainder(tokens)
    assert seen < 1e-6
    ends = OTHERS[:2] @ certificate.matrix.T, OTHERS[:2] @ certificate.module.down.T
    assert other == pytest.approx(float(ends[0].norm() / ends[1].norm()))


def test_several_modules_are_one_score_by_their_geometric_mean():
    one = certificate_of(trained(sgd()))
    second = Module("second", one.module.down, one.module.up, one.module.resolution)
    pair = [one, certificate_of(second)]
    both = {"layer": OTHERS[:9], "second": OTHERS[9:18]}
    found = rank_records(pair, both, None)
    expected = np.sqrt(found["layer"].records * found["second"].records)
    np.testing.assert_allclose(found["all"].records, expected)
    assert list(itertools.islice(found, 3)) == ["layer", "second", "all"]
