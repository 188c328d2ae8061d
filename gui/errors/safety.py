"""What is safe when something has gone wrong, in sentences."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.reconstruction.settings import Settings
from engine.runtime.lazy import torch
from gui.help.versions import in_one_line, versions
from gui.run.context import AppContext
from gui.run.run_bar import duration


@dataclass(frozen=True)
class Safety:
    """Knows what there is to lose, and where it is kept.

    Attributes:
        context: what is open and under way.
        is_training: whether a training is on.
        settings: those that a run would start with.
    """

    context: AppContext
    is_training: Callable[[], bool]
    settings: Callable[[], Settings]

    @property
    def in_sentences(self) -> str:
        """What is open and under way, and where it is kept."""
        context, workspace = self.context, self.context.workspace()
        last_run = context.copies.last_run
        sentences = []
        if context.controller.is_active:
            sentences.append(f"The run goes on; {_kept(last_run)}.")
        elif workspace.session is not None:
            sentences.append(f"The run and what it found are open; {_kept(last_run)}.")
        elif workspace.network is not None:
            sentences.append(f"{workspace.network.origin.name} stays open.")
        if self.is_training():
            sentences.append(f"The training goes on; {_kept(context.copies.last_training)}.")
        if not sentences and last_run.exists():
            sentences.append(f"Nothing was under way. Of the last run, {_kept(last_run)}.")
        return " ".join(sentences) or "Nothing was under way, so nothing is lost."

    @property
    def circumstances(self) -> str:
        """Versions, device and settings, for people who look into the error."""
        lines = [
            in_one_line(versions()),
            f"cpu threads: {torch.get_num_threads()}, cuda: {torch.version.cuda or 'not built in'}",
        ]
        # Whatever is broken must not keep the error from being told.
        with suppress(Exception):
            network = self.context.workspace().network
            if network is not None:
                lines.append(f"network: {network.origin.name}, {network.architecture}")
            lines.append(f"run: {self.context.controller.activity.value}")
            settings = self.settings().as_dict()
            lines.append(
                "settings: " + ", ".join(f"{name}={value}" for name, value in settings.items())
            )
        return "\n".join(lines)


def _kept(path: Path) -> str:
    """`a copy of 12 s ago is in PATH`."""
    try:
        age = max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return "there is no copy on disk yet"
    return f"a copy of {duration(age)} ago is in {path}"
