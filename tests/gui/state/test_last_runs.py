"""The cards of the last runs: what is said of a run once is not forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.session.run_cards import RunCard, read_cards
from gui.state.last_runs import LastRuns


@pytest.fixture
def runs(qapp, tmp_path):
    return LastRuns(tmp_path)


def card_of(path, headline, stamp, seconds=1):
    return RunCard(path, "net.pth", headline, seconds, stamp, b"")


def test_a_copy_that_holds_no_score_keeps_what_its_score_said(runs, tmp_path):
    copy = tmp_path / "last-run.afterimage"
    copy.write_text("a run")
    stamp = copy.stat().st_mtime_ns
    scored = card_of(copy, "37 of 50 recovered", stamp)
    runs.put(scored)
    runs.put(card_of(copy, "90 distinct images", stamp, seconds=2), is_scored=False)
    kept = tmp_path / "last-runs.json"
    assert read_cards(kept) == (replace(scored, seconds=2),)
    runs.put(card_of(copy, "35 of 50 recovered", stamp))
    assert read_cards(kept)[0].headline == "35 of 50 recovered"


def test_what_was_said_of_an_earlier_run_in_the_same_file_is_not_kept(runs, tmp_path):
    file = tmp_path.parent / "mine.afterimage"
    file.write_text("a run")
    runs.put(card_of(file, "37 of 50 recovered", 1))
    runs.put(card_of(file, "90 distinct images", 2), is_scored=False)
    (shown,) = read_cards(tmp_path / "last-runs.json")
    assert shown.headline == "90 distinct images"
