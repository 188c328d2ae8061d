"""Nothing jumps: a seat that moves glides there, and what comes or goes fades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPointF

SECONDS = 0.45
DOUBTFUL = 0.45
"""Opacity below the line."""


@dataclass
class _Path:
    start: QPointF
    end: QPointF
    opacity_start: float
    opacity_end: float
    began: float

    @property
    def is_way(self) -> bool:
        """Whether it leads anywhere."""
        return self.start != self.end or self.opacity_start != self.opacity_end


class Glide:
    """Where each candidate is seen, and how clearly, at any moment."""

    def __init__(self) -> None:
        self._paths: dict[int, _Path] = {}
        self._rests_at = 0.0

    def clear(self) -> None:
        """Nobody is there."""
        self._paths.clear()

    def move(
        self, to: Mapping[int, tuple[QPointF, float]], now: float, at_once: bool = False
    ) -> None:
        """Sends candidates on their way.

        Args:
            to: where each is to be, and how opaque; who is not among them has gone.
            now: seconds.
            at_once: without a way, as when the window has another size.
        """
        paths = {}
        for candidate, (end, opacity) in to.items():
            before = self._paths.get(candidate)
            if at_once or before is None:
                begins = opacity if at_once else 0.0
                paths[candidate] = _Path(end, end, begins, opacity, now)
            elif before.end == end and before.opacity_end == opacity:
                paths[candidate] = before
            else:
                place, shown = self.at(candidate, now)
                paths[candidate] = _Path(place, end, shown, opacity, now)
        self._paths = paths
        moving = (p.began for p in paths.values() if p.is_way)
        self._rests_at = max(moving, default=now - SECONDS) + SECONDS

    def at(self, candidate: int, now: float) -> tuple[QPointF, float]:
        """Where it is, and how opaque."""
        path = self._paths[candidate]
        way = _eased((now - path.began) / SECONDS)
        place = path.start + (path.end - path.start) * way
        return place, path.opacity_start + (path.opacity_end - path.opacity_start) * way

    def is_moving(self, now: float) -> bool:
        """Whether another frame would differ."""
        return bool(self._paths) and now < self._rests_at


def _eased(share: float) -> float:
    """Slow at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
