"""Shadow networks: which are wanted is asked in a dialog, and the membership page trains them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from engine.base.errors import UnusableInput
from gui.run.context import AppContext
from gui.training.shadow_dialog import ShadowDialog
from gui.views.membership import MembershipView


class ShadowNetworks(QObject):
    """Asks, and hands the answer to the page."""

    def __init__(
        self, context: AppContext, devices: Callable[[], list[str]], membership: MembershipView
    ) -> None:
        """
        Args:
            context: of the application.
            devices: names of those to choose from.
            membership: what trains them, and shows the score.
        """
        super().__init__(context.window)
        self._context, self._devices, self._membership = context, devices, membership

    @Slot()
    def ask(self) -> None:
        """Asks how many are wanted and how they are made, or says why there can be none."""
        network = self._context.workspace().network
        if network is None:
            return
        try:
            dialog = ShadowDialog(network, self._devices(), self._context.window)
        except UnusableInput as error:
            self._context.messages.show_error(str(error))
            return
        dialog.chosen.connect(self._membership.ask_with)
        dialog.open()
