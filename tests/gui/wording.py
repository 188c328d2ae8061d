"""What a widget shows and how people who cannot see it are told; whether it is cut off."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible, QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSlider,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSlider,
    QTextEdit,
)
"""What a person works with: each needs a name, and the most of them an explanation."""


def controls(window: QWidget) -> Iterator[QWidget]:
    """Controls of a window that we made, not those that Qt puts inside of them."""
    for widget in window.findChildren(QWidget):
        if isinstance(widget, CONTROLS) and not _is_inside_of_a_control(widget):
            yield widget


def _is_inside_of_a_control(widget: QWidget) -> bool:
    """Whether Qt put it there: the list of a choice, the field of a number, a bar that scrolls."""
    if widget.objectName().startswith("qt_"):
        return True
    parent = widget.parentWidget()
    while parent is not None and not parent.isWindow():
        if isinstance(parent, (*CONTROLS, QTabBar)):
            return True
        parent = parent.parentWidget()
    return isinstance(parent, QFrame)  # The list of a choice is a window of its own.


def accessible_name(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip() if interface else ""


def where(widget: QWidget) -> str:
    """A widget for people who read a failed test."""
    names = []
    step: QWidget | None = widget
    while step is not None:
        names.append(type(step).__name__)
        step = step.parentWidget()
    return f"{' < '.join(names)}: {_text(widget) or widget.accessibleName()!r}"


def cut_off(window: QWidget) -> list[str]:
    """Visible widgets whose text has not the room that it needs, each described."""
    return [
        f"{where(widget)} is {size.width()}×{size.height()}, needs "
        f"{needed.width()}×{needed.height()}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and (needed := _needed(widget)) is not None
        for size in [_room(widget)]
        if needed.width() > size.width() + 1 or needed.height() > size.height() + 1
    ]


def outside(window: QWidget) -> list[str]:
    """Visible controls and labels that lie outside of what holds them, where nothing scrolls."""
    lost = []
    for widget in window.findChildren(QWidget):
        parent = widget.parentWidget()
        if (
            isinstance(widget, (QLabel, QAbstractButton, QComboBox, QAbstractSpinBox))
            and widget.isVisible()
            and parent is not None
            and not parent.rect().adjusted(-1, -1, 1, 1).contains(widget.geometry())
        ):
            lost.append(f"{where(widget)} at {widget.geometry()} in {parent.rect()}")
    return lost


def shared_letters(window: QWidget) -> dict[str, list[str]]:
    """Letters that more than one thing in a window answers to, together with Alt."""
    answering = defaultdict(list)
    for text in _texts_with_letters(window):
        found = re.search("&([^&])", text)
        if found:
            answering[found[1].lower()].append(text)
    return {letter: texts for letter, texts in answering.items() if len(texts) > 1}


def _texts_with_letters(window: QWidget) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        if widget.window() is not window or not widget.isVisible():
            continue
        if isinstance(widget, QMenuBar):
            yield from (action.text() for action in widget.actions())
        elif isinstance(widget, QTabBar):
            yield from (widget.tabText(i) for i in range(widget.count()) if widget.isTabVisible(i))
        elif isinstance(widget, QLabel) and widget.buddy() is not None:
            if widget.buddy().isEnabled():
                yield widget.text()
        elif isinstance(widget, QAbstractButton) and widget.isEnabled():
            yield widget.text()


def _room(widget: QWidget) -> QSize:
    wraps = isinstance(widget, QLabel) and widget.wordWrap()
    return widget.size() if wraps else widget.contentsRect().size()


def _text(widget: QWidget) -> str:
    if isinstance(widget, (QLabel, QAbstractButton)):
        return widget.text()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return ""


def _needed(widget: QWidget) -> QSize | None:
    """The least room in which the text is whole; None where it cannot be cut off."""
    if isinstance(widget, QLabel):
        return _needed_by_label(widget)
    if isinstance(widget, (QPushButton, QCheckBox, QRadioButton)) and widget.text():
        return widget.minimumSizeHint()
    if isinstance(widget, QToolButton) and widget.text() and widget.icon().isNull():
        return QSize(widget.fontMetrics().horizontalAdvance(widget.text().replace("&", "")), 0)
    if isinstance(widget, QComboBox):
        margins = 30  # Frame and arrow, in Fusion.
        return QSize(widget.fontMetrics().horizontalAdvance(widget.currentText()) + margins, 0)
    return None


def _needed_by_label(label: QLabel) -> QSize | None:
    if not label.text() or not label.pixmap().isNull():
        return None
    if label.wordWrap():
        return QSize(0, label.heightForWidth(label.width()))
    if "</" in label.text():
        document = QTextDocument()
        document.setDefaultFont(label.font())
        document.setDocumentMargin(0)
        document.setHtml(label.text())
        return document.size().toSize()
    metrics = label.fontMetrics()
    plain = label.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
    lines = plain.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines)
    return QSize(width, metrics.lineSpacing() * len(lines) - metrics.leading())
