"""When a run that is under way is to be kept safe on disk again."""

from __future__ import annotations

MOST_SECONDS = 20.0
_FIRST_SECONDS = 1.0


class Autosave:
    """Due after a second, then whenever as much is at stake as was saved, then every 20 seconds.

    So a killed run loses half of its work at most, and never more than 20 seconds of it (and
    what is computed while the copy is written).
    """

    def __init__(
        self, seconds: float = 0.0, most: float = MOST_SECONDS, first: float = _FIRST_SECONDS
    ) -> None:
        """
        Args:
            seconds: computing time that needs no saving: where a resumed run goes on.
            most: seconds that two copies lie apart at most, where 20 are too few.
            first: seconds before the first copy; where they are as many as `most`, all copies lie
                as far apart.
        """
        self._began = self._saved_at = seconds
        self._most, self._first = most, first

    def is_due(self, seconds: float) -> bool:
        """Whether it is time.

        Args:
            seconds: computing time so far.
        """
        saved = self._saved_at - self._began
        return seconds - self._saved_at > min(self._most, max(self._first, saved))

    def done(self, seconds: float) -> None:
        """A copy of how things stood at `seconds` is on disk."""
        self._saved_at = seconds
