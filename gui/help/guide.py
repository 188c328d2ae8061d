"""Help → Guide: docs/guide.md in a window, with its headings beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import (
    QDesktopServices,
    QImage,
    QKeySequence,
    QShortcut,
    QTextBlock,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from engine.base.resources import guide_file
from gui.toolkit import theme

_WIDEST_PICTURE = 560
_CONTENTS_WIDTH = 250
_DEEPEST = 3
_MISSING = "The guide is not where it should be; it is docs/guide.md of the source."


class GuideWindow(QDialog):
    """Headings left, text right, a field to find words in."""

    def __init__(self, parent: QWidget, path: Path | None = None) -> None:
        """
        Args:
            parent: owner.
            path: the guide, if it is not the built-in one.
        """
        super().__init__(parent)
        self.setWindowTitle("Guide — Afterimage")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self._path = path or guide_file()
        self.text = GuideText(self._path.parent)
        self.contents = QListWidget()
        self.contents.setAccessibleName("Contents")
        self.contents.setMinimumWidth(_CONTENTS_WIDTH)
        self.contents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.contents.setSpacing(1)
        self.contents.currentItemChanged.connect(self._go_to)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find in the guide")
        self.search.setAccessibleName("Find in the guide")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find_first)
        self.search.returnPressed.connect(self._find_next)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.contents, 1)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.addWidget(left)
        columns.addWidget(self.text)
        columns.setStretchFactor(1, 1)
        columns.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        whole.addWidget(columns)
        self.resize(1000, 700)
        self._read()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self._read()

    def _read(self) -> None:
        try:
            words = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            words = _MISSING
        self.text.setMarkdown(words)
        self.text.take_shape()
        self.contents.clear()
        for block in _headings(self.text.document()):
            level = block.blockFormat().headingLevel()
            item = QListWidgetItem("    " * max(0, level - 2) + block.text())
            item.setToolTip(block.text())
            item.setData(Qt.ItemDataRole.UserRole, block.position())
            self.contents.addItem(item)

    def show_page(self, heading: str) -> None:
        """Shows what is below a heading, as links spell it, and marks it in the contents."""
        for row in range(self.contents.count()):
            if _anchor(self.contents.item(row).toolTip()) == heading:
                self.contents.setCurrentRow(row)
                self._go_to(self.contents.item(row))

    @Slot(QListWidgetItem)
    def _go_to(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.text.go_to(item.data(Qt.ItemDataRole.UserRole))

    @Slot(str)
    def _find_first(self, words: str) -> None:
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
        if words:
            self.text.find(words)

    @Slot()
    def _find_next(self) -> None:
        words = self.search.text()
        if words and not self.text.find(words):
            self._find_first(words)


class GuideText(QTextBrowser):
    """The text. Links inside it are followed; those to the web are the browser's."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.setOpenLinks(False)
        self.setAccessibleName("Guide")
        self.anchorClicked.connect(self._follow)
        self.document().setDocumentMargin(2 * theme.MARGIN)

    def take_shape(self) -> None:
        """Gives headings and paragraphs room, which Markdown leaves to the reader."""
        block = self.document().begin()
        while block.isValid():
            cursor, shape = QTextCursor(block), block.blockFormat()
            level = shape.headingLevel()
            shape.setTopMargin(18 if level else 4)
            shape.setBottomMargin(6)
            if "\N{OBJECT REPLACEMENT CHARACTER}" not in block.text():  # A picture is high enough.
                shape.setLineHeight(125, shape.LineHeightTypes.ProportionalHeight.value)
            cursor.setBlockFormat(shape)
            block = block.next()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def go_to(self, position: int) -> None:
        """Shows a heading at the top."""
        self.moveCursor(QTextCursor.MoveOperation.End)
        cursor = QTextCursor(self.document())
        cursor.setPosition(position)
        self.setTextCursor(cursor)
        self.verticalScrollBar().setValue(
            self.verticalScrollBar().value() + self.cursorRect(cursor).top() - theme.MARGIN
        )

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Pictures of the guide's own folder, at a size that fits; nothing else is ever fetched."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        image = QImage()
        url = QUrl(name)
        path = self._folder / url.path()
        dark = path.with_stem(f"{path.stem}-dark")  # docs/screenshots.py
        if theme.is_dark() and dark.is_file():
            path = dark
        if url.isRelative() and path.is_file() and path.resolve().is_relative_to(self._folder):
            image.load(str(path))
        if image.isNull():
            nothing = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
            nothing.fill(Qt.GlobalColor.transparent)
            return nothing
        ratio = self.devicePixelRatioF()
        if image.width() > _WIDEST_PICTURE * ratio:
            smooth = Qt.TransformationMode.SmoothTransformation
            image = image.scaledToWidth(round(_WIDEST_PICTURE * ratio), smooth)
        image.setDevicePixelRatio(ratio)
        return image

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        if link.scheme() == "https":
            QDesktopServices.openUrl(link)
            return
        for block in _headings(self.document()):
            if _anchor(block.text()) == link.fragment():
                self.go_to(block.position())
                return


def _headings(document: QTextDocument) -> list[QTextBlock]:
    found, block = [], document.begin()
    while block.isValid():
        if 0 < block.blockFormat().headingLevel() <= _DEEPEST:
            found.append(block)
        block = block.next()
    return found


def _anchor(heading: str) -> str:
    """A heading as links spell it: `First steps` is `first-steps`."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
