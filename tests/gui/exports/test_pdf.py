"""The report as PDF, as the window and the command line write it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QTextDocument

from engine.exports import charts, results
from engine.exports.page_parts import as_chart
from gui.exports.pdf import keep_together, write_pdf
from tests.conftest import ROOT
from tests.gui.app.test_main_window import open_and_wait, run_to_end
from tests.gui.conftest import settle


def pages_of(data: bytes) -> int:
    """Page objects in a PDF, also in compressed ones."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    texts = [data]
    for stream in streams:
        try:
            texts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b", text)) for text in texts)


def test_the_window_writes_page_and_pdf(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    for kind in ("html", "pdf"):
        window.exporter.write_to(kind, tmp_path / f"report.{kind}")
    settle(qtbot, window)
    data = (tmp_path / "report.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert pages_of(data) >= 1
    assert "nothing here is evidence" in (tmp_path / "report.html").read_text()
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", str(tmp_path / "report.pdf"), "-"], capture_output=True, check=True
        ).stdout.decode()
        assert "distinct images" in text
        assert "To repeat it" in text


def test_a_long_page_goes_on_over_several_sheets(qapp, tmp_path):
    write_pdf("<p>word</p>" * 200, tmp_path / "long.pdf")
    assert pages_of((tmp_path / "long.pdf").read_bytes()) >= 3


@pytest.mark.parametrize("lines", range(20, 62, 3))
def test_what_belongs_together_is_on_one_page(qapp, lines):
    """A heading and what it heads, a caption and its chart, tiles and their words; wherever."""
    chart = charts.log_curves(np.arange(1.0, 9), np.ones((8, 1)), {"a": "curve"}, "step")
    shown = as_chart(chart, "a")
    image = f'<img width="{shown.width}" height="{shown.height}" src="{shown.source}">'
    tile = f'<td><img width="44" height="44" src="{shown.source}"><br>0.5</td>'
    tiles = f"<table><tr>{tile * 3}</tr></table>" * 9
    document, height = QTextDocument(), 1000.0
    document.setHtml(
        f"{'<p>word</p>' * lines}<h2>Heading</h2><p>Caption</p><p>{image}</p><p>between</p>"
        f"{tiles}<h2>Last</h2><p>end</p>"
    )
    document.setPageSize(QSizeF(600, height))
    keep_together(document, height)
    blocks = []
    block = document.begin()
    while block.isValid():
        rect = document.documentLayout().blockBoundingRect(block)
        blocks.append((block.text(), int(rect.top() // height), int(rect.bottom() - 1) // 1000))
        block = block.next()
    assert all(first == last for text, first, last in blocks if text.endswith("0.5"))
    place = {text: number for number, (text, *_) in enumerate(blocks)}
    pages = [first for _, first, _ in blocks]
    assert len(set(pages[place["Heading"] : place["Caption"] + 2])) == 1
    assert pages[place["Last"]] == pages[place["end"]] == document.pageCount() - 1
    assert pages == sorted(pages)


def test_a_pdf_that_cannot_be_written_leaves_nothing(qapp, tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_pdf("<p>word</p>", tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_command_line_writes_a_pdf(window, qtbot, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    results.write_results(window.workspace.session, tmp_path / "out")
    done = subprocess.run(
        [
            sys.executable,
            "main.py",
            "report",
            str(tmp_path / "out"),
            "--pdf",
            str(tmp_path / "r.pdf"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert pages_of((tmp_path / "r.pdf").read_bytes()) >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="quotas of this kind are POSIX's")
def test_a_pdf_that_the_disk_has_no_room_for_is_none(qapp, tmp_path):
    import resource

    path = tmp_path / "report.pdf"
    path.write_text("the report before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_pdf("<p>word</p>" * 200, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "the report before"
