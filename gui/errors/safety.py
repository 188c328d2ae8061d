"""What is safe when something has gone wrong, in sentences."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.runtime.lazy import torch
from gui.help.versions import in_one_line, versions
from gui.run.run_bar import duration

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


def what_is_safe(window: MainWindow) -> str:
    """What is open and under way, and where it is kept."""
    last_run, last_training = window.copies.last_run, window.copies.last_training
    sentences = []
    if window.controller.is_active:
        sentences.append(f"The run goes on; {_kept(last_run)}.")
    elif window.workspace.session is not None:
        sentences.append(f"The run and what it found are open; {_kept(last_run)}.")
    elif window.workspace.network is not None:
        sentences.append(f"{window.workspace.network.origin.name} stays open.")
    if window.training.controller.is_active:
        sentences.append(f"The training goes on; {_kept(last_training)}.")
    if not sentences and last_run.exists():
        sentences.append(f"Nothing was under way. Of the last run, {_kept(last_run)}.")
    return " ".join(sentences) or "Nothing was under way, so nothing is lost."


def _kept(path: Path) -> str:
    """`a copy of 12 s ago is in PATH`."""
    try:
        age = max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return "there is no copy on disk yet"
    return f"a copy of {duration(age)} ago is in {path}"


def circumstances(window: MainWindow) -> str:
    """Versions, device and settings, for people who look into the error."""
    lines = [
        in_one_line(versions()),
        f"cpu threads: {torch.get_num_threads()}, cuda: {torch.version.cuda or 'not built in'}",
    ]
    # Whatever is broken must not keep the error from being told.
    with suppress(Exception):
        network = window.workspace.network
        if network is not None:
            lines.append(f"network: {network.origin.name}, {network.architecture}")
        lines.append(f"run: {window.controller.activity.value}")
        settings = window.settings_panel.settings().as_dict()
        lines.append(
            "settings: " + ", ".join(f"{name}={value}" for name, value in settings.items())
        )
    return "\n".join(lines)
