"""The one loop: what it calls, when, and what it hands back however it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import torch

from engine.base.errors import RunFailed
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.session.session import session_of


@dataclass(frozen=True)
class Moment:
    """All that the loop knows of a snapshot."""

    step: int
    seconds: float
    notes: tuple[str, ...] = ()
    is_last: bool = False


@dataclass
class Diary:
    """Writes down what it is asked for; wants no more after a step, fails where it is told to."""

    enough_after: int = 1000
    fails_in: str = ""
    lines: list[str] = field(default_factory=list)

    def show(self, snapshot, news):
        self._write(f"show {snapshot.step}{f': {news}' if news else ''}")

    def begin(self):
        self._write("begin")

    def save(self):
        self._write("save")

    def goes_on(self, snapshot):
        self._write(f"ask {snapshot.step}")
        return snapshot.step < self.enough_after

    def _write(self, line):
        self.lines.append(line)
        if line == self.fails_in:
            raise OSError("no room")


class Work:
    """A run of so many steps, a second each, that may fail, and notices when it is left."""

    def __init__(self, steps, fails_after=None, notes=()):
        self.steps, self.fails_after, self.notes = steps, fails_after, dict(notes)
        self.is_closed = False

    def iterate(self):
        told = ()
        try:
            for step in range(self.steps + 1):
                told = (*told, *([self.notes[step]] if step in self.notes else []))
                yield Moment(step, float(step), told, step == self.steps)
                if step == self.fails_after:
                    raise RunFailed("It diverged.")
        finally:
            self.is_closed = True


def test_every_snapshot_is_shown_and_asked_about_and_the_last_is_left_to_the_caller():
    diary, work = Diary(), Work(3)
    driven = drive(work.iterate(), diary, Autosave(most=0.5, first=0.5))
    assert diary.lines == [
        *("show 0", "begin", "ask 0"),
        *("show 1", "save", "ask 1"),
        *("show 2", "save", "ask 2"),
        "show 3",
    ]
    assert (driven.last.step, driven.failure, driven.has_begun) == (3, None, True)
    assert work.is_closed


def test_copies_are_kept_when_they_are_due_and_not_oftener():
    diary = Diary()
    drive(Work(100).iterate(), diary, Autosave(most=30.0, first=30.0))
    saved = [diary.lines[place - 1] for place, line in enumerate(diary.lines) if line == "save"]
    assert saved == ["show 31", "show 62", "show 93"]


def test_who_has_enough_ends_it_at_once_and_closes_it():
    diary, work = Diary(enough_after=2), Work(1000)
    driven = drive(work.iterate(), diary, Autosave())
    assert (driven.last.step, driven.failure) == (2, None)
    assert diary.lines[-1] == "ask 2"
    assert work.is_closed


def test_what_happens_on_the_way_is_told_once_and_what_was_known_not_again():
    notes = {0: "An old story.", 2: "The GPU is gone.", 4: "So is its fan."}
    diary = Diary()
    drive(Work(5, notes=notes).iterate(), diary, Autosave(), ("An old story.",))
    told = [line for line in diary.lines if ":" in line]
    assert told == ["show 2: The GPU is gone.", "show 4: So is its fan."]


def test_what_fails_comes_back_with_the_newest_snapshot():
    driven = drive(Work(9, fails_after=4).iterate(), Diary(), Autosave())
    assert driven.last.step == 4
    assert str(driven.failure) == "It diverged."
    assert driven.has_begun


@pytest.mark.parametrize(
    ("where", "step", "has_begun"), [("begin", 0, False), ("save", 2, True), ("ask 3", 3, True)]
)
def test_a_watcher_that_fails_ends_the_work_and_is_handed_back_too(where, step, has_begun):
    work = Work(9)
    driven = drive(work.iterate(), Diary(fails_in=where), Autosave())
    assert isinstance(driven.failure, OSError)
    assert (driven.last.step, driven.has_begun) == (step, has_begun)
    assert work.is_closed


def test_what_fails_before_there_is_anything_to_show_is_raised():
    def nothing():
        raise RunFailed("No memory.")
        yield

    diary = Diary()
    with pytest.raises(RunFailed, match="No memory"):
        drive(nothing(), diary, Autosave())
    assert not diary.lines


def test_a_run_that_is_stopped_and_gone_on_with_is_the_run_driven_in_one_go(
    make_network, monkeypatch
):
    monkeypatch.setattr("engine.reconstruction.run.SNAPSHOT_INTERVAL", 0.0)
    network = make_network(16, 12, 10, 1, shape=(1, 4, 4))
    settings = replace(fast(), candidates=6, steps=20, rank=5, smoothness=4.0, device="cpu")
    whole = drive(Reconstruction(network, settings).iterate(), Diary(), Autosave()).last
    run = Reconstruction(network, settings)
    assert drive(run.iterate(), Diary(enough_after=7), Autosave()).last.step == 7
    kept = session_of(run, "cpu")
    again = Reconstruction(kept.network, kept.settings, kept.state)
    last = drive(again.iterate(), Diary(), Autosave(again.seconds)).last
    assert last.step == 20
    assert torch.equal(last.images(), whole.images())
