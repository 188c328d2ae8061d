"""What is said of a checkpoint: its base, and how it is read; in the words of `reconstruct`."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.commands import command_line
from engine.network.checkpoints import save_network
from engine.study import work
from engine.study.on_ray import _work
from engine.study.places import RemoteFolder
from engine.study.plan import plan_of
from engine.study.pool import Processes
from engine.study.preparing import prepare
from engine.study.reading import Reading
from engine.study.store import Store
from engine.study.table import Result
from engine.study.work import Task, perform
from tests.engine.networks import network_of
from tests.engine.study.studies import SEARCH, finished, ready, told, write_images
from tests.engine.study.test_driving import Here
from tests.engine.tuned import tuned_network

TUNED = f"""
[checkpoints]
files = ["tuned.safetensors"]
base = "base.safetensors"
{SEARCH}
"""


@pytest.fixture
def pair(tmp_path):
    """A fine-tuned network and its base, as files of a folder."""
    base = network_of("ten outputs, biases everywhere")
    save_network(base, tmp_path / "base.safetensors", {})
    tuned = tuned_network(base, frozen=(2, 5)).without_base
    save_network(tuned, tmp_path / "tuned.safetensors", {})
    return tmp_path


def readings(text, folder):
    return [cell.network.reading for cell in plan_of(text, "study", folder).cells]


def task_of(run, study, store):
    """A run's task, and where its files lie."""
    keys = [key for key in (run.network, run.reading.base, run.train, run.control) if key]
    files = {key: (store.place.folder or store.place) / study.file(key).place for key in keys}
    return Task(run, {key: study.file(key).name for key in keys}, run.network), files


def images_of(study, store, monkeypatch):
    """Where the searches of a study end."""
    ends = []

    def scored(id_, session, train, control):
        ends.append(session.images())
        return Result(id=id_, state="done")

    monkeypatch.setattr(work, "scored", scored)
    for run in study.runs:
        assert perform(*task_of(run, study, store)).state == "done"
    return ends


# --- what a file says ---------------------------------------------------------------------------


def test_what_is_said_of_all_checkpoints_is_overruled_for_one(tmp_path):
    text = f"""
    [checkpoints]
    files = ["a.npz", "tuned-*.npz"]
    activation = "leaky_relu:0.1"
    preprocessing = "mnist"
    [checkpoints."tuned-*.npz"]
    preprocessing = "none"
    base = "public.npz"
    base_head = "new"
    {SEARCH}
    """
    assert readings(text, tmp_path) == [
        Reading(activation="leaky_relu:0.1", preprocessing="mnist"),
        Reading(
            activation="leaky_relu:0.1", preprocessing="none", base="public.npz", base_head="new"
        ),
    ]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ('shape = "2x3"', "2x3"),
        ('layout = "whc"', "There is no layout “whc”. Choose chw or hwc."),
        ('activation = "gelu"', "gelu"),
        ('architecture = "transformer"', "transformer"),
        ('base_head = "new"', "no base is named"),
        ('base = "b.npz"\nbase_head = "old"', "There is no base_head “old”. Choose known or new."),
        ('shape = ["1x6x6", "1x9x4"]', "“shape” is no text"),
        ("base = 3", "“base” is no text"),
        ('[checkpoints."b.npz"]\nbase = "c.npz"', "[checkpoints.b.npz] is about none of the files"),
        ('[checkpoints."a.npz"]\nimages = "c.npz"', "knows nothing called “images”"),
    ],
)
def test_what_says_nothing_is_refused_before_anything_begins(said, complaint, tmp_path):
    with pytest.raises(UnusableInput) as error:
        readings(f'[checkpoints]\nfiles = ["a.npz"]\n{said}\n', tmp_path)
    assert complaint in str(error.value)


# --- what it comes to ---------------------------------------------------------------------------


def test_a_study_with_a_base_ends_where_reconstruct_does(pair, monkeypatch):
    study, store = ready(TUNED, pair, pair / "out")
    (images,) = images_of(study, store, monkeypatch)
    files = [pair / "tuned.safetensors", "--base", pair / "base.safetensors"]
    few = ["--steps", 4, "--candidates", 8, "--device", "cpu", "--out", pair / "r", "--quiet"]
    assert command_line.main([str(each) for each in ("reconstruct", *files, *few)]) == 0
    with np.load(pair / "r" / "reconstructions.npz") as results:
        assert np.array_equal(results["images"], images.numpy())
    without, store = ready(TUNED.replace("base =", "# base ="), pair, pair / "without")
    (others,) = images_of(without, store, monkeypatch)
    assert not torch.equal(images, others)


def test_another_reading_is_another_run_and_what_is_not_said_changes_no_id(pair):
    texts = {
        "base": TUNED,
        "none": TUNED.replace("base =", "# base ="),
        "same": TUNED.replace("base =", "# base ="),
        "leaky": TUNED.replace("base =", 'activation = "leaky_relu:0.1"\nbase ='),
        "new": TUNED.replace("base =", 'base_head = "new"\nbase ='),
    }
    found = {name: ready(text, pair, pair / name)[0].runs[0] for name, text in texts.items()}
    assert found["none"].id == found["same"].id
    assert len({run.id for run in found.values()}) == 4
    (pair / "again").mkdir()
    shutil.copy(pair / "base.safetensors", pair / "again" / "other_name.safetensors")
    renamed = TUNED.replace("base.safe", "again/other_name.safe")
    assert ready(renamed, pair, pair / "renamed")[0].runs[0].id == found["base"].id


def test_a_wrong_shape_fills_the_cell_with_its_reason_and_costs_no_other(pair):
    text = f"""
    [checkpoints]
    files = ["tuned.safetensors", "base.safetensors"]
    [checkpoints."tuned.safetensors"]
    shape = "1x5x7"
    {SEARCH}
    """
    rows = finished(*ready(text, pair, pair / "out"), Here())
    assert [row.state for row in rows] == ["refused", "done"]
    assert "1x5x7" in rows[0].result.reason or "35" in rows[0].result.reason


def test_a_base_that_is_none_fills_the_cell_with_its_reason(pair):
    for base, reason in (
        ("gone.npz", "gone.npz cannot be read: No such file or directory."),
        ("tuned.safetensors", "tuned.safetensors was given twice, as the network and as its base."),
    ):
        text = TUNED.replace("base.safetensors", base)
        study, _ = ready(text, pair, pair / base.partition(".")[0])
        assert study.runs[0].refused.startswith(reason)


def test_processes_are_given_the_base_as_well(pair):
    here = finished(*ready(TUNED, pair, pair / "here"), Here())
    there = finished(*ready(TUNED, pair, pair / "there"), Processes(1, 1))
    assert [row.state for row in there] == ["done"]
    assert told(there) == told(here)


def test_a_worker_elsewhere_is_sent_the_base_as_it_is_sent_the_checkpoint(pair):
    """As Ray does it: what is in the files, and no path."""
    study, store = ready(TUNED, pair, pair / "out")
    task, files = task_of(study.runs[0], study, store)
    sent = _work(task, list(files), *(path.read_bytes() for path in files.values()))
    here = perform(task, files)
    assert (sent.state, sent.steps, sent.above) == ("done", here.steps, here.above)
    assert study.runs[0].reading.base in files


def test_checkpoint_base_images_and_results_lie_at_an_address_and_no_more_is_fetched(
    pair, monkeypatch
):
    pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    name = pair.name
    there = RemoteFolder(f"memory://{name}")
    for each in ("tuned", "base"):
        content = (pair / f"{each}.safetensors").read_bytes()
        there.write(f"{each}.safetensors", content)
    shape = network_of("ten outputs, biases everywhere").input_shape
    np.savez(
        pair / "images.npz",
        images=np.random.default_rng(0).integers(0, 256, (6, *shape), dtype=np.uint8),
        labels=np.arange(6) % 2,
    )
    there.write("images.npz", (pair / "images.npz").read_bytes())
    there.write("huge.safetensors", b"nobody asks for it")
    fetched, cat = [], MemoryFileSystem.cat_file

    def noting(self, path, *given, **named):
        fetched.append(path)
        return cat(self, path, *given, **named)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", noting)
    text = TUNED.replace('"tuned', f'"memory://{name}/tuned').replace(
        '"base', f'"memory://{name}/base'
    )
    text = text.replace("[settings]", f'images = "memory://{name}/images.npz"\n[settings]')
    store = Store(f"memory://{name}-out")
    study = prepare(plan_of(text, "study", pair), store)
    asked = {path.lstrip("/") for path in fetched if f"{name}-out" not in path}
    assert asked == {
        f"{name}/{each}" for each in ("tuned.safetensors", "base.safetensors", "images.npz")
    }
    fetched.clear()
    (row,) = finished(study, store, Here())
    assert (row.state, row.result.images) == ("done", 6)
    assert store.result(row.id) == row.result
    assert all(f"{name}-out" in path for path in fetched)  # Of the study's own folder alone.
    local = TUNED.replace("[settings]", 'images = "images.npz"\n[settings]')
    assert told(finished(*ready(local, pair, pair / "here"), Here())) == told([row])


# --- trainings from a base ----------------------------------------------------------------------

FROM_A_BASE = f"""
[training]
dataset = "images.npz"
per_class = 3
base = "base.safetensors"
epochs = [2, 4]
{SEARCH}
"""


def test_a_training_from_a_base_is_attacked_with_its_base(make_network, tmp_path, monkeypatch):
    write_images(tmp_path)
    base = make_network(36, 5, 1, seed=3, shape=(1, 6, 6))
    save_network(base, tmp_path / "base.safetensors", {})
    study, store = ready(FROM_A_BASE, tmp_path, tmp_path / "out")
    (training,) = study.trainings
    assert training.base == study.runs[0].reading.base != ""
    seen = []

    def noting(id_, session, train, control):
        seen.append(session.network)
        return Result(id=id_, state="done")

    monkeypatch.setattr(work, "scored", noting)
    assert {row.state for row in finished(study, store, Here())} == {"done"}
    for network in seen:
        for mine, theirs in zip(
            network.base.parameters.tensors, base.parameters.tensors, strict=True
        ):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('base = "base.safetensors"', 'recipe = "fine-tune"', "needs a network to begin with"),
        ("epochs", 'hidden = "9"\nepochs', "“hidden” and “base” were given"),
        ("base.safe", "gone.safe", "gone.safetensors cannot be read"),
    ],
)
def test_a_training_from_a_base_says_what_it_lacks(before, after, complaint, tmp_path):
    with pytest.raises(UnusableInput, match=complaint):
        ready(FROM_A_BASE.replace(before, after), tmp_path, tmp_path / "out")
