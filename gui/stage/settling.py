"""The last word: once a run rests, its seats are ordered by its gallery and its score."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.evidence.references import References
from engine.session.session import Session
from engine.viewing.frames import Picture
from engine.viewing.scene import picture_at_end
from engine.viewing.seats import Seats, seated
from engine.viewing.standing import Standing, standing_at_rest
from engine.viewing.verdict import verdict_of
from gui.run.context import AppContext
from gui.stage.stage import Stage


class Settling(QObject):
    """Works out, on a thread, who keeps a seat at the end of a run."""

    settled = Signal(object, object, object)
    """Emitted with the `Session`, the `Standing` at its end, and the `Picture` of its seats."""

    def __init__(self, context: AppContext, stage: Stage) -> None:
        super().__init__(stage)
        self._context, self._stage = context, stage

    def settle(self, session: Session) -> None:
        """Begins; whoever sits on the stage keeps its seat, as far as that goes.

        Args:
            session: at rest, its gallery and its score known.
        """
        picture = self._stage.picture
        seats = Seats() if picture is None else picture.seats
        workspace, controller = self._context.workspace, self._context.controller
        references = workspace().references
        self._context.background.start(
            "",
            lambda _report: _settled(session, references, seats),
            lambda found: self.settled.emit(session, *found),
            lambda: workspace().session is session and not controller.is_active,
        )


def _settled(
    session: Session, references: References | None, seats: Seats
) -> tuple[Standing, Picture]:
    found, labels = verdict_of(session, references), session.labels
    standing = standing_at_rest(found.step, session.images(), labels, found.gallery, found.pairs)
    return standing, picture_at_end(session, seated(seats, standing))
