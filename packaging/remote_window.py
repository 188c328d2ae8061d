"""A window on no screen, with keys that are pressed and a picture that can be looked at.

Qt can show its windows to a VNC viewer in place of a screen, and this is such a viewer: the part of
RFB 3.3 (RFC 6143) that pressing keys and taking a picture needs. It asks nothing of the program but
to be a Qt application, and nothing of the system.
"""

from __future__ import annotations

import socket
import struct
import time
from types import TracebackType

NAMED_KEYS = {
    "Return": 0xFF0D,
    "Escape": 0xFF1B,
    "F5": 0xFFC2,
    "Shift": 0xFFE1,
    "Ctrl": 0xFFE3,
    "Alt": 0xFFE9,
}
"""X11's numbers of keys that are no characters."""

_PATIENCE_SECONDS = 60.0
_RAW = 0
_BLUE_GREEN_RED = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RemoteWindow:
    """The screen of a program that was started with `QT_QPA_PLATFORM=vnc:port=…`."""

    def __init__(self, port: int) -> None:
        """Waits until the program listens.

        Raises:
            OSError: it does not, in a minute.
        """
        self._socket = _connect(port)
        self._read(12)  # Its version, which is at least ours.
        self._socket.sendall(b"RFB 003.003\n")
        assert self._read(4) == struct.pack(">I", 1)  # No password.
        self._socket.sendall(b"\1")
        self.width, self.height = struct.unpack(">HH", self._read(4))
        self._read(16)
        self._read(*struct.unpack(">I", self._read(4)))
        self._socket.sendall(b"\0\0\0\0" + _BLUE_GREEN_RED)
        self._socket.sendall(struct.pack(">BxHi", 2, 1, _RAW))

    def __enter__(self) -> RemoteWindow:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def press(self, shortcut: str) -> None:
        """Presses keys together, as in `Ctrl+E`."""
        keys = [NAMED_KEYS.get(name, ord(name[-1].lower())) for name in shortcut.split("+")]
        for key in keys:
            self._socket.sendall(struct.pack(">BBxxI", 4, 1, key))
        for key in reversed(keys):
            self._socket.sendall(struct.pack(">BBxxI", 4, 0, key))

    def type(self, text: str) -> None:
        """Types characters."""
        for character in text:
            for is_down in (1, 0):
                self._socket.sendall(struct.pack(">BBxxI", 4, is_down, ord(character)))

    def picture(self) -> bytes:
        """All pixels, row by row, as blue, green, red and nothing, a byte each."""
        self._socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        rows = bytearray(4 * self.width * self.height)
        kind, count = struct.unpack(">BxH", self._read(4))
        assert kind == 0
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self._read(12))
            assert encoding == _RAW
            for row in range(y, y + height):
                start = 4 * (row * self.width + x)
                rows[start : start + 4 * width] = self._read(4 * width)
        return bytes(rows)

    def shows_something(self) -> bool:
        """Whether there is more on the screen than one colour or a few."""
        rows = memoryview(self.picture())
        return len({bytes(rows[i : i + 4]) for i in range(0, len(rows), 4 * 97)}) > 8

    def _read(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._socket.recv(count - len(received))
            if not part:
                raise OSError("The window's program has ended.")
            received += part
        return received


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
