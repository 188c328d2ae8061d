"""The window that shows two runs side by side: one plot, one table, one gallery."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.cells import Cell
from engine.comparison.comparison import Comparison
from engine.comparison.recovered import recovered_in_words
from engine.comparison.text import as_text, headline, remarks
from gui.comparison.closeup import Closeup
from gui.comparison.gallery import ComparisonGallery
from gui.comparison.plot import LossPlot
from gui.comparison.table import ComparisonTable
from gui.toolkit import stored, theme
from gui.toolkit.layout import line, scrolled
from gui.toolkit.message_strip import MessageStrip

_GEOMETRY = "comparison_geometry"


class ComparisonWindow(QDialog):
    """Says that two runs are being compared, then shows the comparison; gone when it is closed."""

    export_wanted = Signal()
    """Emitted when what is shown is to be written to a folder."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # It holds two whole runs.
        self.setWindowTitle("Two Runs — Afterimage")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.comparison: Comparison | None = None
        self._names: tuple[str, str] = ("A", "B")
        self.closeup = Closeup(self)
        self.closeup.walked.connect(self._walk_closely)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._waiting_page())
        self._pages.addWidget(self._result_page())
        if not self.restoreGeometry(stored.state(_GEOMETRY)):
            self.resize(1000, 680)

    def _waiting_page(self) -> QWidget:
        self._about = theme.secondary()
        self._about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the comparison")
        self.progress.setToolTip("How far the comparison is.")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(320)
        self.cancel_button = QPushButton("&Cancel")
        self.cancel_button.setToolTip("Stops comparing; both runs stay as they are.")
        self.cancel_button.clicked.connect(self.reject)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.addStretch(1)
        rows.addWidget(self._about)
        rows.addSpacing(theme.SPACING)
        for widget in (self.progress, self.cancel_button):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            rows.addLayout(row)
        rows.addStretch(1)
        return page

    def _result_page(self) -> QWidget:
        self.plot, self.table, self.gallery = LossPlot(), ComparisonTable(), ComparisonGallery()
        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.addWidget(self.plot)
        upper.addWidget(self._table_panel())
        upper.setSizes([560, 440])
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(upper)
        whole.addWidget(self._gallery_panel())
        whole.setSizes([300, 380])
        for splitter in (upper, whole):
            splitter.setChildrenCollapsible(False)
            splitter.setStretchFactor(0, 1)
            splitter.setStretchFactor(1, 1)
        self.strip = MessageStrip()
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(whole)
        self.strip.float_over(page)
        return page

    def _table_panel(self) -> QWidget:
        self.copy_button = QPushButton("&Copy as Text")
        self.copy_button.setToolTip("Copies the table and what was found, to be sent or kept.")
        self.copy_button.clicked.connect(self.copy)
        self.export_button = QPushButton("&Export…")
        self.export_button.setToolTip("Writes a page (HTML) and a picture (PNG) of it to a folder.")
        self.export_button.clicked.connect(self.export_wanted)
        self.exporting = QProgressBar()
        self.exporting.setAccessibleName("Progress of the export")
        self.exporting.setToolTip("How far the export is.")
        self.exporting.setTextVisible(False)
        self.exporting.setFixedWidth(self.export_button.sizeHint().width())
        self.exporting.hide()
        row = QHBoxLayout()
        row.addWidget(theme.heading("What differs"), 1)
        for widget in (self.exporting, self.export_button, self.copy_button):
            row.addWidget(widget)
        panel = QWidget()
        rows = QVBoxLayout(panel)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        rows.addLayout(row)
        rows.addWidget(self.table, 1)
        return panel

    def _gallery_panel(self) -> QWidget:
        self.headline, self.known, self._remarks = QLabel(), QLabel(), theme.secondary()
        font = self.headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        font.setBold(True)
        self.headline.setFont(font)
        self.headline.setWordWrap(True)
        self.known.setWordWrap(True)
        scroll = scrolled(self.gallery)
        scroll.setAccessibleName("Images of both runs")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The gallery itself takes the keys.
        self.gallery.chosen.connect(self.look_closely)
        self.gallery.reached.connect(self._bring_into_sight)
        self._scroll = scroll
        scroll.setMinimumHeight(120)
        panel = QWidget()
        rows = QVBoxLayout(panel)
        rows.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        rows.setSpacing(theme.SPACING)
        for widget in (line(), self.headline, self.known, self._remarks):
            rows.addWidget(widget)
        rows.addWidget(scroll, 1)
        return panel

    @property
    def names(self) -> tuple[str, str]:
        """What A and B are called."""
        return self._names

    @property
    def remarks(self) -> str:
        """What is said of the comparison."""
        return self._remarks.text()

    def wait_for(self, names: tuple[str, str]) -> None:
        """Shows that two runs, which are called so, are being compared."""
        self._names, self.comparison = names, None
        self.closeup.hide()
        self.strip.hide()
        self._about.setText(f"Comparing {names[0]} with {names[1]} …")
        self.progress.setRange(0, 0)
        self._pages.setCurrentIndex(0)
        self.show()
        self.raise_()
        self.activateWindow()

    @Slot(float)
    def show_progress(self, share: float) -> None:
        """Shows the share that is done."""
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))

    @Slot(bool)
    def show_exporting(self, is_on: bool) -> None:
        """Shows that an export is under way, in place of the button that begins one."""
        self.exporting.setRange(0, 0)
        self.exporting.setVisible(is_on)
        self.export_button.setVisible(not is_on)

    @Slot(float)
    def show_export_progress(self, share: float) -> None:
        """Shows the share of an export that is done."""
        self.exporting.setRange(0, 100)
        self.exporting.setValue(round(100 * share))

    def show_comparison(self, comparison: Comparison) -> None:
        """Shows what came of it."""
        self.comparison = comparison
        a, b = (side.session for side in comparison.sides)
        self.plot.show_losses((a.state.losses, b.state.losses), self._names)
        self.table.show_comparison(comparison, self._names)
        self.gallery.show_comparison(comparison)
        self.headline.setText(headline(comparison))
        self.known.setText(recovered_in_words(comparison))
        self._remarks.setText(" ".join(remarks(comparison)))
        self._pages.setCurrentIndex(1)

    @Slot(object)
    def look_closely(self, cell: Cell) -> None:
        """Shows an image of the gallery large, in a window that stays for the next one."""
        if self.comparison is not None:
            self.closeup.show_cell(self.comparison, cell, self.gallery.where, self._names)
            self.closeup.show()

    @Slot(int)
    def _walk_closely(self, by: int) -> None:
        self.gallery.walk(by)
        if self.gallery.current is not None:
            self.look_closely(self.gallery.current)

    @Slot(QRect)
    def _bring_into_sight(self, where: QRect) -> None:
        centre, margin = where.center(), theme.MARGIN
        self._scroll.ensureVisible(
            centre.x(), centre.y(), where.width() // 2 + margin, where.height() // 2 + margin
        )

    @property
    def text(self) -> str:
        """All of it as one page of text; empty while there is nothing to say."""
        return "" if self.comparison is None else as_text(self.comparison, self._names)

    @Slot()
    def copy(self) -> None:
        """Puts it into the clipboard."""
        QGuiApplication.clipboard().setText(self.text)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.plot.restyle()
        self.table.restyle()
        self.closeup.restyle()
        self.strip.restyle()
        self.gallery.update()

    def hideEvent(self, event: QHideEvent) -> None:
        """Remembers its size and place."""
        super().hideEvent(event)
        stored.store(_GEOMETRY, self.saveGeometry())
