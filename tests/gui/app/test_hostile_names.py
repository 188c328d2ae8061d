"""Names of files steer nothing in the window: no marks of HTML, no line ends, no turned text."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from gui.toolkit.elided import ElidedLabel
from tests.gui.conftest import settle

NAMES = [
    "<b>bold<img src=x>.pth",
    "two\nlines\r\x1b[31m.pth",
    "\u202ehtp.exe.pth",
    "a" * 250 + ".pth",
    os.fsdecode(b"\xff\xfe.pth"),
]


def shown(window):
    """All text that the window shows of its own accord, and all tooltips."""
    widgets = window.findChildren(QWidget)
    labels = [w for w in widgets if isinstance(w, QLabel)]
    return [window.windowTitle(), window.statusBar().currentMessage(), window.strip.text] + [
        label.text() for label in labels if label.textFormat() is not Qt.TextFormat.RichText
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_any_name_is_shown_as_plain_text(qtbot, window, checkpoint, name):
    width = window.model_panel.width()
    window.files.open([checkpoint(name)])
    assert window.statusBar().currentMessage().isprintable()
    settle(qtbot, window)
    assert window.workspace.network is not None
    assert all(line.isprintable() for text in shown(window) for line in text.split("\n"))
    label = next(x for x in window.findChildren(ElidedLabel) if x.words.endswith(".pth"))
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert "<b>" not in label.toolTip()
    assert "<img" not in label.toolTip()
    assert window.model_panel.width() == width


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_refused_in_plain_text(qtbot, window, tmp_path, name):
    (tmp_path / name).write_bytes(b"hello " * 100)
    width = window.width()
    window.files.open([tmp_path / name])
    settle(qtbot, window)
    assert window.strip.text.isprintable()
    assert "plain text" in window.strip.text
    for label in window.strip.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText or not label.text()
    assert window.width() == width


def test_a_pipe_does_not_hold_the_window(qtbot, window, tmp_path):
    """Whether a path holds images is asked on the window's own thread."""
    os.mkfifo(tmp_path / "images.npz")
    window.files.open([tmp_path / "images.npz"])
    settle(qtbot, window)
    assert "pipe or a device" in window.strip.text
