"""`main.py reconstruct A B C …`: several checkpoints in turn, as the window's queue runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.base.errors import AfterimageError, UnusableInput
from engine.base.plain_text import plain
from engine.commands.status import FAILED as ONE_FAILED
from engine.commands.status import INTERRUPTED
from engine.commands.terminal import tell
from engine.evidence.diagnostics import check_weights
from engine.exports.summary import (
    DONE,
    FAILED,
    REFUSED,
    STOPPED,
    SUMMARY_CSV,
    SUMMARY_JSON,
    Outcome,
    Summary,
    make_subfolder,
    with_report,
    without_run,
)
from engine.network.network import Network
from engine.session.session import SUFFIX

Read = Callable[[str], Network]
"""Reads a checkpoint."""

RunOne = Callable[[str, Path], dict[str, Any]]
"""Runs a checkpoint, writes its results to a folder, and returns its report with its `status`."""


def reconstruct_several(
    models: Sequence[str], out: Path, read: Read, run_one: RunOne
) -> dict[str, Any]:
    """Runs all, one after the other; what cannot be used is written down, and the next one comes.

    Raises:
        UnusableInput: one is a session, or the folder holds a summary of something else.
        OSError: the folder cannot be written to.
    """
    if any(model.endswith(SUFFIX) for model in models):
        raise UnusableInput(
            "A session was named among several files, and a session goes on alone.",
            "Give one at a time.",
        )
    summary, outcomes, status = Summary(out), [], 0
    for model in models:
        outcome, its_status = _outcome(Path(model), out, read, run_one)
        summary.add(outcome)
        outcomes.append(asdict(outcome))
        status = status or (ONE_FAILED if its_status else 0)
        if its_status == INTERRUPTED:
            status = INTERRUPTED
            break
    return {"runs": outcomes, "out": str(out), "status": status}


def lines_of_several(summary: dict[str, Any]) -> list[str]:
    """What became of each checkpoint, and where it is written down."""
    said = [_line(run) for run in summary["runs"]]
    out = Path(summary["out"])
    return [*said, "", *(str(out / name) for name in (SUMMARY_CSV, SUMMARY_JSON))]


def _line(run: dict[str, Any]) -> str:
    words = f"{Path(run['checkpoint']).name}: {run['outcome']}"
    if run["folder"] is None:
        return f"{words}. {run['sentence']}"
    if run["recovered"] is not None:
        words += f", {run['recovered']:,} of {run['training_images']:,} from training recovered"
        words += f" beside a control of {run['control_images']:,}"
    elif run["good"] is not None:
        words += f", {run['good']:,} of {run['training_images']:,} match well, without a control"
    return f"{words}; in {run['folder']}"


def _outcome(path: Path, out: Path, read: Read, run_one: RunOne) -> tuple[Outcome, int]:
    """What became of one, and the exit status that it would have alone."""
    folder: Path | None = None
    try:
        network = read(str(path))
        remembered = check_weights(network).remembered
        folder = make_subfolder(out, path)
        report = run_one(str(path), folder)
    except AfterimageError as error:
        tell(plain(f"{path.name}: {error}"))
        if folder is not None:
            with suppress(OSError):  # It holds what the run has left, if it has left anything.
                folder.rmdir()
        what = REFUSED if isinstance(error, UnusableInput) else FAILED
        return without_run(path, what, str(error)), ONE_FAILED
    status = report["status"]
    outcome = {0: DONE, INTERRUPTED: STOPPED}.get(status, FAILED)
    known = Outcome(str(path), outcome, folder.name, architecture=network.architecture)
    return with_report(replace(known, remembered=remembered), report), status
