"""Tables that grow by rows, and whose columns have names."""

from __future__ import annotations

import numpy as np
import pytest

from engine.base.rows import RowBuffer
from engine.reconstruction.losses import Losses, LossHistory
from engine.training.curves import TrainingCurves


@pytest.mark.parametrize("table", [Losses, TrainingCurves])
def test_each_column_is_found_again_by_its_name(table):
    numbers = {name: np.array([10.0 * place, 1.0]) for place, name in enumerate(table.COLUMNS)}
    found = table.of(**dict(reversed(numbers.items())))
    assert len(found) == 2
    for name, column in numbers.items():
        assert (found.column(name) == column).all()
        assert (getattr(found, name) == column).all()


def test_a_table_with_a_column_too_few_or_too_many_is_refused():
    with pytest.raises(TypeError, match="log10_loss"):
        TrainingCurves.of(step=1, seconds=2.0)
    with pytest.raises(TypeError, match="constraint"):
        Losses.of(step=1, seconds=2.0, stationarity=1.0, constraint=1.0, alpha=1.0, beta=1.0)


def test_a_constraint_that_was_not_looked_at_is_the_one_before():
    history = LossHistory(2)
    for step, constraint in ((2, (7.0, np.nan)), (4, (np.nan, 5.0))):
        losses = np.array([[4.0, 9.0, each] for each in constraint])
        history.add(step, np.zeros(2), losses, np.ones(2), np.array([1.0, 4.0]))
    found = history.view()
    assert found.column_names[len(Losses.COLUMNS) :] == ("relative_1", "relative_2")
    assert found.step.tolist() == [1, 2, 3, 4]
    assert found.constraint.tolist() == [7, 7, 7, 5]
    assert found.stationarity.tolist() == [13, 13, 13, 13]
    assert found.relative_per_layer.tolist() == [[2, 1.5]] * 4


def test_rows_handed_out_stay_as_they_are_while_more_come():
    buffer = RowBuffer(2)
    buffer.extend(np.ones((200, 2)))
    before = buffer.rows()
    buffer.extend(np.zeros((200, 2)))
    assert before.shape == (200, 2)
    assert (before == 1).all()
    assert buffer.rows().sum() == 400
    with pytest.raises(ValueError, match="read-only"):
        buffer.rows()[0, 0] = 2.0
