"""How soon the window is there, in fresh processes, as a person starts it.

`python -m tests.benchmarks.start` is one of them: the window with an eye on it. It prints a word
when something has come about, and the benchmark looks at its own clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from engine.base.resources import sample_network

_ROOT = Path(__file__).resolve().parents[2]
_REPEATS = 7
_HEART_MILLISECONDS = 2
_EMPTY_WINDOW = (
    "from PySide6.QtWidgets import QApplication, QMainWindow\n"
    "application = QApplication([]); window = QMainWindow(); window.show()\n"
    "application.processEvents(); print('shown')"
)


def bench_start() -> dict[str, Any]:
    """Seconds from the start of the process; the first round, which warms the caches, is left out.

    `shown` is the window's first picture, `opened` the moment from which Start can be pressed on
    the sample that was given, `blocked` the longest that the window did not answer in between.
    """
    commands = {
        "window": ["-m", "tests.benchmarks.start", str(sample_network())],
        "version": ["main.py", "--version"],
        "help": ["main.py", "--help"],
        "empty_window": ["-c", _EMPTY_WINDOW],
        "torch": ["-c", "import torch"],
    }
    seconds: dict[str, list[float]] = {}
    for round_ in range(1 + _REPEATS):
        for name, command in commands.items():
            for word, value in _words(command).items():
                if round_:
                    seconds.setdefault(f"{name}_{word}", []).append(value)
    middle = {name: round(median(values), 2) for name, values in seconds.items()}
    return {
        **middle,
        "worst_shown": round(max(seconds["window_shown"]), 2),
        "shown_over_empty_window": round(middle["window_shown"] / middle["empty_window_end"], 2),
        "shown_over_torch": round(middle["window_shown"] / middle["torch_end"], 2),
        "opened_over_torch": round(middle["window_opened"] / middle["torch_end"], 2),
    }


def _words(command: list[str]) -> dict[str, float]:
    """When the process said each word, in seconds from its start; `end` is when it ended.

    A word that a number follows has that number.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        started = time.perf_counter()
        found = {}
        with subprocess.Popen(
            [sys.executable, *command],
            cwd=_ROOT,
            env={**environment, "QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                word, _, number = line.strip().partition(" ")
                if word in ("shown", "opened"):
                    found[word] = time.perf_counter() - started
                elif word == "blocked":
                    found[word] = float(number)
        assert process.returncode == 0, command
        return {**found, "end": time.perf_counter() - started}


def watch() -> int:
    """Opens what the command line names, says what comes about, and closes again."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from gui.app import application

    beats: list[float] = []

    class Eye(QObject):
        """Sees the window's first picture."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint and not beats:
                QTimer.singleShot(0, self.on_shown)
                watched.removeEventFilter(self)
            return False

        def on_shown(self) -> None:
            print("shown", flush=True)
            heart.start(_HEART_MILLISECONDS)

    def on_opened() -> None:
        print("opened", flush=True)
        longest = max(b - a for a, b in zip(beats, [*beats[1:], time.perf_counter()], strict=True))
        print(f"blocked {longest:.3f}", flush=True)
        window.close()

    qt, window, _ = application.start([Path(path) for path in sys.argv[1:]])
    eye, heart = Eye(), QTimer()
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    window.installEventFilter(eye)
    window.opener.opened.connect(lambda _: QTimer.singleShot(0, on_opened))
    return qt.exec()


if __name__ == "__main__":
    sys.exit(watch())
