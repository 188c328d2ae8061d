"""Colours and type sizes, for both colour schemes, in one place."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QPen
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QWidget

from engine.base.colours import CANVAS, COLOURS, EMPTY, RUNS, WINDOW, Meaning, Shades
from gui.toolkit.controls import style_sheet

SPACING = 8
MARGIN = 12

QUIET = QPalette.ColorRole.PlaceholderText
"""The colour of what is said beside the main thing."""

_SCHEME = "afterimage-scheme"

_PALETTE = {
    False: {
        QPalette.ColorRole.Window: WINDOW.light,
        QPalette.ColorRole.WindowText: "#1f1d1a",
        QPalette.ColorRole.Base: "#ffffff",
        QPalette.ColorRole.AlternateBase: "#ece9e3",
        QPalette.ColorRole.Text: "#1f1d1a",
        QPalette.ColorRole.PlaceholderText: "#6f6a63",
        QPalette.ColorRole.Button: "#e9e5de",
        QPalette.ColorRole.ButtonText: "#1f1d1a",
        QPalette.ColorRole.ToolTipBase: "#ffffff",
        QPalette.ColorRole.ToolTipText: "#1f1d1a",
        QPalette.ColorRole.Highlight: "#b3541e",
        QPalette.ColorRole.HighlightedText: "#ffffff",
        QPalette.ColorRole.Link: "#8d3f12",
        QPalette.ColorRole.Light: "#ffffff",
        QPalette.ColorRole.Midlight: "#f0ede7",
        QPalette.ColorRole.Mid: "#cbc5bb",
        QPalette.ColorRole.Dark: "#a39c91",
    },
    True: {
        QPalette.ColorRole.Window: WINDOW.dark,
        QPalette.ColorRole.WindowText: "#eceae6",
        QPalette.ColorRole.Base: "#302d2a",
        QPalette.ColorRole.AlternateBase: "#262422",
        QPalette.ColorRole.Text: "#eceae6",
        QPalette.ColorRole.PlaceholderText: "#a39d95",
        QPalette.ColorRole.Button: "#33302d",
        QPalette.ColorRole.ButtonText: "#eceae6",
        QPalette.ColorRole.ToolTipBase: "#33302d",
        QPalette.ColorRole.ToolTipText: "#eceae6",
        QPalette.ColorRole.Highlight: "#e07b35",
        QPalette.ColorRole.HighlightedText: "#1d1c1b",
        QPalette.ColorRole.Link: "#f0914d",
        QPalette.ColorRole.Light: "#4d4945",
        QPalette.ColorRole.Midlight: "#3b3835",
        QPalette.ColorRole.Mid: "#45413d",
        QPalette.ColorRole.Dark: "#121110",
    },
}
_DISABLED_ROLES = (
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.ButtonText,
)


def is_dark() -> bool:
    """Whether the application shows itself in the dark scheme."""
    return scheme() == Qt.ColorScheme.Dark


def scheme() -> Qt.ColorScheme:
    """The scheme that the user chose, else the system's.

    Not every Linux desktop lets an application change what Qt says of the system's scheme, so
    the choice is kept as a property of the application.
    """
    application = QApplication.instance()
    chosen = None if application is None else application.property(_SCHEME)
    if chosen in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light):
        return Qt.ColorScheme(chosen)
    return QGuiApplication.styleHints().colorScheme()


def choose_scheme(application: QApplication, chosen: Qt.ColorScheme) -> None:
    """Shows the application in a scheme; `Unknown` follows the system."""
    application.setProperty(_SCHEME, chosen)
    QGuiApplication.styleHints().setColorScheme(chosen)
    apply_palette(application)


def apply_palette(application: QApplication) -> None:
    """Gives every widget the colours of the current scheme."""
    palette = application.style().standardPalette()
    for role, colour in _PALETTE[is_dark()].items():
        palette.setColor(role, QColor(colour))
    faded = QColor("#7d7770" if is_dark() else "#9c968d")
    for role in _DISABLED_ROLES:
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded)
    # A field that takes no text does not look as if it did.
    ground = palette.color(QPalette.ColorRole.Window)
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Base, ground)
    application.setPalette(palette)
    sheet = style_sheet(palette)
    if application.styleSheet() != sheet:  # One set anew polishes every widget.
        application.setStyleSheet(sheet)


def colour(meaning: Meaning, dark: bool | None = None) -> QColor:
    """The colour of what is meant.

    Args:
        meaning: what it stands for.
        dark: whether it is for a dark ground; None where the ground is that of the scheme.
    """
    return _shade(COLOURS[meaning], dark)


def accent() -> QColor:
    """For what stands out: recovered images, the drop target."""
    return colour("accent")


def error_colour() -> QColor:
    """For messages that something could not be done."""
    return colour("error")


def run_colour(side: int) -> QColor:
    """Of two runs that are compared, 0 for A and 1 for B."""
    return colour(RUNS[side])


def plot_background(dark: bool | None = None) -> QColor:
    """Behind curves and mosaic; see `colour`."""
    return _shade(CANVAS, dark)


def empty_ground(dark: bool | None = None) -> QColor:
    """Where an image could be and none is; see `colour`."""
    return _shade(EMPTY, dark)


def _shade(shades: Shades, dark: bool | None) -> QColor:
    return QColor(shades.dark if (is_dark() if dark is None else dark) else shades.light)


def plot_foreground(dark: bool | None = None) -> QColor:
    """For axes and their text; see `colour`."""
    return _of_palette(QUIET, dark)


def text_colour(dark: bool | None = None) -> QColor:
    """For words that are read first; see `colour`."""
    return _of_palette(QPalette.ColorRole.WindowText, dark)


def _of_palette(role: QPalette.ColorRole, dark: bool | None) -> QColor:
    return QColor(_PALETTE[is_dark() if dark is None else dark][role])


def plot_pen(
    widget: QWidget,
    colour: QColor,
    width: float = 1.0,
    style: Qt.PenStyle = Qt.PenStyle.SolidLine,
) -> QPen:
    """For what a plot draws, which is as wide however far it is zoomed.

    Args:
        widget: where it is drawn.
        colour: of the line.
        width: in pixels of a usual screen. Qt counts that of such pens in pixels of the screen that
            is there, and of one that is twice as fine they are half as wide.
        style: solid or dashed.
    """
    return QPen(pg.mkPen(colour, width=width * widget.devicePixelRatioF(), style=style))


def restyle_axis(axis: pg.AxisItem) -> None:
    """Draws an axis in the current scheme's colours."""
    axis.setPen(pg.mkPen(plot_foreground()))
    axis.setTextPen(pg.mkPen(plot_foreground()))


def heading(text: str, parent: QWidget | None = None) -> QLabel:
    """A section's title."""
    label = QLabel(text, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def secondary(text: str = "", parent: QWidget | None = None) -> QLabel:
    """Quieter text below or beside the main one; wraps.

    Marks of HTML count only in a text that begins with one here, not in what is shown later.
    """
    label = QLabel(text, parent)
    is_rich = text.startswith("<")
    label.setTextFormat(Qt.TextFormat.RichText if is_rich else Qt.TextFormat.PlainText)
    label.setForegroundRole(QUIET)
    label.setWordWrap(True)
    return label


def value_label() -> QLabel:
    """An empty label for a value: plain text that wraps and can be selected."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    let_wrap(label)
    return label


def let_wrap(label: QLabel) -> None:
    """However long its text is, the column does not become wider; the label becomes higher."""
    label.setWordWrap(True)
    policy = label.sizePolicy()  # A new one would forget that its height depends on its width.
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)
