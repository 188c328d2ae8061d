"""Errors that nobody expected, gathered: what each says, how often it came, and what to send."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from engine.runtime.device_errors import is_out_of_memory

_LONGEST_SUMMARY = 300
_MOST_DETAILS = 10
"""Different errors whose traceback is kept; of others only the number is."""


@dataclass(frozen=True)
class Incident:
    """One error.

    Attributes:
        summary: its kind and message: `KeyError: 'x'`.
        happened: the same in plain words.
        advice: what to do about it.
        trace: its traceback.
        place: where it was raised; errors of one kind and place are the same one again.
    """

    summary: str
    happened: str
    advice: str
    trace: str
    place: tuple[str, ...]


def incident_of(error: BaseException, where: str = "") -> Incident:
    """What an error says.

    Args:
        error: with its traceback.
        where: in which thread or object, if that is worth saying.
    """
    summary = "".join(traceback.format_exception_only(error)).strip()
    if len(summary) > _LONGEST_SUMMARY:
        summary = f"{summary[:_LONGEST_SUMMARY]} …"
    trace = "".join(traceback.format_exception(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = (type(error).__name__, *(f"{each.filename}:{each.lineno}" for each in frames[-3:]))
    happened, advice = _in_plain_words(error)
    return Incident(summary, happened, advice, f"{where}:\n{trace}" if where else trace, place)


def _in_plain_words(error: BaseException) -> tuple[str, str]:
    if is_out_of_memory(error):
        return (
            "There was not enough memory for what was asked.",
            "Close other programs, or take fewer candidates, and try again.",
        )
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return (
            f"A file could not be read or written: {error.strerror}{where}.",
            "See whether the disk has room and the folder can be written to, then try again.",
        )
    return (
        "An error in Afterimage itself; nothing that you did wrong.",
        "Go on working. If it comes again, or the window behaves oddly, restart Afterimage.",
    )


class Incidents:
    """All errors since somebody last looked."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._first: dict[tuple[str, ...], Incident] = {}

    def __len__(self) -> int:
        return sum(self._counts.values())

    def add(self, incident: Incident) -> None:
        """One more."""
        self._counts[incident.place] = self._counts.get(incident.place, 0) + 1
        if len(self._first) < _MOST_DETAILS:
            self._first.setdefault(incident.place, incident)

    @property
    def count(self) -> str:
        """How many there were, in words; empty where there was but one."""
        total, kinds = len(self), len(self._counts)
        if total < 2:
            return ""
        return f"It happened {total:,} times." if kinds == 1 else f"{total:,} errors so far."

    @property
    def traces(self) -> str:
        """Each different traceback once, with how often it came."""
        parts = []
        for place, incident in self._first.items():
            count = self._counts[place]
            parts.append(f"{f'{count:,} times: ' if count > 1 else ''}{incident.trace}")
        unseen = len(self._counts) - len(self._first)
        if unseen:
            parts.append(f"… and {unseen:,} more, of other kinds.")
        return "\n\n".join(parts)
