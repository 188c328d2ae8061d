"""What people take hold of, and boxes that they check: Qt's own can hardly be seen in the dark."""

from __future__ import annotations

from string import Template

from PySide6.QtCore import QDir
from PySide6.QtGui import QPalette

from engine.base.resources import resource_folder

HANDLE = "#8a847c"
"""Handles and outlines, on light and dark alike; the icons' colour, too."""

_MIDDLE = 128
"""Lightness between dark and light."""

_SHEET = Template(
    """
QSplitter::handle:horizontal { image: url(icons:grip-across.svg); }
QSplitter::handle:vertical { image: url(icons:grip-down.svg); }
QMainWindow::separator:vertical { image: url(icons:grip-across.svg); width: 3px; margin: 0 1px; }
QMainWindow::separator:horizontal { image: url(icons:grip-down.svg); height: 3px; margin: 1px 0; }
QDockWidget {
    titlebar-close-icon: url(icons:close.svg);
    titlebar-normal-icon: url(icons:float.svg);
}

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $handle; border-radius: 3px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $text; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider::groove:horizontal { background: $faint; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $chosen; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $faint; }
QSlider::handle:horizontal {
    background: $handle; width: 14px; margin: -5px 0; border-radius: 7px;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $text; }
QSlider::handle:horizontal:disabled { background: $faint; }

/* Beside a style sheet Qt makes them lower than what stands beside them. */
QAbstractSpinBox { min-height: 20px; }

QCheckBox::indicator, QRadioButton::indicator {
    background: $field; border: 1px solid $handle; width: 14px; height: 14px;
}
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $text; }
QCheckBox::indicator:checked {
    background: $chosen; border-color: $chosen; image: url(icons:check-$tone.svg);
}
QRadioButton::indicator:checked {
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 $mark, stop: 0.4 $mark, stop: 0.5 $chosen, stop: 1 $chosen);
    border-color: $chosen;
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {
    background: transparent; border-color: $faint;
}
QCheckBox::indicator:checked:disabled { background: $faint; border-color: $faint; }
"""
)


def style_sheet(palette: QPalette) -> str:
    """How handles and boxes look beside a palette's colours."""
    QDir.setSearchPaths("icons", [str(resource_folder() / "icons")])
    roles = {
        "text": QPalette.ColorRole.WindowText,
        "field": QPalette.ColorRole.Base,
        "faint": QPalette.ColorRole.Mid,
        "chosen": QPalette.ColorRole.Highlight,
        "mark": QPalette.ColorRole.HighlightedText,
    }
    colours = {name: palette.color(role).name() for name, role in roles.items()}
    tone = "dark" if palette.color(roles["mark"]).lightness() < _MIDDLE else "light"
    return _SHEET.substitute(colours, handle=HANDLE, tone=tone)
