"""The last runs as cards, kept between two starts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.base.errors import UnusableInput
from engine.session.run_cards import RunCard, change_cards, read_cards


@dataclass(frozen=True)
class ShownCard:
    """A card, and whether its session is still there."""

    card: RunCard
    is_missing: bool


class LastRuns(QObject):
    """Cards of the last runs, the last one first; files are looked at on threads."""

    changed = Signal()
    """Emitted when there are other cards, or when it is found out which are missing."""

    _looked = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """
        Args:
            folder: where copies of runs are kept, and the file of the cards.
            parent: owner.
        """
        super().__init__(parent)
        self._folder = folder
        self._file = folder / "last-runs.json"
        self._writing = threading.Lock()
        self.cards: tuple[ShownCard, ...] = ()
        self._looked.connect(self._on_looked, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def look(self) -> None:
        """Finds out which there are, without waiting for disks that sleep or are far away."""
        threading.Thread(target=self._look, daemon=True).start()

    def put(self, card: RunCard, in_place_of: Path | None = None, is_scored: bool = True) -> None:
        """Puts a card first; called on a thread.

        Args:
            card: of a run.
            in_place_of: the session of a card that this one replaces, beside one of its own path.
            is_scored: whether the run has a score now; without one, what an earlier card said of
                the same file stays.

        Raises:
            OSError: it cannot be written down.
        """

        def change(cards: Sequence[RunCard]) -> Sequence[RunCard]:
            there = [shown.card for each in cards if (shown := self._shown(each)) is not None]
            before = (each for each in there if (each.path, each.stamp) == (card.path, card.stamp))
            known = None if is_scored else next(before, None)
            first = card if known is None else replace(known, seconds=card.seconds)
            return [first, *(each for each in there if each.path not in (card.path, in_place_of))]

        with self._writing:
            change_cards(self._file, change)
        self._look()

    @Slot()
    def clear(self) -> None:
        """Forgets them all, their pictures too."""
        self._on_looked(())
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _look(self) -> None:
        try:
            cards: Sequence[RunCard] = read_cards(self._file)
        except UnusableInput:
            cards = ()
        shown = tuple(found for card in cards if (found := self._shown(card)) is not None)
        with suppress(RuntimeError):  # The window may be gone by now.
            self._looked.emit(shown)

    def _shown(self, card: RunCard) -> ShownCard | None:
        """A file of the user's own may be missing; a copy may have become another run's."""
        if card.path.parent != self._folder:
            return ShownCard(card, _written_at(card.path) is None)
        before = card.path.with_name(card.path.name.replace("last-run", "run-before"))
        for path in (card.path, before):  # A run that begins moves the copy of the last one.
            if _written_at(path) == card.stamp:
                return ShownCard(replace(card, path=path), is_missing=False)
        return None

    @Slot(object)
    def _on_looked(self, cards: tuple[ShownCard, ...]) -> None:
        if cards != self.cards:
            self.cards = cards
            self.changed.emit()


def _written_at(path: Path) -> int | None:
    """When a file was last written, in nanoseconds; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
