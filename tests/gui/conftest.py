"""The real main window, offscreen, with settings and state of its own."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import QEvent, QSettings, QThread
from PySide6.QtWidgets import QApplication

from engine.network.network import Network
from gui.app import application
from gui.app.main_window import MainWindow
from gui.toolkit import theme
from tests.engine.networks import learnt

PATIENCE = 60_000
"""Milliseconds that a test waits, at most, on a machine that is busy with other things."""


@pytest.fixture(scope="session")
def _styled(qapp):
    """Once, as an application does it: a style that changes frees what widgets still draw with."""
    qapp.setStyle("Fusion")


@pytest.fixture(autouse=True)
def _isolated(tmp_path, monkeypatch, qapp, _styled):
    """Settings and kept runs go to a folder of the test's."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(tmp_path / "settings"))
    monkeypatch.setattr("gui.app.parts.user_state_path", lambda *_: tmp_path / "state")
    application.configure(QApplication)
    theme.apply_palette(qapp)


@pytest.fixture
def window(qtbot, qapp):
    """The window, open; afterwards it is closed as a person would, and leaves no thread."""
    window = MainWindow(["auto", "cpu"])
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.pages.stop()
    settle(qtbot, window)
    window.close()
    until(qtbot, lambda: not window.isVisible())
    assert not [thread for thread in window.findChildren(QThread) if thread.isRunning()]
    window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def another_window(qtbot, qapp):
    """Makes windows as later starts would; closes them at the end."""
    windows = []

    def make():
        windows.append(MainWindow(["auto", "cpu"]))
        windows[-1].show()
        qtbot.waitExposed(windows[-1])
        return windows[-1]

    yield make
    for window in windows:
        settle(qtbot, window)
        window.close()
        until(qtbot, lambda window=window: not window.isVisible())
        window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def until(qtbot, condition):
    """Waits for something that will come; how soon is for benchmarks to say."""
    qtbot.waitUntil(condition, timeout=PATIENCE)


def show_matches(qtbot, window):
    """Asks for the panels that gave way to the stage when a run began, the matches in front."""
    until(qtbot, lambda: not window.beside.isVisible())
    window.arrangement.come_back(*window.arrangement.actions)
    window.beside.setCurrentWidget(window.pairs)


def has_gallery(window):
    """Whether the gallery of a run that has ended is shown."""
    return window.mosaic.mosaic is not None and window.mosaic.mosaic.is_gallery


def bring_to_front(qtbot, window):
    """Keys go to the window that is active; a real display takes a moment to make it so."""
    window.activateWindow()
    until(qtbot, window.isActiveWindow)


def settle(qtbot, window):
    """Waits until nothing is under way."""
    until(qtbot, lambda: not window.controller.is_active and not window.background.is_busy)


def standing_out(weight):
    """A first layer of a few clear directions and a faint random start, as training leaves it."""
    u, _, v = torch.linalg.svd(weight, full_matrices=False)
    rank = min(4, len(u) // 2)
    return (u[:, :rank] * torch.linspace(2, 1, rank)) @ v[:rank] + 0.01 * weight


@pytest.fixture(scope="session")
def small_network(make_network):
    """A network that has learnt six images, as the usual checkpoint of these tests."""
    return learnt(make_network(16, 12, 10, 1), 6)


@pytest.fixture
def checkpoint(tmp_path, make_network, small_network):
    """Writes a small grey network as a PyTorch checkpoint, with something in it to be found."""

    def write(name="small.pth", *sizes):
        network: Network = make_network(*sizes) if sizes else small_network
        state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
        if sizes:
            state["layers.0.weight"] = standing_out(network.weights[0])
        torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / name)
        return tmp_path / name

    return write
