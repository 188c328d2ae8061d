"""Who is distinct, who is trusted, and who is marked: as of which step, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.evidence.gallery import NO_CHANCE, Gallery
from engine.evidence.references import References
from engine.viewing.headline import headline
from engine.viewing.pairs import best_pairs
from engine.viewing.standing import (
    IN_A_ROW,
    LONELY,
    UNMATCHED,
    UNRECOVERED,
    UNSURE,
    Judge,
    Moment,
    standing_at_rest,
)


def images(count, seed=0):
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def moment(found, step=9, is_early=False, seated=(), pairs=None, before=0):
    labels = torch.ones(len(found))
    return Moment(step, found, labels, before, is_early, seated, pairs)


def matched(found, control=True):
    """Pairs with four training images; the first two candidates are two of them."""
    shown = found - found.amin()
    train = torch.cat([shown[:2], images(2, 7).sigmoid()])
    train = train / train.amax()
    unseen = images(5, 8).sigmoid() if control else None
    return best_pairs(found, References(train, unseen, torch.zeros(1, 8, 8)))


def test_look_alikes_count_once_and_a_seat_is_kept_by_who_has_it():
    distinct = images(4)
    found = torch.cat([distinct, distinct[:2] + 0.01])
    there = Judge().judge(moment(found))
    assert len(there.candidates) == 4
    assert there.trusted == {c for c in there.candidates if c % 4 in (0, 1)}
    assert there.doubt == LONELY
    kept = Judge().judge(moment(found, seated=[5, 0]))
    assert {5, 0} <= set(kept.candidates)
    assert kept.heirs == {5: 5, 0: 0}
    other = Judge().judge(moment(found, seated=[4, 0]))
    assert other.heirs[0] == other.heirs[4] == 4


def test_a_mark_comes_after_some_scorings_in_a_row_and_goes_at_once():
    found = images(6)
    pairs, judge = matched(found), Judge()
    for number in range(1, 5):
        there = judge.judge(moment(found, pairs=pairs))
        assert there.marked == ({0, 1} if number >= 3 else set())
        assert there.trusted == there.marked
        assert there.doubt == UNMATCHED
    lost = replace(pairs, is_recovered=[False] * len(pairs.measure))
    assert not judge.judge(moment(found, pairs=lost)).marked
    assert not judge.judge(moment(found, pairs=pairs)).marked


def test_nothing_is_doubted_or_marked_while_noise_is_there():
    found = images(6)
    pairs, judge = matched(found), Judge()
    for _ in range(IN_A_ROW + 1):
        there = judge.judge(moment(found, is_early=True, pairs=pairs))
        assert (there.trusted, there.marked, there.doubt) == (frozenset(), frozenset(), "")
    assert headline(there, is_over=False) == (
        f"As of step {there.step}: 6 distinct candidates, too early to say more"
    )


def test_candidates_of_a_later_restart_are_counted_through():
    there = Judge().judge(moment(images(5), before=100, seated=[3, 102]))
    assert set(there.candidates) == set(range(100, 105))
    assert there.heirs == {102: 102}


@pytest.mark.parametrize("knows", ["score", "confidence", "nothing"])
def test_at_the_end_the_line_is_drawn_by_the_best_that_is_known(knows):
    distinct = images(5)
    found = torch.cat([distinct, distinct[3:4] + 0.01])
    chosen = torch.tensor([4, 3, 2, 1, 0])
    of_each = torch.tensor([0.1, 0.2, 0.3, 0.7, 0.9, 0.7])
    gallery = Gallery(chosen, torch.ones(5), of_each, of_each if knows == "confidence" else None)
    pairs = matched(found) if knows == "score" else None
    there = standing_at_rest(500, found, torch.ones(6), gallery, pairs)
    expected = {
        "score": ({0, 1}, UNRECOVERED),
        "confidence": ({3, 4}, UNSURE),
        "nothing": ({3}, LONELY),
    }[knows]
    assert (set(there.trusted), there.doubt) == expected
    assert set(there.candidates[: len(there.trusted)]) == set(there.trusted)
    assert bool(there.confidence) is (knows == "confidence")
    assert there.marked == (there.trusted if knows == "score" else frozenset())


def test_who_is_recovered_is_shown_even_if_the_gallery_shows_a_look_alike():
    found = torch.cat([images(4), images(4)[:1] + 0.01])
    gallery = Gallery(torch.tensor([4, 1, 2, 3]), torch.ones(4), torch.ones(5), None)
    pairs = matched(found)
    there = standing_at_rest(500, found, torch.ones(5), gallery, pairs)
    best = {int(c) for c, good in zip(pairs.candidate, pairs.is_recovered, strict=True) if good}
    assert best == set(there.trusted) <= set(there.candidates)


def test_without_a_control_nothing_is_recovered():
    found = images(6)
    pairs = matched(found, control=False)
    judge = Judge()
    for _ in range(IN_A_ROW):
        there = judge.judge(moment(found, pairs=pairs))
    assert not there.marked
    assert "without a control" in headline(there, is_over=True)


def test_of_a_network_that_has_nothing_to_give_nothing_is_trusted():
    distinct = images(4)
    found = torch.cat([distinct, distinct + 0.01])
    judge = Judge(has_chance=False)
    there = judge.judge(moment(found))
    assert not there.trusted
    assert "believed" in there.doubt
    gallery = Gallery(torch.arange(4), torch.ones(4), torch.ones(8), None, NO_CHANCE)
    ended = standing_at_rest(500, found, torch.ones(8), gallery, None)
    assert not ended.trusted
    assert NO_CHANCE in ended.doubt
