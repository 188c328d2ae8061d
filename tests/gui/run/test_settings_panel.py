"""How a network was trained, in the settings: what was found, what is chosen, what follows."""

from __future__ import annotations

import pytest
import torch

from engine.reconstruction.settings import fast, paper
from engine.stationarity.cases import NAMES
from gui.run.activity import Activity
from tests.gui.conftest import settle, standing_out, until


def choose(box, data):
    """Chooses an entry as a person would."""
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


@pytest.fixture
def biased(tmp_path):
    """Writes a checkpoint with a bias on each layer, and no balance between them."""

    def write(outputs):
        generator = torch.Generator().manual_seed(0)
        shapes = {"0.weight": (12, 16), "0.bias": 12, "1.weight": (outputs, 12), "1.bias": outputs}
        state = {
            f"layers.{name}": torch.randn(shape, generator=generator)
            for name, shape in shapes.items()
        }
        state["layers.0.weight"] = standing_out(state["layers.0.weight"])
        torch.save(state, tmp_path / f"biased{outputs}.pth")
        return tmp_path / f"biased{outputs}.pth"

    return write


def open_and_wait(qtbot, window, path):
    window.files.open([path])
    settle(qtbot, window)


def test_each_training_has_a_name_and_the_choice_an_explanation(window):
    choice = window.settings_panel.training
    assert [choice.itemText(index) for index in range(choice.count())] == list(NAMES.values())
    assert choice.isVisible()
    assert not window.settings_panel.editor("steps").isVisible()
    assert "How the network was trained" in choice.toolTip()
    assert window.settings_panel.settings() == fast()


@pytest.mark.parametrize(
    ("name", "next_one"),
    [
        ("hidden_whitening", 0.0),
        ("smoothness", 0.0),
        ("margin_weight", 0.0),
        ("alpha_start", 1.0),
        ("alpha_end", 1.0),
    ],
)
def test_what_is_left_to_us_says_so_and_is_one_step_away(window, name, next_one):
    editor = window.settings_panel.editor(name)
    assert editor.text() == "automatic"
    editor.stepBy(1)
    assert getattr(window.settings_panel.settings(), name) == next_one
    editor.stepBy(1)
    assert editor.value() > next_one
    editor.setValue(next_one)
    editor.stepBy(-1)
    assert editor.text() == "automatic"
    assert window.settings_panel.settings() == fast()


def test_what_the_weights_look_like_is_said_once_a_network_is_open(
    qtbot, window, checkpoint, biased
):
    panel = window.settings_panel
    assert not panel.found.isVisible()
    open_and_wait(qtbot, window, checkpoint())
    assert panel.found.isVisible()
    assert "towards a margin" in panel.found.text()
    assert "as in the paper" in panel.found.text()
    open_and_wait(qtbot, window, biased(10))
    assert "with weight decay" in panel.found.text()
    assert "biases above the first layer" in panel.found.text()
    assert panel.settings().training == "auto"


def test_another_training_changes_what_depends_on_it_and_keeps_all_other_edits(window):
    panel = window.settings_panel
    panel.editor("steps").setValue(77)
    choose(panel.training, "free")
    assert panel.settings().training == "free"
    assert panel.settings().minimum_multiplier == 0
    assert not panel.editor("minimum_multiplier").isEnabled()
    assert "any sign" in panel.editor("minimum_multiplier").toolTip()
    choose(panel.training, "decay")
    assert panel.editor("minimum_multiplier").isEnabled()
    assert panel.settings().minimum_multiplier == fast().minimum_multiplier
    assert panel.settings().steps == 77
    panel.editor("minimum_multiplier").setValue(0.7)
    choose(panel.training, "margin")
    assert panel.settings().minimum_multiplier == 0.7


def test_a_training_that_was_chosen_is_one_edit_to_take_back(window):
    panel, undo = window.settings_panel, window.actions_.undo
    choose(panel.training, "free")
    after = panel.settings()
    choose(panel.training, "free")
    assert window.history.stack.count() == 1
    assert undo.text().replace("&", "") == "Undo Training"
    undo.trigger()
    assert panel.settings() == fast()
    assert panel.training.currentData() == "auto"
    window.actions_.redo.trigger()
    assert panel.settings() == after


def test_the_published_numbers_follow_the_network_and_the_training(qtbot, window, biased):
    panel = window.settings_panel
    choose(panel.preset, "paper")
    assert panel.settings() == paper(1)
    open_and_wait(qtbot, window, biased(10))
    assert panel.settings() == paper(1, 10)
    assert panel.training.currentData() == "runner-up"
    choose(panel.training, "free")
    assert panel.settings() == paper(1, 10, "free")
    panel.restore.click()
    assert panel.settings() == paper(1, 10, "free")
    choose(panel.preset, "fast")
    assert panel.settings() == fast()


def test_a_run_shows_the_training_that_it_took(qtbot, window, biased):
    open_and_wait(qtbot, window, biased(1))
    panel = window.settings_panel
    panel.editor("steps").setValue(5)
    panel.editor("candidates").setValue(10)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    assert window.controller.activity is Activity.IDLE
    assert window.workspace.session.settings.training == "decay"
    assert panel.settings().training == "auto"


def test_what_only_fine_tuned_networks_have_goes_with_their_training(window):
    panel = window.settings_panel
    choose(panel.training, "tuned")
    panel.editor("gradients_at").setValue(0.5)
    assert panel.settings().gradients_at == 0.5
    choose(panel.training, "decay")
    assert not panel.editor("gradients_at").isEnabled()
    assert panel.settings().gradients_at == -1
    choose(panel.training, "tuned")
    assert panel.editor("gradients_at").isEnabled()
