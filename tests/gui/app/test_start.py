"""From the start of the process to a window that answers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.runtime.lazy import torch as later
from gui.app.loading import Loading
from gui.toolkit.device_choice import DeviceChoice
from tests.conftest import ROOT

_SHOWN_WITHOUT_TORCH = """
import sys
from PySide6.QtCore import QTimer
from gui.app import application

qt, window, _ = application.start([])
assert window.isVisible() and window.empty.isVisible()
assert "torch" not in sys.modules
window.pages.show_training()
assert "torch" not in sys.modules
QTimer.singleShot(0, window.close)
assert qt.exec() == 0
assert "torch" in sys.modules
"""


@pytest.mark.offscreen
def test_the_window_is_there_before_torch(tmp_path):
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", _SHOWN_WITHOUT_TORCH],
        cwd=ROOT,
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_loading_says_which_devices_there_are(qtbot, window):
    loading = Loading(window)
    with qtbot.waitSignal(loading.found, timeout=60_000) as found:
        loading.start()
    loading.wait()
    assert found.args[0][:2] == ["auto", "cpu"]


def test_devices_that_are_found_later_are_offered_once(window):
    for _ in range(2):
        window.offer_devices(["auto", "cpu", "cuda"])
    for choice in (window.settings_panel.device, window.training.form.network.device):
        assert [choice.itemData(i) for i in range(choice.count())] == ["auto", "cpu", "cuda"]
        assert choice.currentData() == "auto"


def test_a_device_that_was_wished_for_is_chosen_once_it_is_found(qtbot):
    choice = DeviceChoice(["auto", "cpu"])
    qtbot.addWidget(choice)
    choice.choose("cuda")
    assert choice.currentData() == "auto"
    choice.offer(["auto", "cpu", "cuda"])
    assert choice.currentData() == "cuda"


def test_a_choice_of_the_user_is_not_overruled_by_what_is_found(qtbot):
    choice = DeviceChoice(["auto", "cpu"])
    qtbot.addWidget(choice)
    choice.choose("cuda")
    choice.setCurrentIndex(1)
    choice.activated.emit(1)
    choice.offer(["auto", "cpu", "cuda"])
    assert choice.currentData() == "cpu"


def test_torch_that_is_loaded_later_is_torch():
    import torch

    assert later.float32 is torch.float32
    assert later.nn.functional is torch.nn.functional
