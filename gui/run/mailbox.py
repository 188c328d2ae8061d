"""What passes between the window and a worker that is busy in its loop.

Such a worker never runs queued slots, so pause, stop and “give me what there is” are flags that
its loop looks at between two steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Holds the newest frame; older ones that nobody took are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: T | None = None

    def put(self, frame: T) -> None:
        """Leaves a frame, in place of an older one."""
        with self._lock:
            self._frame = frame

    def take(self) -> T | None:
        """The newest frame, once."""
        with self._lock:
            frame, self._frame = self._frame, None
            return frame


class Mailbox:
    """Pause, go on, stop, and requests for what stands between two steps, from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._stopped = False
        self._wanted: list[Callable[[Any], None]] = []
        self._closed_with: Callable[[], Any] | None = None
        self._references_changed = False

    def pause(self) -> None:
        """Holds the run before its next step."""
        self._set(paused=True)

    def go_on(self) -> None:
        """Lets a paused run go on."""
        self._set(paused=False)

    def stop(self) -> None:
        """Ends the run before its next step, paused or not."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def refresh(self) -> None:
        """Makes a paused run show itself anew, with other references."""
        with self._changed:
            self._references_changed = True
            self._changed.notify_all()

    def want(self, receiver: Callable[[Any], None]) -> None:
        """Asks for the work as it stands; the receiver is called on the worker's thread.

        After `close` it is called at once, on the caller's.
        """
        with self._changed:
            stand = self._closed_with
            if stand is None:
                self._wanted.append(receiver)
                self._changed.notify_all()
        if stand is not None:
            receiver(stand())

    def between_steps(self, stand: Callable[[], Any], show: Callable[[], None]) -> bool:
        """Called by the work's thread. Serves requests, sleeps while paused; False means stop."""
        while True:
            with self._changed:
                wanted, self._wanted = self._wanted, []
                refresh = False
                if not wanted:
                    if self._stopped:
                        return False
                    if not self._paused:
                        return True
                    if not self._references_changed:
                        self._changed.wait()
                    refresh, self._references_changed = self._references_changed, False
            for receiver in wanted:
                receiver(stand())
            if refresh and self._paused:
                show()

    def close(self, stand: Callable[[], Any]) -> None:
        """Called by the work's thread when the work has ended: serves all who still wait."""
        with self._changed:
            wanted, self._wanted = self._wanted, []
            self._closed_with = stand
        for receiver in wanted:
            receiver(stand())

    def _set(self, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            # A pause shows its last step in full.
            self._references_changed = paused
            self._changed.notify_all()
