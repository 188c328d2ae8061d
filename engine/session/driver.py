"""The one loop that drives what takes long: a run or a training, with a window or without.

    driven = drive(reconstruction.iterate(), watcher, Autosave(), reconstruction.earlier_notes)

What there is to see, to keep and to answer between two steps is the watcher's; when, is decided
here. What fails on the way is handed back, not raised: whoever drives knows what it leaves that is
worth keeping.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from engine.session.autosave import Autosave


class Moment(Protocol):
    """What the loop asks of a snapshot."""

    @property
    def seconds(self) -> float:
        """Computing time so far."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened on the way, a sentence each."""

    @property
    def is_last(self) -> bool:
        """Whether no other follows."""


M = TypeVar("M", bound=Moment)
Seen = TypeVar("Seen", bound=Moment, contravariant=True)


class Watcher(Protocol[Seen]):
    """Is called between two steps, on the thread that takes them."""

    def show(self, snapshot: Seen, news: str) -> None:
        """Shows a snapshot, and says what has happened since the one before, if anything has."""

    def begin(self) -> None:
        """Called once, when the first snapshot is there: a copy that cannot be done without."""

    def save(self) -> None:
        """Keeps a copy; called when one is due, but for the last snapshot, which is the caller's.

        What is raised here ends the work, so that a full disk should not be.
        """

    def goes_on(self, snapshot: Seen) -> bool:
        """Whether another step is wanted; may wait with the answer. Not asked of the last."""


@dataclass(frozen=True)
class Driven(Generic[M]):
    """How far it came.

    Attributes:
        last: the newest snapshot.
        failure: what ended it before its time; None where nothing did.
        has_begun: whether `begin` has done its work.
    """

    last: M
    failure: Exception | None = None
    has_begun: bool = False


def drive(
    snapshots: Generator[M],
    watcher: Watcher[M],
    autosave: Autosave,
    told: tuple[str, ...] = (),
) -> Driven[M]:
    """Takes snapshots until there are no more, the watcher has enough, or something fails.

    Args:
        snapshots: closed in the end.
        watcher: what is called between two of them.
        autosave: says when a copy is due.
        told: notes that are known already.

    Raises:
        Exception: whatever fails before there is a first snapshot.
    """
    last: M | None = None
    has_begun = False
    with closing(snapshots):
        try:
            for last in snapshots:
                news = last.notes[-1] if last.notes != told else ""
                told = last.notes
                watcher.show(last, news)
                if not has_begun:
                    watcher.begin()
                    has_begun = True
                elif not last.is_last and autosave.is_due(last.seconds):
                    autosave.done(last.seconds)
                    watcher.save()
                if not last.is_last and not watcher.goes_on(last):
                    break
        except Exception as failure:
            if last is None:
                raise
            return Driven(last, failure, has_begun)
    assert last is not None, "there is a snapshot before the first step"
    return Driven(last, None, has_begun)
