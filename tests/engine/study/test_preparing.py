"""A plan made ready: every run has the id of what makes it, and what it needs."""

from __future__ import annotations

import shutil

import pytest

from engine.base.errors import UnusableInput
from engine.network.checkpoints import save_network
from engine.study.places import RemoteFolder
from engine.study.plan import plan_of
from engine.study.preparing import prepare
from engine.study.store import Store
from tests.engine.study.studies import SEARCH, TRAINING, TWO_BY_TWO, ready, write_images


def ids(study):
    return [run.id for run in study.runs]


def test_an_id_is_of_what_makes_a_run(tmp_path):
    one, _ = ready(TWO_BY_TWO, tmp_path, tmp_path / "one")
    same, _ = ready(f'name = "Another"\n{TWO_BY_TWO}', tmp_path, tmp_path / "two")
    assert ids(one) == ids(same)
    assert len(set(ids(one))) == 4
    for changed in (
        TWO_BY_TWO.replace("steps = 4", "steps = 5"),
        TWO_BY_TWO.replace("rate = 0.1", "rate = 0.2"),
        TWO_BY_TWO.replace("per_class = 3", "per_class = 2"),
    ):
        other, _ = ready(changed, tmp_path, tmp_path / "three")
        assert not set(ids(one)) & set(ids(other))


def test_where_it_is_computed_makes_no_other_run(tmp_path):
    one, _ = ready(TWO_BY_TWO, tmp_path, tmp_path / "one")
    other, _ = ready(TWO_BY_TWO.replace('"cpu"', '"auto"'), tmp_path, tmp_path / "two")
    assert ids(one) == ids(other)


def test_other_images_of_the_same_name_are_other_runs(tmp_path):
    one, _ = ready(TWO_BY_TWO, tmp_path / "a", tmp_path / "one")
    write_images(tmp_path / "b", seed=1)
    other, _ = ready(TWO_BY_TWO, tmp_path / "b", tmp_path / "two")
    assert not set(ids(one)) & set(ids(other))


def test_more_seeds_keep_the_ids_of_those_before(tmp_path):
    one, _ = ready(TWO_BY_TWO, tmp_path, tmp_path / "one")
    more, _ = ready(TWO_BY_TWO.replace("[0, 1]", "[0, 1, 2]"), tmp_path, tmp_path / "one")
    assert set(ids(one)) < set(ids(more))
    assert len(more.runs) == 6


def test_one_training_serves_all_its_checkpoints(tmp_path):
    study, _ = ready(TWO_BY_TWO, tmp_path, tmp_path / "one")
    assert [training.epochs for training in study.trainings] == [(2, 5), (2, 5)]
    assert {training.recipe.seed for training in study.trainings} == {0, 1}


def test_the_images_of_a_training_and_its_control_lie_in_the_folder(tmp_path):
    study, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "one")
    (run, *_) = study.runs
    assert run.train != run.control
    for sha256 in (run.train, run.control):
        assert store.place.has(study.file(sha256).place)


@pytest.fixture
def release(make_network, tmp_path):
    """Three checkpoints, one of them damaged and one with its images and control beside it."""
    folder = tmp_path / "release"
    folder.mkdir()
    for number, name in enumerate(("a", "b")):
        network = make_network(36, 5, 1, seed=number, shape=(1, 6, 6))
        save_network(network, folder / f"{name}.safetensors", {})
    (folder / "broken.safetensors").write_bytes(b"no checkpoint")
    images = write_images(tmp_path)
    shutil.copy(images, folder / "a_images.npz")
    shutil.copy(write_images(tmp_path / "other", seed=5), folder / "a_control_images.npz")
    return folder


GIVEN = f'[checkpoints]\nfiles = ["release/*"]\n{SEARCH}'


def test_every_checkpoint_of_a_release_is_a_run_with_the_images_beside_it(release, tmp_path):
    study, _ = ready(GIVEN, tmp_path, tmp_path / "one")
    names = [run.variables["checkpoint"] for run in study.runs]
    assert names == ["a.safetensors", "b.safetensors", "broken.safetensors"]
    a, b, _ = study.runs
    assert a.train
    assert a.control
    assert (b.train, b.control) == ("", "")


def test_a_copy_of_a_checkpoint_is_a_run_of_its_own(release, tmp_path):
    shutil.copy(release / "b.safetensors", release / "c.safetensors")
    study, _ = ready(GIVEN, tmp_path, tmp_path / "one")
    assert len(set(ids(study))) == 4


def test_a_checkpoint_that_is_not_there_has_its_reason(release, tmp_path):
    text = GIVEN.replace('"release/*"', '"release/a.safetensors", "release/gone.pth"')
    study, _ = ready(text, tmp_path, tmp_path / "one")
    assert [bool(run.refused) for run in study.runs] == [False, True]
    assert study.runs[1].refused == "gone.pth cannot be read: No such file or directory."


def test_a_pattern_that_nothing_fits_is_refused(tmp_path):
    write_images(tmp_path)
    with pytest.raises(UnusableInput, match="no checkpoint nowhere"):
        ready(GIVEN.replace("release", "nowhere"), tmp_path, tmp_path / "one")


def test_images_that_are_no_archive_are_kept_as_one(release, tmp_path):
    from PIL import Image

    for label in ("0", "1"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (6, 6), 40 * number + int(label)).save(
                tmp_path / "photos" / label / f"{number}.png"
            )
    text = f'[checkpoints]\nfiles = ["release/b.safetensors"]\nimages = "photos"\n{SEARCH}'
    study, store = ready(text, tmp_path, tmp_path / "one")
    (run,) = study.runs
    assert run.refused == ""
    assert store.place.has(study.file(run.train).place)


def test_what_lies_elsewhere_is_fetched_once(release, tmp_path):
    pytest.importorskip("fsspec")
    there = RemoteFolder(f"memory://{tmp_path.name}")
    for path in release.iterdir():
        there.write(path.name, path.read_bytes())
    text = f'[checkpoints]\nfiles = ["memory://{tmp_path.name}/*.safetensors"]\n{SEARCH}'
    plan = plan_of(text, "study", tmp_path)
    store = Store(tmp_path / "one")
    study = prepare(plan, store)
    here, _ = ready(GIVEN, tmp_path, tmp_path / "two")
    assert ids(study) == ids(here)
    a = study.runs[0]
    assert study.file(a.network).place.startswith("networks/")
    assert a.control
    there.write("a.safetensors", b"changed since")
    assert prepare(plan, store) == study


def test_trainings_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(UnusableInput):
        ready(
            f"[training]\n{TRAINING.replace('per_class = 3', 'per_class = 30')}", tmp_path, tmp_path
        )
