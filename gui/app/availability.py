"""What can be done now, and what cannot: menus, buttons and panels follow what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from gui.run.activity import Activity

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow

_IN_QUEUE = "The queue is on, and starts each run by itself. Stop Queue is in its panel."


def show_availability(window: MainWindow) -> None:
    """Offers what can be done with what is open, and nothing else."""
    workspace = window.workspace
    has_network = workspace.network is not None
    in_queue = window.controller.in_queue
    window.run_bar.set_can_start(has_network and not in_queue, _would_go_on(window))
    window.run_bar.explain(_IN_QUEUE if in_queue else "")
    _offer_actions(window, has_network)
    is_idle = not window.controller.is_taken
    window.settings_panel.setEnabled(is_idle)
    window.model_panel.set_editable(is_idle)
    window.references_panel.set_available(has_network)


def _would_go_on(window: MainWindow) -> bool:
    try:
        return window.workspace.is_resumable(window.settings_panel.settings())
    except UnusableInput:
        return False  # Start says what does not go together.


def _offer_actions(window: MainWindow, has_network: bool) -> None:
    actions, training = window.actions_, window.training
    under_way = window.controller.activity in (Activity.RUNNING, Activity.PAUSED)
    is_exportable = window.workspace.session is not None or under_way
    bar = training.bar if window.is_training_shown else window.run_bar
    actions.main.setText(bar.main_button.text())
    actions.main.setEnabled(bar.main_button.isEnabled())
    actions.stop.setEnabled(bar.stop_button.isEnabled())
    actions.save.setEnabled(
        training.save_button.isEnabled() if window.is_training_shown else is_exportable
    )
    for action in actions.exports:
        action.setEnabled(is_exportable)
    for action in actions.references:
        action.setEnabled(has_network)
    _offer_edits(window)
    actions.compare.setEnabled(is_exportable)
    actions.compare_with_before.setEnabled(is_exportable and window.copies.run_before.exists())
    actions.last_run.setEnabled(window.copies.last_run.exists())
    actions.run_before.setEnabled(window.copies.run_before.exists())
    actions.last_training.setEnabled(window.copies.last_training.exists())


def _offer_edits(window: MainWindow) -> None:
    actions, stack = window.actions_, window.shown_history.stack
    training = window.training.controller
    is_fixed = training.is_active if window.is_training_shown else window.controller.is_taken
    for action, can, what in (
        (actions.undo, stack.canUndo(), f"&Undo {stack.undoText()}"),
        (actions.redo, stack.canRedo(), f"&Redo {stack.redoText()}"),
    ):
        action.setEnabled(can and not is_fixed)
        action.setText(what.rstrip())
    actions.copy.setEnabled(
        window.examiner.inspector.portrait is not None and not window.is_training_shown
    )
