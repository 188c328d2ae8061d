"""Takes the pictures of the guide and of the README out of the real window, in both schemes.

    make screenshots

The window is driven offscreen through a run on the bundled digits, so that no picture shows what
the application no longer is. `NAME.png` is light, `NAME-dark.png` is dark.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from engine.base.resources import images_beside, sample_network
from gui.app.main_window import MainWindow
from gui.run.activity import Activity
from gui.toolkit import scheme
from tests.gui.private_window import private_window

PICTURES = Path(__file__).parent / "images"
SIZE = 1280, 820
PRESENTED = 1280, 720
_STEPS, _CANDIDATES, _EARLY = 150, 600, 12
"""Of a run that ends soon on any machine, and finds enough to look at."""

_PATIENCE = 600
"""Seconds that anything may take on a slow machine."""

_FRAMES_SHOWN = 0.4
"""Seconds that a view gets to draw itself."""


class Photographer:
    """Drives the window from scene to scene."""

    def __init__(self, qt: QApplication, window: MainWindow) -> None:
        self._qt, self._window = qt, window

    def until(self, condition: Callable[[], bool]) -> None:
        """Lets the window work until something is so.

        Raises:
            TimeoutError: it never is.
        """
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the window did not come to what was to be shown")
            self._qt.processEvents()
            time.sleep(0.005)

    def rest(self) -> None:
        """Lets the window draw."""
        end = time.monotonic() + _FRAMES_SHOWN
        self.until(lambda: time.monotonic() > end)

    def settle(self) -> None:
        """Waits until nothing is under way."""
        self.until(lambda: not self._window.background.is_busy)
        self.rest()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """Writes a widget, or the whole window, in both schemes."""
        for chosen, suffix in ((Qt.ColorScheme.Dark, "-dark"), (Qt.ColorScheme.Light, "")):
            scheme.store_scheme(chosen)
            self._window.restyle()
            self.rest()
            path = PICTURES / f"{name}{suffix}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            (widget or self._window).grab().save(str(path))
            print(path.relative_to(PICTURES.parent.parent))

    def dialog(self) -> QDialog:
        """The dialog that is open."""
        return next(d for d in self._window.findChildren(QDialog) if d.isVisible())


def tour(photographer: Photographer, window: MainWindow) -> None:
    """From the empty window to the report."""
    take, settle, until = photographer.take, photographer.settle, photographer.until
    settle()
    take("guide/empty")
    window.opener.open_first_sample()
    until(lambda: window.workspace.train is not None)
    settle()
    take("guide/opened")
    window.settings_panel.editor("steps").setValue(_STEPS)
    window.settings_panel.editor("candidates").setValue(_CANDIDATES)
    window.pages.start_or_pause()
    until(lambda: window.run_bar.progress.value() > _EARLY and window.stage.standing is not None)
    window.pages.start_or_pause()
    until(lambda: window.controller.activity is Activity.PAUSED)
    settle()
    take("guide/running")
    _present(photographer, window)
    window.pages.start_or_pause()
    until(lambda: window.workspace.session is not None)
    settle()
    until(lambda: window.mosaic.mosaic is not None and window.mosaic.mosaic.is_gallery)
    settle()
    take("guide/ended")
    _look_closely(photographer, window)
    window.exporter.ask("gif")
    dialog = photographer.dialog()
    settle()
    take("guide/export", dialog)
    dialog.reject()
    _compare(photographer, window)
    _make_a_network(photographer, window)


def _present(photographer: Photographer, window: MainWindow) -> None:
    shown = window.views.presentation
    shown.begin()
    shown.resize(*PRESENTED)
    photographer.rest()
    path = PICTURES / "guide" / "presentation.png"
    shown.grab().save(str(path))
    print(path.relative_to(PICTURES.parent.parent))
    shown.hide()


def _look_closely(photographer: Photographer, window: MainWindow) -> None:
    window.arrangement.come_back(*window.arrangement.actions)
    window.examiner.inspect(window.stage.seats.candidates[0])
    photographer.until(lambda: window.examiner.inspector.portrait is not None)
    window.beside.setCurrentIndex(1)
    photographer.settle()
    photographer.take("guide/image")
    window.beside.setCurrentIndex(0)
    window.lower_tabs.setCurrentWidget(window.scores)
    photographer.settle()
    photographer.take("guide/scores")
    window.lower_tabs.setCurrentWidget(window.membership)
    window.membership.ask_button.click()
    photographer.settle()
    photographer.take("guide/membership")


def _compare(photographer: Photographer, window: MainWindow) -> None:
    """The same again from other noise, beside the run before."""
    window.settings_panel.editor("seed").setValue(1)
    window.pages.start_or_pause()
    photographer.until(lambda: window.controller.is_active)
    photographer.until(lambda: not window.controller.is_active)
    photographer.settle()
    window.comparison.compare_with_run_before()
    photographer.until(lambda: window.comparison.window is not None)
    photographer.settle()
    assert window.comparison.window is not None
    photographer.take("guide/comparison", window.comparison.window)
    window.comparison.window.close()


def _make_a_network(photographer: Photographer, window: MainWindow) -> None:
    """Trains on the sample's images, which are at hand."""
    images, _ = images_beside(sample_network())
    assert images is not None
    window.pages.show_training()
    page = window.training
    page.use_images(images)
    photographer.until(lambda: page.data is not None)
    page.start_or_pause()
    photographer.until(lambda: page.save_button.isEnabled() and not page.controller.is_active)
    photographer.settle()
    photographer.take("guide/training")
    window.pages.show_network()


def main() -> int:
    """Returns 0 once all pictures are written."""
    with private_window(SIZE) as (qt, window):
        tour(Photographer(qt, window), window)
    return 0


if __name__ == "__main__":
    sys.exit(main())
