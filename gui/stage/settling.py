"""The last word: once a run rests, its seats are ordered by its gallery and its score."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.session.session import Session
from engine.viewing.pairs import Pairs
from engine.viewing.scene import picture_at_end
from engine.viewing.seats import Seats, seated
from engine.viewing.standing import Standing, standing_at_rest
from gui.run.context import AppContext
from gui.stage.stage import Stage


class Settling(QObject):
    """Works out, on a thread, who keeps a seat at the end of a run."""

    settled = Signal(object, object, object)
    """Emitted with the `Session`, the `Standing` at its end, and the `Picture` of its seats."""

    def __init__(self, context: AppContext, stage: Stage) -> None:
        super().__init__(stage)
        self._context, self._stage = context, stage

    def settle(self, session: Session, pairs: Pairs | None) -> None:
        """Begins; whoever sits on the stage keeps its seat, as far as that goes.

        Args:
            session: at rest, its gallery known.
            pairs: its score, where there is one.
        """
        picture = self._stage.picture
        seats = Seats() if picture is None else picture.seats
        workspace, controller = self._context.workspace, self._context.controller
        self._context.background.start(
            "Arranging the gallery …",
            lambda _report: _settled(session, pairs, seats),
            lambda found: self.settled.emit(session, *found),
            lambda: workspace().session is session and not controller.is_active,
        )


def _settled(session: Session, pairs: Pairs | None, seats: Seats) -> tuple[Standing, object]:
    step, labels = session.state.step, session.labels
    standing = standing_at_rest(step, session.images(), labels, session.gallery(), pairs)
    return standing, picture_at_end(session, seated(seats, standing))
