"""A control that holds training images is kept apart from them, and the window says so."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.datasets import load_images
from gui.opening.references_window import ReferencesWindow
from tests.gui.app.test_main_window import open_and_wait
from tests.gui.conftest import settle, until


def save(path, pixels):
    np.savez(path, images=pixels, labels=np.arange(len(pixels)) % 2)
    return path


@pytest.fixture
def files(tmp_path):
    """Six training images, one of them twice; a control of five, of which two are theirs."""
    train, control = np.random.default_rng(0).integers(0, 256, (2, 6, 1, 4, 4), dtype=np.uint8)
    train[5] = train[0]
    control[1], control[3] = train[2], train[4]
    return save(tmp_path / "a.npz", train), save(tmp_path / "b.npz", control[:5])


@pytest.mark.parametrize("order", ["together", "training first", "control first"])
def test_they_are_left_out_in_whatever_order_images_are_opened(
    qtbot, window, checkpoint, files, order
):
    train, control = files
    if order == "together":
        open_and_wait(qtbot, window, checkpoint(), *_named(files))
    else:
        open_and_wait(qtbot, window, checkpoint())
        roles = [("train", train), ("control", control)]
        for role, path in roles if order == "training first" else reversed(roles):
            window.opener.load_images(role, path)
            until(qtbot, lambda role=role: getattr(window.workspace, role) is not None)
    until(qtbot, lambda: window.workspace.references is not None)
    until(qtbot, lambda: len(window.workspace.control) == 3)
    assert len(window.workspace.references.control) == 3
    assert window.workspace.control.apart.train is window.workspace.train
    assert "number 1, number 3." in window.strip.text
    assert window.references_panel.said == (
        "6 images, 1 is a copy of another",
        "3 images, 2 training images left out",
    )


def _named(files):
    train, control = files
    return train, control.rename(control.with_name("control.npz"))


def test_a_control_that_is_the_training_set_is_refused(qtbot, window, checkpoint, files):
    open_and_wait(qtbot, window, checkpoint(), files[0])
    window.opener.load_images("control", files[0])
    until(qtbot, lambda: "All 6 control images" in window.strip.text)
    assert window.workspace.control is None
    assert len(window.workspace.train) == 6


def test_training_images_that_hold_all_of_an_open_control_displace_it(
    qtbot, window, checkpoint, files
):
    open_and_wait(qtbot, window, checkpoint())
    window.opener.load_images("control", files[0])
    until(qtbot, lambda: window.workspace.control is not None)
    window.opener.load_images("train", files[0])
    until(qtbot, lambda: window.workspace.train is not None)
    assert (len(window.workspace.train), window.workspace.control) == (6, None)
    assert window.workspace.references.control is None
    assert window.strip.text.endswith(
        "All 6 control images of a.npz are training images (of a.npz), so that none is left for a "
        "control. The control is not open any more. Give images of the same kind that the network "
        "never saw."
    )


def test_what_is_left_out_is_said_once(qtbot, window, checkpoint, files):
    paths = checkpoint(), *_named(files)
    open_and_wait(qtbot, window, *paths)
    assert window.strip.text.count("and left out of it: number 1, number 3.") == 1
    combo = window.model_panel.activation.combo
    for index in (1, 0):
        combo.setCurrentIndex(index)
        combo.activated.emit(index)
        settle(qtbot, window)
    assert "left out of it" not in window.strip.text
    open_and_wait(qtbot, window, *paths)
    assert window.strip.text.count("and left out of it: number 1, number 3.") == 1


def test_beside_a_network_it_is_refused_and_the_rest_opens(qtbot, window, checkpoint, files):
    path = checkpoint()
    for name in ("_images", "_control_images"):
        (path.parent / f"{path.stem}{name}.npz").write_bytes(files[0].read_bytes())
    open_and_wait(qtbot, window, path)
    assert (window.workspace.control, len(window.workspace.train)) == (None, 6)
    assert "so that none is left for a control" in window.strip.text


def test_other_training_images_bring_the_whole_control_back(
    qtbot, window, checkpoint, files, tmp_path
):
    open_and_wait(qtbot, window, checkpoint(), *_named(files))
    assert len(window.workspace.control) == 3
    others = load_images(files[0]).images.flip(-1).numpy()
    window.opener.load_images("train", save(tmp_path / "c.npz", others))
    until(qtbot, lambda: len(window.workspace.control) == 5)


def test_the_list_of_images_says_what_is_there_twice(qtbot, window, checkpoint, files):
    open_and_wait(qtbot, window, checkpoint(), *_named(files))
    window.references_panel.show_all.click()
    dialog = window.findChild(ReferencesWindow)
    until(qtbot, lambda: all(sheet.is_ready for sheet in dialog.sheets))
    train, control = (sheet.about for sheet in dialog.sheets)
    assert train.endswith("· a.npz · 1 is a copy of another")
    assert control.endswith("· control.npz · 2 training images left out")
    dialog.close()
