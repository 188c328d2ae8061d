"""A study as its file says it."""

from __future__ import annotations

import pytest

from engine.base.errors import UnusableInput
from engine.base.resources import STUDIES, ready_made_study
from engine.study.plan import Given, plan_of, read_plan
from engine.study.writing import as_toml
from tests.engine.study.studies import SEARCH, TRAINING, TWO_BY_TWO


def cells_of(text, tmp_path):
    return plan_of(text, "study", tmp_path).cells


def test_a_study_is_every_combination_of_its_lists(tmp_path):
    text = f"""seeds = [3, 4]
[training]
{TRAINING}
weight_decay = [0, 0.001]
[settings]
steps = [10, 20, 30]
"""
    cells = cells_of(text, tmp_path)
    assert len(cells) == 2 * 2 * 3
    first, last = cells[0], cells[-1]
    assert first.variables == {"weight_decay": 0, "settings.steps": 10, "seed": 3}
    assert last.variables == {"weight_decay": 0.001, "settings.steps": 30, "seed": 4}
    assert first.network.recipe.weight_decay == 0
    assert last.network.recipe.weight_decay == 0.001
    assert last.settings == {"steps": 30}


def test_the_seed_of_a_run_is_that_of_its_training_and_of_its_search(tmp_path):
    cells = cells_of(TWO_BY_TWO, tmp_path)
    assert [cell.seed for cell in cells] == [cell.network.recipe.seed for cell in cells]
    assert {cell.seed for cell in cells} == {0, 1}


def test_epochs_are_checkpoints_along_one_training(tmp_path):
    cells = cells_of(TWO_BY_TWO, tmp_path)
    assert [cell.network.at_epoch for cell in cells] == [2, 2, 5, 5]
    assert {cell.network.recipe.epochs for cell in cells} == {5}


def test_a_single_number_of_epochs_is_the_end_of_the_training(tmp_path):
    (cell,) = cells_of(f"[training]\n{TRAINING}\nepochs = 7\n", tmp_path)
    assert (cell.network.at_epoch, cell.network.recipe.epochs) == (0, 7)
    assert cell.variables == {"seed": 0}


def test_widths_are_written_as_text(tmp_path):
    text = TRAINING.replace('"12"', '["12", "30-20"]')
    cells = cells_of(f"[training]\n{text}", tmp_path)
    assert [cell.network.recipe.hidden for cell in cells] == [(12,), (30, 20)]


def test_checkpoints_may_be_named_with_their_images(tmp_path):
    text = '[checkpoints]\nfiles = ["a/*.pth", "b.npz"]\nimages = "i.npz"\ncontrol = "c.npz"\n'
    networks = [cell.network for cell in cells_of(text, tmp_path)]
    assert networks == [Given("a/*.pth", "i.npz", "c.npz"), Given("b.npz", "i.npz", "c.npz")]


@pytest.mark.parametrize("name", STUDIES)
def test_the_ready_made_studies_are_studies(name):
    plan = read_plan(ready_made_study(name))
    assert plan.about.endswith((".", "fewer."))
    assert len(plan.cells) in (8, 10)
    assert {cell.seed for cell in plan.cells} == {0, 1}


def test_a_study_that_is_written_reads_the_same(tmp_path):
    said = {
        "name": "A “study”",
        "seeds": [0, 1],
        "training": {"dataset": "mnist", "epochs": [1, 2], "weight_decay": [0.0, 1e-3]},
        "settings": {"steps": 5},
    }
    text = as_toml(said)
    plan = plan_of(text, "", tmp_path)
    assert plan.name == "A “study”"
    assert len(plan.cells) == 8
    with pytest.raises(UnusableInput, match="knows nothing called “stepz”"):
        as_toml({**said, "settings": {"stepz": 5}})


ONE = f"[training]\n{TRAINING}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[training", "is no TOML"),
        ("", "study is no study: it says neither how networks are trained nor which they are"),
        ('[project]\nname = "a"\n', "is no study: it says neither"),
        (f'{ONE}\n[checkpoints]\nfiles = "a"\n', "either how its networks are trained"),
        (f"{ONE}\nweight_decay = {{a = 1}}\n", "“weight_decay” is no text, number or list"),
        (f"{ONE}\n[settings]\ntraining = 2020-01-01\n", "“training” is no text, number or"),
        (f"{ONE}\nweight_decay = {'9' * 5000}\n", "is no TOML"),
        ("training = 3\n", "“training” is no table"),
        (f"sedes = [1]\n{ONE}", "A study knows nothing called “sedes”"),
        (f"{ONE}\nwidth = 3\n", "[training] knows nothing called “width”".replace("[", r"\[")),
        ('[training]\nrecipe = "usual"\n', "names no images"),
        (f"{ONE}\nepochs = [2, 2]\n", "each once"),
        (f"{ONE}\nepochs = [0, 2]\n", "from 1 on"),
        (f'{ONE}\nepochs = "many"\n', "no list of whole numbers"),
        (f"{ONE}\nepochs = []\n", "no list of whole numbers"),
        (f"{ONE}\nweight_decay = []\n", "empty list"),
        (f"{ONE}\nweight_decay = [0.1, 0.1]\n", "holds a value twice"),
        (f"{ONE}\nweight_decay = 7\n", "Weight decay is 7; it must be from 0 to 1"),
        (f'{ONE}\nweight_decay = "much"\n', r"\[training\] cannot be read"),
        (ONE.replace('"12"', "[[12, 3]]"), "lists of lists"),
        (ONE.replace('"usual"', '"fine-tune"'), "fine-tune needs a network to begin with"),
        (ONE.replace("per_class = 3", "per_class = -1"), "not below 0"),
        (f"seeds = [-1]\n{ONE}", "whole numbers from 0"),
        (f"seeds = [1, 1]\n{ONE}", "holds a seed twice"),
        (f"{ONE}\n[settings]\nseed = 3\n", "knows nothing called “seed”"),
        (f"{ONE}\n[settings]\nsteps = 0\n", "Steps is 0"),
        (f'{ONE}\n[settings]\npreset = "slow"\n', "no preset “slow”"),
        ("[checkpoints]\nfiles = []\n", "names no files"),
        ('[checkpoints]\nfiles = "a"\ncontrol = "b"\n', "A control needs images"),
        ("[checkpoints]\nfiles = 3\n", "names no files"),
        (
            f"seeds = {list(range(400))}\n{ONE}\n{SEARCH}rank = {list(range(300))}\n",
            "has 120,000 runs, and 100,000 are",
        ),
    ],
)
def test_what_is_no_study_is_refused_in_a_sentence(text, complaint, tmp_path):
    with pytest.raises(UnusableInput, match=complaint):
        plan_of(text, "study", tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnusableInput, match="no text in UTF-8"):
        read_plan(path)
    with pytest.raises(UnusableInput, match="does not exist"):
        read_plan(tmp_path / "nothing.toml")


def test_the_folder_of_data_sets_is_the_users_before_the_files(tmp_path):
    text = f'data_root = "data"\n{ONE}'
    assert plan_of(text, "", tmp_path).data_root == tmp_path / "data"
    assert plan_of(text, "", tmp_path, tmp_path / "mine").data_root == tmp_path / "mine"
