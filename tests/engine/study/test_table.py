"""The rows of a study, as a table, as CSV and as a page."""

from __future__ import annotations

import csv
import gc
import io

import pytest

from engine.exports.charts import Range
from engine.study.page import UNKNOWN, headline, lines_of, study_page
from engine.study.plots import plots_over, ranges, values_of, varied
from engine.study.study import Study
from engine.study.table import Result, Table, as_csv, as_records
from tests.engine.study.studies import TWO_BY_TWO, ready

RESULTS = {
    "a": Result(
        id="a",
        state="done",
        recovered=10,
        good=12,
        images=50,
        control_good=1,
        control_images=40,
        above=8,
        precision=0.75,
        exposure=0.2,
        steps=4,
        seconds=1.5,
    ),
    "b": Result(id="b", state="done", recovered=20, control_good=3, images=50, control_images=40),
    "c": Result(id="c", state="failed", reason="The training diverged."),
}
RUNS = [
    ("a", {"decay": 0.1, "seed": 0}),
    ("b", {"decay": 0.1, "seed": 1}),
    ("c", {"decay": 0.01, "seed": 0}),
    ("d", {"decay": 0.01, "seed": 1}),
]


@pytest.fixture
def table():
    made = Table(RUNS, RESULTS.get, lambda: RESULTS)
    made.refresh()
    return made


def test_rows_stand_in_the_order_of_the_plan_with_what_is_known(table):
    assert [row.state for row in table.rows] == ["done", "done", "failed", "missing"]
    assert table.rows[0].value("recovered") == 10
    assert table.rows[3].value("recovered") is None
    assert table.rows[3].value("decay") == 0.01
    assert table.counts() == {"done": 2, "failed": 1, "missing": 1}


def test_each_result_is_read_once():
    there, read = {"a"}, []

    def result(id_):
        read.append(id_)
        return RESULTS[id_]

    table = Table(RUNS, result, lambda: there)
    assert [row.id for row in table.refresh()] == ["a"]
    there |= {"b", "of another study"}
    assert [row.id for row in table.refresh()] == ["b"]
    assert table.refresh() == []
    assert read == ["a", "b"]


def test_a_result_that_is_damaged_is_missing():
    table = Table(RUNS, lambda _: None, lambda: {"a"})
    table.refresh()
    assert table["a"].state == "missing"


def test_what_is_not_known_is_empty_in_csv_and_no_formula_is_written(table):
    table.put(Result(id="d", state="refused", reason="=1+1"))
    rows = list(csv.DictReader(io.StringIO(as_csv(table))))
    assert rows[0]["decay"] == "0.1"
    assert rows[0]["precision"] == "0.75"
    assert rows[2]["recovered"] == ""
    assert rows[2]["reason"] == "The training diverged."
    assert rows[3]["reason"] == "'=1+1"
    assert as_records(table)[1]["control_good"] == 3


def test_the_collector_has_nothing_to_look_through_in_rows_and_runs(tmp_path):
    study, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    store.put(Result(id=study.runs[0].id, state="done"))
    (row, *others) = store.table(store.read()).rows
    assert not any(map(gc.is_tracked, (row, row.result, *others, *store.read().runs)))


def test_of_many_rows_the_columns_are_worked_out_once():
    asked = []

    class Asked(Table):
        @property
        def variables(self):
            asked.append(len(self))
            return super().variables

    many = Asked((str(number), {"seed": number}) for number in range(100))
    assert as_csv(many).count("\n") == 101
    assert [row["seed"] for row in as_records(many)] == list(range(100))
    assert asked == [100, 100]


def test_for_people_what_is_not_known_is_a_dash(table):
    heading, first, second, third, _ = lines_of(table, 10)
    assert heading[:3] == ("decay", "seed", "Recovered")
    assert first[2:8] == ("10 of 50", "1 of 40", "8", "75 %", "20 %", "1.5")
    assert second[4:8] == (UNKNOWN,) * 4
    assert third[2] == UNKNOWN
    assert third[-1] == "failed: The training diverged."
    assert len(lines_of(table, 2)) == 3
    assert headline(table) == "4 runs: 2 done, 1 not begun and 1 failed."


def test_a_measure_over_a_variable_is_a_mean_from_the_least_to_the_largest(table):
    assert varied(table) == ("decay",)
    places = values_of(table, "decay")
    assert places == [0.01, 0.1]
    assert ranges(table.rows, "decay", places, "recovered") == [None, Range(10, 15, 20)]
    assert ranges(table.rows, "decay", places, "precision") == [None, Range(0.75, 0.75, 0.75)]
    assert ranges(table.rows, "seed", [0, 1], "control_good") == [Range(1, 1, 1), Range(3, 3, 3)]


def test_a_plot_shows_the_control_beside_what_is_recovered(table):
    counts, shares = plots_over(table, "decay")
    assert counts.words == "Recovered and Good in the control over decay"
    assert shares.words == "Precision above 0.9 and Exposed at 1 % false positives over decay"
    # The axis goes to 20 and 5 % beyond; the mean, 15, stands at its height.
    height = 250 - 36 - 15 / 21 * (250 - 30 - 36)
    assert f'cy="{height:.1f}"' in counts.svg
    assert counts.svg.count("<circle") == 2  # Nothing stands where nothing is known.


def test_other_variables_stay_as_they_are_in_a_plot():
    runs = [(f"{a}{b}", {"a": a, "b": b, "seed": 0}) for a in (1, 2) for b in (3, 4)]
    table = Table(runs)
    for number, (id_, _) in enumerate(runs):
        table.put(Result(id=id_, state="done", recovered=number))
    said = [plot.words for plot in plots_over(table, "a")]
    assert said == [
        "Recovered and Good in the control over a, b 3",
        "Recovered and Good in the control over a, b 4",
    ]


def test_with_many_combinations_runs_are_pooled():
    runs = [(f"{a}.{b}", {"a": a, "b": b, "seed": 0}) for a in (1, 2) for b in range(9)]
    table = Table(runs)
    for number, (id_, _) in enumerate(runs):
        table.put(Result(id=id_, state="done", recovered=number))
    (plot,) = plots_over(table, "a")
    assert plot.words == "Recovered and Good in the control over a"


def test_where_nothing_but_the_seed_differs_it_is_what_is_plotted_over():
    table = Table([("x", {"seed": 0}), ("y", {"seed": 1})])
    assert varied(table) == ("seed",)


def test_the_page_holds_what_it_shows_and_escapes_strangers_names(table):
    study = Study("<b>bold</b>", "What of it?", (), (), ())
    runs = [("a", {"checkpoint": "<script>.pth", "seed": 0}), ("b", {"checkpoint": "b", "seed": 0})]
    named = Table(runs, RESULTS.get, lambda: RESULTS)
    named.refresh()
    page = study_page(study, named)
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "&lt;script&gt;.pth" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "data:image/svg+xml;base64," in page
    assert "10 of 50" in page
    (plot, *_) = plots_over(named, "checkpoint")
    assert "&lt;script&gt;.pth" in plot.svg
    assert "<script" not in plot.svg
