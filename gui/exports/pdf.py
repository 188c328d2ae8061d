"""The report as PDF. Qt lays it out; the engine, which writes the page, knows no Qt."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import (
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)

from engine.base.version import VERSION
from engine.exports.writing import write_bytes

_MARGINS = QMarginsF(16, 16, 16, 16)
_RESOLUTION = 300
_PAGE_PIXELS_AN_INCH = 96
_PICTURE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""All the text that there is of a picture."""


def write_pdf(page: str, path: Path) -> None:
    """Writes a report's page as PDF on A4; any thread may call it.

    Args:
        page: HTML, of `engine.exports.report_page`.
        path: where to.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    buffer = QBuffer()  # Of a disk that is full, Qt says nothing.
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_RESOLUTION)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(_MARGINS, QPageLayout.Unit.Millimeter)
    writer.setCreator(f"Afterimage {VERSION}")
    writer.setTitle("Afterimage report")
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(f"{path.name} cannot be written")
    _paint(page, writer, painter)
    if not painter.end():
        raise OSError(f"{path.name} could not be written to its end")
    write_bytes(path, bytes(buffer.data().data()))


def _paint(page: str, writer: QPdfWriter, painter: QPainter) -> None:
    """Lays the page out in the pixels of CSS, of which 96 make an inch, and draws it enlarged."""
    scale = _RESOLUTION / _PAGE_PIXELS_AN_INCH
    size = QSizeF(writer.width() / scale, writer.height() / scale)
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setHtml(page)
    document.setPageSize(size)
    keep_together(document, size.height())
    for number in range(document.pageCount()):
        if number:
            writer.newPage()
        painter.save()
        painter.scale(scale, scale)
        painter.translate(0, -number * size.height())
        document.drawContents(
            painter, QRectF(0, number * size.height(), size.width(), size.height())
        )
        painter.restore()
        words = f"{number + 1} / {document.pageCount()}"
        painter.drawText(
            writer.width() - painter.fontMetrics().horizontalAdvance(words), writer.height(), words
        )


def keep_together(document: QTextDocument, height: float) -> None:
    """Moves what belongs together to one page, which Qt does not do.

    A heading goes with what it heads, a caption with the picture after it, and a row of tiles with
    the words below them.

    Args:
        document: laid out in pages.
        height: of a page.
    """
    block = document.begin()
    while block.isValid():
        table = QTextCursor(block).currentTable()
        last = block
        if table is not None and table.rows() == 1:
            last = table.lastCursorPosition().block()
        else:
            while _is_of_next(last):
                last = last.next()
        first = block
        if _pages_of(document, first, last, height) > 1:
            _break_before(first, table)
            document.markContentsDirty(first.position(), document.characterCount())
        block = last.next()


def _is_of_next(block: QTextBlock) -> bool:
    """Whether a block is the heading of the next, or the caption of a picture that stands alone."""
    following = block.next()
    if not following.isValid():
        return False
    return block.blockFormat().headingLevel() > 0 or following.text() == _PICTURE


def _pages_of(document: QTextDocument, first: QTextBlock, last: QTextBlock, height: float) -> int:
    """On how many pages there is something of some blocks; 1 for one that may be torn."""
    if first == last:
        return 1
    pages, block = set(), first
    while block.isValid():
        rect = document.documentLayout().blockBoundingRect(block)
        pages |= {int(rect.top() // height), int((rect.bottom() - 1) // height)}
        if block == last:
            break
        block = block.next()
    return len(pages)


def _break_before(block: QTextBlock, table: QTextTable | None) -> None:
    """Begins a page with a block, or with the table that it begins."""
    policy = QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore
    if table is not None:
        row = table.format().toTableFormat()
        row.setPageBreakPolicy(policy)
        table.setFormat(row)
    else:
        kept = block.blockFormat()
        kept.setPageBreakPolicy(policy)
        QTextCursor(block).setBlockFormat(kept)


def write_pdf_without_a_window(page: str, path: Path) -> None:
    """The same for the command line, which has no application yet."""
    application = QGuiApplication.instance() or QGuiApplication(
        [sys.argv[0], "-platform", "offscreen"]
    )
    write_pdf(page, path)
    del application
