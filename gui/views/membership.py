"""Were these images trained on? Scores of the images in question, beside the control's."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.plain_text import duration, percent
from engine.base.progress import Progress, portion, seldom
from engine.evidence.membership import ask
from engine.evidence.membership_scores import Membership, resolution_note
from engine.evidence.shadows import ShadowConfidences, about_shadows
from engine.network.fine_tuned import about_base
from engine.training.shadows import ShadowWish
from gui.state.workspace import Workspace
from gui.toolkit import theme
from gui.toolkit.background import Background
from gui.toolkit.fitting_row import FittingRow
from gui.toolkit.layout import scrolled
from gui.toolkit.task import Task
from gui.views.exposed import ExposedTable
from gui.views.histogram import HistogramPlot
from gui.views.worth import ABOUT, WorthTable

_WORDS_WIDTH, _PLOT_WIDTH = 410, 180
_SELDOM = 0.1
"""Seconds between two reports of shadow networks, which have thousands of steps."""

_OF_SHADOWS, _SURE_SHARE = 0.95, 0.01
"""Which share of the work shadow networks are, and from which on one can tell how long it takes."""

_DRAWN = ("multiplier", "similarity")
"""Scores with histograms; the baselines have their rows, and leave the room to these."""

_INVITATION = (
    "Give images whose membership is in question, and a control that the network never saw, on "
    "the left. Then ask how well the network gives away which images it was trained on."
)
_NEEDS_CONTROL = (
    "Give a control as well, on the left: images of the same kind that the network never saw. "
    "Without one there is nothing to measure a score against."
)
_READY = (
    "Ask how well the network gives away which images it was trained on: scores of the "
    "{images:,} images in question, measured against the {control:,} of the control."
)


class MembershipView(QWidget):
    """The question and its answer in numbers on the left, the exposed images and histograms right.

    Work goes on a thread, and ends within half a second once it is told to.
    """

    shadows_wanted = Signal()
    """Emitted where somebody asks for shadow networks: how they are made is asked elsewhere."""

    answered = Signal(object)
    """Emitted with the `Membership` that is shown now, or None once it is gone."""

    def __init__(
        self,
        background: Background,
        workspace: Callable[[], Workspace],
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            background: where the scores are worked out.
            workspace: what is open now.
            parent: owner.
        """
        super().__init__(parent)
        self._background, self._workspace = background, workspace
        self._asked_of = workspace()
        self._task: Task | None = None
        self._found: Membership | None = None
        self._began, self._trains = 0.0, False
        self._shadows: tuple[list[object], ShadowConfidences] | None = None
        self._text = QLabel()
        self._text.setWordWrap(True)
        self.ask_button = QPushButton("As&k the network")
        self.ask_button.setToolTip(
            "<p>Scores the training images given on the left as images in question, and the "
            "control beside them. Takes seconds; half a minute for ten thousand images.</p>"
        )
        self.ask_button.clicked.connect(self._ask)
        self.shadows_button = QPushButton("Shadow Net&works…")
        self.shadows_button.setToolTip(
            "<p>Asks with other networks beside this one, trained as it was. Each of them takes as "
            "long as it did.</p>"
        )
        self.shadows_button.clicked.connect(self.shadows_wanted)
        self.cancel_button = QPushButton("&Cancel")
        self.cancel_button.setToolTip("<p>Stops asking the network.</p>")
        self.cancel_button.clicked.connect(self._cancel)
        self.exposed = ExposedTable()
        self.table = WorthTable()
        self.made = theme.secondary()
        theme.let_wrap(self.made)
        self._plots = {name: HistogramPlot(name, ABOUT[name]) for name in _DRAWN}
        self._row = FittingRow(_PLOT_WIDTH)
        self._build()
        self.show_workspace()

    def _build(self) -> None:
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(theme.MARGIN, theme.SPACING, theme.SPACING, theme.SPACING)
        column.setSpacing(theme.SPACING)
        column.addWidget(self._text)
        buttons = QHBoxLayout()
        buttons.addWidget(self.ask_button)
        buttons.addWidget(self.shadows_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self.table)
        column.addWidget(self.made)
        column.addStretch(1)
        scroll = scrolled(words)
        scroll.setAccessibleName("Membership of images")
        scroll.setMinimumWidth(_WORDS_WIDTH)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        layout.addWidget(scroll, 3)
        layout.addWidget(self.exposed)
        layout.addWidget(self._row, 4)
        for plot in self._plots.values():
            self._row.add(plot)

    @property
    def text(self) -> str:
        """What the tab says in words."""
        return self._text.text()

    @property
    def found(self) -> Membership | None:
        """The answer that is shown."""
        return self._found

    def show_workspace(self) -> None:
        """Other images, network or run: an answer that was about others goes."""
        if self._found is not None and not self._is_asked_of(self._workspace()):
            self._found = None
            self.answered.emit(None)
        self._show()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for plot in self._plots.values():
            plot.restyle()

    @Slot()
    def _ask(self) -> None:
        self._start("Asking the network …", None)

    def ask_with(self, wish: ShadowWish) -> None:
        """Trains shadow networks, and asks with them."""
        self._start(f"Training {wish.count:,} shadow networks …", wish)

    def _start(self, text: str, wish: ShadowWish | None) -> None:
        now = self._workspace()
        network, train, control = now.network, now.train, now.control
        if self._task is not None or network is None or train is None or control is None:
            return
        session, known = now.session, self._shadows_of(now)

        def work(report: Progress) -> Membership:
            candidates, shadows = None if session is None else session.images(), known
            if wish is not None:
                training = portion(seldom(report, _SELDOM), 0.0, _OF_SHADOWS)
                shadows = wish.shadows(network, train, control).confidences(training)
                report = portion(report, _OF_SHADOWS, 1.0)
            return ask(network, train, control, candidates, report, shadows)

        self._asked_of = now
        self._began, self._trains = time.monotonic(), wish is not None
        self._task = self._background.start(
            text,
            work,
            self._show_found,
            lambda: self._is_asked_of(self._workspace()),
        )
        self._task.progressed.connect(self._show_share)
        self._task.finished.connect(self._on_task_finished)
        if self._task.isFinished():
            self._task = None
        self._show()

    def _shadows_of(self, now: Workspace) -> ShadowConfidences | None:
        """Those that were trained for what is open; another run changes nothing of them."""
        if self._shadows is None:
            return None
        parts, shadows = self._shadows
        is_same = all(a is b for a, b in zip(parts, _parts(now), strict=True))
        return shadows if is_same else None

    @Slot(float)
    def _show_share(self, share: float) -> None:
        """How long shadow networks will still take."""
        if self._trains and self._task is not None and share > _SURE_SHARE:
            left = (time.monotonic() - self._began) * (1 - share) / share
            words = f"Shadow networks: {percent(share)} trained, about {duration(left)} left."
            self._text.setText(words)

    @Slot()
    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.cancel_button.setEnabled(False)

    def _is_asked_of(self, other: Workspace) -> bool:
        """Whether the last question was about what a workspace holds."""
        return all(
            getattr(other, part) is getattr(self._asked_of, part)
            for part in ("network", "train", "control", "session")
        )

    def _show_found(self, found: Membership) -> None:
        self._found = found
        if found.shadow_networks is not None:
            self._shadows = _parts(self._asked_of), found.shadow_networks
        self.answered.emit(found)
        self._show()

    @Slot()
    def _on_task_finished(self) -> None:
        self._task = None
        self._show()

    def _show(self) -> None:
        now, found = self._workspace(), self._found
        is_ready = now.network is not None and now.train is not None and now.control is not None
        self.ask_button.setEnabled(is_ready and self._task is None)
        self.ask_button.setVisible(found is None)
        self.shadows_button.setEnabled(is_ready and self._task is None)
        self.cancel_button.setVisible(self._task is not None)
        self.cancel_button.setEnabled(self._task is not None)
        self.exposed.setVisible(found is not None)
        self.table.setVisible(found is not None)
        self.exposed.show_found(found)
        made = None if found is None else found.shadow_networks
        self.made.setText("" if made is None else " ".join(about_shadows(made.as_dict())))
        self.made.setVisible(made is not None)
        if found is None:
            self._text.setText(_invitation(now))
        else:
            about = "" if now.network is None else about_base(now.network)
            self._text.setText(f"{_summary(found)} {about}".rstrip())
            self.table.show_found(found)
        for name, plot in self._plots.items():
            score = None if found is None else found.scores[name]
            self._row.want(plot, score is not None)
            if score is not None:
                plot.show_score(score)


def _parts(workspace: Workspace) -> list[object]:
    """What shadow networks are trained for."""
    return [workspace.network, workspace.train, workspace.control]


def _invitation(workspace: Workspace) -> str:
    if workspace.train is None:
        return _INVITATION
    if workspace.control is None:
        return _NEEDS_CONTROL
    return _READY.format(images=len(workspace.train), control=len(workspace.control))


def _summary(found: Membership) -> str:
    """The answer in words: the strongest score first, then what limits it."""
    rates = {
        name: score.few.rate
        for name, score in found.scores.items()
        if score is not None and score.few is not None
    }
    best = max(rates, key=rates.__getitem__)
    parts = [
        f"By the {best} {percent(rates[best])} of the {len(found.labels):,} images in question "
        "stand out from the control. A score that knows nothing would find 1 %.",
        resolution_note(found.control_labels),
    ]
    if not found.has_labels:
        parts.append(
            f"Labels are not given for both sets; {found.instead_of_labels} stands for them."
        )
    return " ".join(parts)
