"""A study by choosing is the same as the one that its file says."""

from __future__ import annotations

import pytest

from engine.base.errors import UnusableInput
from engine.base.resources import STUDIES, ready_made_study
from engine.study.plan import plan_of, read_plan
from engine.study.reading import Reading
from gui.study.draft import FILES, of_checkpoints, read_draft, ready_made
from gui.study.outlook import outlook, trainings_of
from tests.engine.study.studies import SEARCH, TRAINING, TWO_BY_TWO, write_images


@pytest.mark.parametrize("name", STUDIES)
def test_a_ready_made_study_is_the_plan_of_its_file(name):
    assert ready_made(name).plan().cells == read_plan(ready_made_study(name)).cells
    assert ready_made(name).first_varied == {
        "epochs": "epochs",
        "weight-decay": "weight_decay",
        "images": "per_class",
        "width": "hidden",
    }.get(name)


def test_other_values_seeds_and_limits_are_those_of_the_plan():
    draft = ready_made("weight-decay").with_values("weight_decay", [0.0, 0.01]).with_seeds(3)
    draft = draft.with_setting("seconds", 20).with_values("per_class", [5])
    cells = draft.plan().cells
    assert [cell.variables for cell in cells] == [
        {"weight_decay": decay, "seed": seed} for decay in (0.0, 0.01) for seed in (0, 1, 2)
    ]
    assert {cell.network.selection.per_class for cell in cells} == {5}
    assert {cell.settings["seconds"] for cell in cells} == {20}


def test_without_values_a_variable_is_as_it_usually_is():
    draft = ready_made("weight-decay").with_values("weight_decay", [])
    assert draft.values("weight_decay") == []
    assert {cell.network.recipe.weight_decay for cell in draft.plan().cells} == {1e-3}


def test_a_value_is_of_the_kind_of_its_variable():
    variables = ready_made("epochs").variables
    assert variables["epochs"].parse(" 70 ") == 70
    assert variables["weight_decay"].parse("2e-4") == 2e-4
    assert variables["hidden"].parse("30-20") == "30-20"
    with pytest.raises(UnusableInput, match="“ten” is no value of “Epochs”"):
        variables["epochs"].parse("ten")


def test_paths_of_a_file_are_whole_so_that_it_may_be_saved_elsewhere(tmp_path):
    write_images(tmp_path / "there")
    path = tmp_path / "there" / "mine.toml"
    path.write_text(f'data_root = "sets"\n{TWO_BY_TWO}')
    draft = read_draft(path)
    assert draft.said["training"]["dataset"] == str(tmp_path / "there" / "images.npz")
    assert draft.data_root == tmp_path / "there" / "sets"
    assert (draft.name, draft.seeds, draft.setting("steps", 500)) == ("mine", 2, 4)
    assert draft.with_data_root(None).data_root is None
    (tmp_path / "elsewhere.toml").write_text(draft.text)
    again = read_plan(tmp_path / "elsewhere.toml")
    assert again.cells == draft.plan().cells
    assert (again.name, again.data_root) == (draft.plan().name, draft.plan().data_root)


def test_checkpoints_stand_with_whole_paths_and_addresses_as_they_are(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('[checkpoints]\nfiles = ["a/*.npz", "s3://b/c.npz"]\n')
    draft = read_draft(path)
    assert draft.values(FILES) == [str(tmp_path / "a" / "*.npz"), "s3://b/c.npz"]
    assert draft.variables.keys() == {FILES}


def test_what_a_file_varies_beyond_the_usual_can_be_chosen_too(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(f"[training]\n{TRAINING}\nmomentum = [0.0, 0.9]\n[settings]\nsteps = [4, 8]\n")
    draft = read_draft(path)
    assert draft.values("momentum") == [0.0, 0.9]
    assert draft.setting("steps", 500) is None
    assert len(draft.with_values("steps", [4]).plan().cells) == 2


def test_no_checkpoint_is_no_study_yet():
    with pytest.raises(UnusableInput, match="names no files"):
        of_checkpoints([]).plan()


# --- what it comes to ---------------------------------------------------------------------------


def test_runs_of_a_limited_time_say_how_long_all_of_them_take(tmp_path):
    files = [tmp_path / f"{number}.npz" for number in range(6)]
    draft = of_checkpoints(files).with_seeds(2).with_setting("seconds", 20)
    assert outlook(draft.plan(), 2) == "12 runs of about 20 s: 2 min with 2 processes."
    assert outlook(draft.plan(), 1) == "12 runs of about 20 s: 4 min with 1 process."
    assert outlook(draft.plan(), 5).startswith("12 runs of about 20 s: 60 s with 5")


def test_how_long_steps_and_trainings_take_nobody_knows_before(tmp_path):
    plan = plan_of(TWO_BY_TWO, "study", tmp_path)
    assert trainings_of(plan) == 2  # Both epochs of a seed are one training.
    assert outlook(plan, 2) == (
        "4 runs of 4 steps with 2 processes, after 2 trainings. How long they take is said once "
        "the first have ended."
    )
    limited = plan_of(f"{TWO_BY_TWO}\nseconds = 10\n", "study", tmp_path)
    assert outlook(limited, 2) == (
        "4 runs of about 10 s: 20 s with 2 processes, after 2 trainings. The trainings come on top "
        "of it."
    )


def test_a_pattern_is_as_many_checkpoints_as_it_finds(tmp_path):
    plan = plan_of(f'[checkpoints]\nfiles = ["*.npz"]\n{SEARCH}', "study", tmp_path)
    assert outlook(plan, 1).startswith("At least 1 run of 4 steps with 1 process.")


READ = """
[checkpoints]
files = ["a.npz", "b.npz"]
base = "public.npz"
preprocessing = "mnist"
[checkpoints."b.npz"]
activation = "leaky_relu:0.1"
"""


def test_what_a_file_says_of_its_checkpoints_is_said_of_them_wherever_it_lies(tmp_path):
    for name in ("a.npz", "b.npz", "public.npz"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "mine.toml").write_text(READ)
    draft = read_draft(tmp_path / "mine.toml")
    of_all = {"base": str(tmp_path / "public.npz"), "preprocessing": "mnist"}
    assert draft.reading() == of_all
    assert draft.reading(str(tmp_path / "b.npz")) == {"activation": "leaky_relu:0.1"}
    assert [cell.network.reading for cell in draft.plan().cells] == [
        Reading(**of_all),
        Reading(activation="leaky_relu:0.1", **of_all),
    ]


def test_what_is_said_of_a_checkpoint_goes_with_it():
    draft = of_checkpoints([]).with_values(FILES, ["a.npz", "b.npz"])
    draft = draft.with_reading({"shape": "1x6x6", "base": ""}).with_reading({"base": "c"}, "b.npz")
    assert (draft.reading(), draft.reading("b.npz")) == ({"shape": "1x6x6"}, {"base": "c"})
    left = draft.with_values(FILES, ["a.npz"])
    assert [cell.network.reading for cell in left.plan().cells] == [Reading(shape="1x6x6")]
    assert draft.with_reading({}, "b.npz").reading("b.npz") == {}
    assert draft.with_reading({"layout": "hwc"}).reading() == {"layout": "hwc"}
