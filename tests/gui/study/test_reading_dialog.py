"""How checkpoints of a study are read, chosen in a dialog."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox

from engine.study.reading import Reading
from gui.study.draft import FILES, of_checkpoints
from gui.study.form import StudyForm
from gui.study.reading_dialog import ReadingDialog
from tests.gui.wording import accessible_name, controls, shared_letters


@pytest.fixture
def form(qtbot):
    shown = StudyForm()
    qtbot.addWidget(shown)
    shown.show_draft(of_checkpoints([]).with_values(FILES, ["a.npz", "b.npz"]))
    shown.show()
    return shown


def asked(qtbot, form):
    qtbot.mouseClick(form.reading_button, Qt.MouseButton.LeftButton)
    (dialog,) = form.findChildren(ReadingDialog)
    return dialog


def agree(qtbot, dialog):
    button = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_what_is_said_of_all_and_of_one_is_what_the_plan_says(qtbot, form, tmp_path):
    dialog = asked(qtbot, form)
    dialog.fields["preprocessing"].setText(" mnist ")
    dialog.of.setCurrentIndex(2)
    assert dialog.fields["preprocessing"].text() == ""
    dialog.use_base(tmp_path / "base.npz")
    dialog.choices["base_head"].setCurrentIndex(2)
    dialog.of.setCurrentIndex(0)
    assert dialog.fields["preprocessing"].text() == "mnist"
    assert dialog.fields["base"].text() == ""
    agree(qtbot, dialog)
    assert not dialog.isVisible()
    assert [cell.network.reading for cell in form.draft.plan().cells] == [
        Reading(preprocessing="mnist"),
        Reading(preprocessing="mnist", base=str(tmp_path / "base.npz"), base_head="new"),
    ]


def test_what_says_nothing_is_told_and_not_left(qtbot, form):
    dialog = asked(qtbot, form)
    dialog.choices["base_head"].setCurrentIndex(1)
    dialog.of.setCurrentIndex(1)
    assert dialog.of.currentIndex() == 0
    assert "no base is named" in dialog.error.text()
    agree(qtbot, dialog)
    assert dialog.isVisible()
    assert form.draft.reading() == {}
    dialog.choices["base_head"].setCurrentIndex(0)
    agree(qtbot, dialog)
    assert not dialog.isVisible()


def test_a_study_of_trainings_asks_nothing_of_the_kind(form):
    assert form.reading_button.isVisible()
    form._begin_anew(0)
    assert not form.reading_button.isVisible()


def test_each_control_has_a_name_an_explanation_and_a_letter_of_its_own(qtbot, form):
    dialog = asked(qtbot, form)
    assert [each for each in controls(dialog) if not accessible_name(each)] == []
    assert shared_letters(dialog) == {}
