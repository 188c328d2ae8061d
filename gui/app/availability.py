"""What can be done now, and what cannot: declared here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gui.opening.opener import Opener
from gui.run.activity import Activity
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.training.page import TrainingPage

_IN_QUEUE = "The queue is on, and starts each run by itself. Stop Queue is in its panel."

REFERENCES = (
    "Training Images",
    "Control Images",
    "Training Images from a Folder",
    "Control Images from a Folder",
    "Another Network's Run",
)
"""Commands that open images to score against."""


@dataclass(frozen=True)
class Situation:
    """What decides what can be done.

    Attributes:
        has_network: a network is open.
        is_opening: a network is being opened.
        has_run: a run has left something, or is about to.
        would_go_on: Start would go on with the run that is open.
        is_taken: a run is on, or the next one of a queue is about to be.
        in_queue: runs follow one another by themselves.
        is_training: a training is on.
        is_training_shown: commands are meant for the training page.
        can_save_training: there is a network that was trained here.
        has_portrait: one candidate is looked at closely.
        has_last_run: a copy of the last run is kept.
        has_run_before: a copy of the run before that one is kept.
        has_last_training: a copy of the last training is kept.
    """

    has_network: bool
    is_opening: bool
    has_run: bool
    would_go_on: bool
    is_taken: bool
    in_queue: bool
    is_training: bool
    is_training_shown: bool
    can_save_training: bool
    has_portrait: bool
    has_last_run: bool
    has_run_before: bool
    has_last_training: bool

    @property
    def can_start(self) -> bool:
        """Whether a person may start a run, now or once the network is open."""
        return (self.has_network or self.is_opening) and not self.in_queue

    @property
    def why_not(self) -> str:
        """What keeps a run from being started; empty where nothing that needs words does."""
        return _IN_QUEUE if self.in_queue else ""

    @property
    def can_edit(self) -> bool:
        """Whether what was entered on the page that is shown may be taken back."""
        return not (self.is_training if self.is_training_shown else self.is_taken)


Rule = Callable[[Situation], bool]

COMMANDS: Mapping[str, Rule] = {
    "Open Base": lambda now: now.has_network and not now.is_taken and not now.is_training_shown,
    "Open Neighbours": lambda now: (
        now.has_network and not now.is_taken and not now.is_training_shown
    ),
    "Close Network": lambda now: now.has_network and not now.is_training_shown,
    "Save": lambda now: now.can_save_training if now.is_training_shown else now.has_run,
    "Copy Image": lambda now: now.has_portrait and not now.is_training_shown,
    "Compare with Another Run": lambda now: now.has_run,
    "Compare with the Run Before": lambda now: now.has_run and now.has_run_before,
    "Reopen the Last Run": lambda now: now.has_last_run,
    "Reopen the Run Before": lambda now: now.has_run_before,
    "Open the Last Training": lambda now: now.has_last_training,
    **dict.fromkeys(REFERENCES, lambda now: now.has_network),
}
"""Commands that are not always there, by their words, and what each needs."""


def situation(
    context: AppContext,
    runner: SessionRunner,
    opener: Opener,
    training: TrainingPage,
    is_training_shown: bool,
    has_portrait: bool,
) -> Situation:
    """How things stand now."""
    workspace, controller, copies = context.workspace(), context.controller, context.copies
    is_under_way = controller.activity in (Activity.RUNNING, Activity.PAUSED)
    return Situation(
        has_network=workspace.network is not None,
        is_opening=bool(opener.opening),
        has_run=workspace.session is not None or is_under_way,
        would_go_on=runner.would_go_on,
        is_taken=controller.is_taken,
        in_queue=controller.in_queue,
        is_training=training.controller.is_active,
        is_training_shown=is_training_shown,
        can_save_training=training.save_button.isEnabled(),
        has_portrait=has_portrait,
        has_last_run=copies.last_run.exists(),
        has_run_before=copies.run_before.exists(),
        has_last_training=copies.last_training.exists(),
    )
