"""The table of a study: cells as the page has them, and only rows that changed are drawn anew."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt

from engine.study.page import HEADINGS, line_of
from engine.study.table import Result, Row
from gui.study.table import RunsModel, RunsView
from gui.study.work import NO_RESULT
from gui.toolkit import theme

STATE = len(HEADINGS)
"""Its column, beside one variable."""


def shown(model, place, column):
    return model.index(place, column).data()


def model_of(count, is_driven=True):
    model = RunsModel()
    rows = [Row(str(number), {"seed": number}) for number in range(count)]
    model.show_rows(rows, ("seed",), is_driven)
    return model


def test_a_row_is_what_the_page_says_of_it():
    model = model_of(3)
    row = Row("1", {"seed": 1}, Result(id="1", state="done", recovered=3, images=8, precision=0.5))
    model.update_rows([row])
    assert tuple(shown(model, 1, column) for column in range(STATE + 1)) == line_of(row, ("seed",))
    assert shown(model, 1, 1) == "3 of 8"
    assert shown(model, 1, 4) == "50 %"
    assert [shown(model, place, STATE) for place in range(3)] == ["not begun", "done", "not begun"]


def test_ten_thousand_rows_are_never_reset_by_news():
    model, resets, changes = model_of(10_000), [], []
    model.modelReset.connect(lambda: resets.append(1))
    model.dataChanged.connect(lambda a, b: changes.append((a.row(), b.row())))
    done = [Row(str(n), {"seed": n}, Result(id=str(n), state="done")) for n in (7, 5, 6, 9_999)]
    model.update_rows([*done, Row("of another study", {})])
    assert (resets, changes) == ([], [(5, 7), (9_999, 9_999)])
    assert model.rowCount(QModelIndex()) == 10_000
    assert model.rowCount(model.index(0, 0)) == 0


class _Asked(RunsModel):
    """Notes which rows its cells are asked for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        self.asked.add(index.row())
        return super().data(index, role)


def test_of_ten_thousand_rows_only_those_in_sight_are_worded(qtbot):
    model = _Asked()
    view = RunsView(model)
    qtbot.addWidget(view)
    view.resize(800, 300)
    view.show()
    model.show_rows([Row(str(n), {"seed": n}) for n in range(10_000)], ("seed",), True)
    in_sight = view.viewport().height() // view.verticalHeader().defaultSectionSize() + 1
    qtbot.waitUntil(lambda: len(model.asked) >= in_sight - 1)
    assert model.asked <= set(range(in_sight + 1))
    view.scrollToBottom()
    qtbot.waitUntil(lambda: 9_999 in model.asked)
    assert model.asked <= {*range(in_sight + 1), *range(9_999 - in_sight, 10_000)}


def test_another_study_of_the_same_rows_is_worded_anew():
    row = Row("0", {"seed": 3, "epochs": 5})
    model = RunsModel()
    model.show_rows([row], ("seed",), True)
    assert shown(model, 0, 0) == "3"
    model.show_rows([row], ("epochs",), True)
    assert shown(model, 0, 0) == "5"


def test_why_a_run_failed_stands_in_its_row_and_stands_out():
    model = model_of(1)
    reason = "a.npz holds no weights."
    model.update_rows([Row("0", {"seed": 0}, Result(id="0", state="refused", reason=reason))])
    assert shown(model, 0, STATE) == f"refused: {reason}"
    colour = model.index(0, STATE).data(Qt.ItemDataRole.ForegroundRole)
    assert colour == theme.error_colour()
    assert reason in model.index(0, STATE).data(Qt.ItemDataRole.ToolTipRole)


def test_whether_another_process_is_at_a_run_nobody_here_knows():
    assert shown(model_of(1, is_driven=False), 0, STATE) == NO_RESULT


def test_names_of_strangers_steer_nothing():
    model = RunsModel()
    model.show_rows([Row("0", {"checkpoint": "<b>a\n\u202eb"})], ("checkpoint",), True)
    assert shown(model, 0, 0).isprintable()
    assert "<b>" not in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
