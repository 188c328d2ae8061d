"""What the queue writes down of each checkpoint, on a thread, and what it says at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from engine.base.progress import unheard
from engine.evidence.gallery import NO_CHANCE
from engine.evidence.references import References
from engine.exports.results_read import read_report
from engine.exports.summary import DONE, FAILED, STOPPED, Outcome, make_subfolder, with_report
from engine.session.session import Session
from gui.exports.exporter import write
from gui.opening.opened import Opened, Refusal
from gui.run.worker import RunEnd
from gui.toolkit.task import sentence_of

Result = TypeVar("Result")

_NO_CHANCE = f"{NO_CHANCE[0].upper()}{NO_CHANCE[1:]}."


def attempt(work: Callable[[], Result]) -> Result | Refusal:
    """What `work` returns, or why it could not: a queue that waits for an answer must get one."""
    try:
        return work()
    except Exception as error:
        return Refusal(sentence_of(error))


def known_of(path: Path, opened: Opened) -> Outcome:
    """What is known of a checkpoint before its run."""
    assert opened.network is not None
    assert opened.health is not None
    return Outcome(
        str(path),
        DONE,
        sha256=opened.network.origin.sha256,
        architecture=opened.network.architecture,
        remembered=opened.health.remembered,
        sentence=_NO_CHANCE if opened.health.sees_no_chance else "",
    )


def known_after(known: Outcome, end: RunEnd, was_stopped: bool) -> Outcome:
    """How the run came out, before its results are looked at."""
    if end.error:
        return replace(known, outcome=FAILED, sentence=end.error)
    assert end.session is not None
    state = end.session.state
    if was_stopped and state.step < state.steps:
        return replace(known, outcome=STOPPED, steps=state.step)
    return known


def write_run(
    folder: Path, checkpoint: Path, session: Session, references: References | None, known: Outcome
) -> Outcome:
    """Writes a run as File → Export → Everything does, into a subfolder of its own.

    A run without a step has no results, and gets no folder.

    Raises:
        OSError: it cannot be written.
    """
    if session.state.step == 0:
        return known
    subfolder = make_subfolder(folder, checkpoint)
    write(session, references, "folder", subfolder, unheard)
    return with_report(replace(known, folder=subfolder.name), read_report(subfolder))


def how_it_ended(ended: Mapping[str, int], waiting: int, folder: Path | None) -> str:
    """`The queue has ended: 2 done, 1 refused. The results are in FOLDER.`"""
    counted = [f"{count} {what}" for what, count in ended.items()]
    parts = counted + ([f"{waiting} not run"] if waiting else [])
    return f"The queue has ended: {', '.join(parts)}. The results are in {folder}."
