"""A session keeps what its evidence was made of, and finds it again; the SHA-256 decides."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from engine.base.errors import DamagedSession
from engine.data.datasets import LabelledImages, load_images, save_images
from engine.evidence.references import References
from engine.session.finding_images import find_images, find_missing
from engine.session.image_sets import ImageSets
from engine.session.session import given_away
from engine.session.session_file import load_session, save_session

FIXTURES = Path(__file__).parent / "formats"


def write_images(path, count, seed):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 1, 4, 4), generator=generator) / 255
    save_images(LabelledImages(pixels, torch.arange(count) % 3, path.name), path)
    return path


@pytest.fixture
def scored(tmp_path):
    """A run that was scored against two files."""
    session = load_session(FIXTURES / "format-7.afterimage")
    train = load_images(write_images(tmp_path / "images.npz", 5, 0))
    control = load_images(write_images(tmp_path / "control.npz", 4, 1))
    references = References.of(session.network, train, control)
    return session.scored_with(references, references.score(session.images()))


@pytest.fixture
def saved(scored, tmp_path):
    """The path of its session; call it with what is to be saved in its place."""

    def save(session=None):
        path = tmp_path / "run.afterimage"
        save_session(session or scored, path)
        return path

    return save


def test_a_score_comes_back_image_by_image(scored, saved):
    back = load_session(saved())
    assert back.evidence == scored.evidence
    for ours, theirs in (
        (back.kept_score.train, scored.kept_score.train),
        (back.kept_score.control, scored.kept_score.control),
    ):
        assert np.array_equal(ours.candidate, theirs.candidate)
        assert np.array_equal(ours.reference, theirs.reference)
        assert np.array_equal(ours.ssim, theirs.ssim)
        assert np.array_equal(ours.ncc, theirs.ncc)
    assert back.kept_score.as_dict() == scored.kept_score.as_dict()
    assert (back.sets.train.count, back.sets.control.count) == (5, 4)


def test_images_are_read_again_where_they_were(scored, saved):
    found = find_images(load_session(saved()))
    assert found.missing == ()
    assert torch.equal(found.train.images, scored.sets.train.images.images)
    assert torch.equal(found.train.labels, scored.sets.train.images.labels)
    assert found.control.origin == scored.sets.control.origin
    references = References.of(scored.network, found.train, found.control)
    assert references.score(scored.images()).as_dict() == scored.evidence


def test_images_that_moved_with_their_session_are_found_beside_it(saved, tmp_path):
    session = load_session(saved())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("images.npz", "control.npz"):
        (tmp_path / name).rename(elsewhere / name)
    assert [each.role for each in find_images(session).missing] == ["train", "control"]
    assert find_images(session, elsewhere).missing == ()


def test_what_is_missing_is_named_and_found_in_another_folder(saved, tmp_path):
    session = load_session(saved())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "control.npz").rename(elsewhere / "control.npz")
    found = find_images(session)
    assert found.train is not None
    (missing,) = found.missing
    assert missing.sentence == (
        f"The 4 control images of control.npz ({tmp_path / 'control.npz'}), which the run was "
        "scored against, are not there any more."
    )
    again = find_missing(found.missing, session.network.input_shape, elsewhere)
    assert (len(again.control), again.train, again.missing) == (4, None, ())


@pytest.mark.parametrize("count", [5, 6])
def test_another_file_of_the_same_name_is_not_taken(saved, tmp_path, count):
    session = load_session(saved())
    write_images(tmp_path / "images.npz", count, seed=7)
    found = find_images(session)
    assert found.train is None
    (missing,) = found.missing
    assert missing.has_changed
    assert missing.sentence.endswith("have changed since.")


def test_images_that_a_session_holds_need_no_file(scored, saved, tmp_path):
    path = saved(scored.with_sets(scored.sets.kept()))
    for name in ("images.npz", "control.npz"):
        (tmp_path / name).unlink()
    found = find_images(load_session(path))
    assert found.missing == ()
    assert torch.equal(found.train.images, scored.sets.train.images.images)
    # And they go on being held, whoever saves what was scored against them.
    references = References.of(scored.network, found.train, found.control)
    again = scored.scored_with(references, references.score(scored.images()))
    save_session(again, path)
    assert find_images(load_session(path)).missing == ()


def test_images_are_held_only_where_it_is_wished(scored, saved):
    path = saved()
    with safe_open(path, "pt") as file:
        assert not [name for name in file.keys() if name.startswith("images.")]  # noqa: SIM118
    pixels = scored.sets.train.images.images.reshape(-1)
    levels = (pixels * 255).round().to(torch.uint8).numpy().tobytes()
    assert levels not in path.read_bytes()
    assert levels in saved(scored.with_sets(scored.sets.kept())).read_bytes()


def test_images_that_are_no_bytes_are_held_as_they_are(scored, saved):
    train = replace(scored.sets.train.images, images=torch.rand(5, 1, 4, 4))
    odd = scored.with_sets(replace(scored.sets, train=replace(scored.sets.train, images=train)))
    found = find_images(load_session(saved(odd.with_sets(odd.sets.kept()))))
    assert torch.equal(found.train.images, train.images)


def test_images_in_no_file_stay_in_a_copy(scored, saved):
    train = LabelledImages(torch.rand(5, 1, 4, 4), torch.arange(5), "made here")
    references = References.of(scored.network, train)
    session = scored.scored_with(references, references.score(scored.images()))
    (missing,) = find_images(load_session(saved(session))).missing
    assert missing.sentence == (
        "The run was scored against 5 training images that are in no file (made here)."
    )
    copied = load_session(saved(session.with_sets(session.sets.for_copy())))
    assert torch.equal(find_images(copied).train.images, train.images)


def test_many_images_in_no_file_do_not_burden_a_copy(scored, saved, monkeypatch):
    monkeypatch.setattr("engine.session.image_sets._MOST_COPIED", 79)
    train = LabelledImages(torch.rand(5, 1, 4, 4), torch.arange(5), "made here")
    session = scored.with_sets(ImageSets.of(train, None).for_copy())
    assert [each.role for each in find_images(load_session(saved(session))).missing] == ["train"]


def test_what_is_given_away_names_no_folder_and_holds_no_image(scored, saved, tmp_path):
    origin = replace(
        scored.network.origin, file=str(tmp_path / "secret" / "net.pth"), sha256="a" * 64
    )
    session = replace(scored, network=replace(scored.network, origin=origin))
    path = saved(given_away(session.with_sets(session.sets.kept())))
    assert str(tmp_path).encode() not in path.read_bytes()
    back = load_session(path)
    assert back.network.origin.file == "net.pth"
    assert back.sets.train.origin.place == "images.npz"
    assert back.sets.train.images is None
    assert back.kept_score.recovered == scored.kept_score.recovered
    assert find_images(back, tmp_path).missing == ()


def test_a_folder_is_known_by_the_content_of_its_files(scored, saved, tmp_path):
    folder = tmp_path / "classes"
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(len(name)).integers(0, 255, (4, 4), np.uint8)).save(
            folder / name
        )
    train = load_images(folder, (1, 4, 4))
    references = References.of(scored.network, train)
    session = scored.scored_with(references, references.score(scored.images()))
    assert session.sets.train.origin.kind == "folder"
    path = saved(session)
    assert find_images(load_session(path)).missing == ()
    (folder / "a" / "notes.txt").write_text("no image")
    assert find_images(load_session(path)).missing == ()
    moved = folder.rename(tmp_path / "moved")
    assert find_images(load_session(path)).missing[0].has_changed is False
    moved.rename(folder)
    (folder / "a" / "2.png").rename(folder / "a" / "3.png")
    assert find_images(load_session(path)).missing[0].has_changed


def parts(name="format-7-scored"):
    with safe_open(FIXTURES / f"{name}.afterimage", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["session"])


def test_format_7_holds_images_and_matches():
    session = load_session(FIXTURES / "format-7-scored.afterimage")
    found = find_images(session)
    assert (len(found.train), len(found.control)) == (5, 4)
    assert session.kept_score.train.reference_count == 5
    assert session.kept_score.as_dict() == session.evidence
    older = load_session(FIXTURES / "format-6-scored.afterimage")
    assert older.evidence["train"]["count"] == 5
    assert (older.kept_score, older.sets.train) == (None, None)
    assert find_images(older).missing == ()


LONG = "x" * 5000
GOOD = torch.tensor([[0.0, 0.0, 0.5, 0.5]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("tensors", "train"),
    [
        ({"images.train": torch.zeros(5, 1, 4, 5)}, {}),
        ({"images.train": torch.zeros(4, 1, 4, 4)}, {}),
        ({"images.train": torch.zeros(5, 1, 4, 4, dtype=torch.int64)}, {}),
        ({"images.train": torch.full((5, 1, 4, 4), 2.0)}, {}),
        ({"images.train": torch.full((5, 1, 4, 4), float("nan"))}, {}),
        ({"images.train.labels": torch.zeros(5)}, {}),
        ({"images.train.labels": torch.full((5,), -1)}, {}),
        ({"images.train.labels": torch.full((5,), 10**6)}, {}),
        ({"images.train.labels": torch.zeros(4, dtype=torch.int64)}, {}),
        ({"matches.train": GOOD.float()}, {}),
        ({"matches.train": GOOD[0]}, {}),
        ({"matches.train": GOOD.repeat(2, 1)}, {}),
        ({"matches.train": GOOD + torch.tensor([12.0, 0, 0, 0])}, {}),
        ({"matches.train": GOOD + torch.tensor([0.0, 5, 0, 0])}, {}),
        ({"matches.train": GOOD - torch.tensor([1.0, 0, 0, 0])}, {}),
        ({"matches.train": GOOD + torch.tensor([0.5, 0, 0, 0])}, {}),
        ({"matches.train": GOOD + torch.tensor([0.0, 0, 1, 0])}, {}),
        ({"matches.train": GOOD * float("nan")}, {}),
        ({}, {"count": 0}),
        ({}, {"count": 6}),
        ({}, {"kind": "server"}),
        ({}, {"sha256": "<b>"}),
        ({}, {"place": LONG}),
        ({}, {"name": LONG}),
        ({}, {"size": -1}),
        ({}, {"is_kept": 1}),
    ],
)
def test_images_and_matches_that_are_none_are_refused(tmp_path, tensors, train):
    found, said = parts()
    said["images"]["train"] |= train
    path = tmp_path / "lie.afterimage"
    save_file({**found, **tensors}, path, {"session": json.dumps(said)})
    with pytest.raises(DamagedSession):
        load_session(path)


@pytest.mark.parametrize(
    "place",
    [
        "//server/share/images.npz",
        "\\\\server\\share\\images.npz",
        "..",
        "/",
        "",
        "a\0b",
        "/dev/zero",
    ],
)
@pytest.mark.parametrize("kind", ["file", "folder", "known", "nowhere"])
def test_no_place_that_a_stranger_names_is_a_way_in(tmp_path, place, kind):
    found, said = parts()
    said["images"]["train"] |= {"place": place, "kind": kind, "is_kept": False}
    path = tmp_path / "lie.afterimage"
    save_file(found, path, {"session": json.dumps(said)})
    assert [each.role for each in find_images(load_session(path), tmp_path).missing] == ["train"]


@pytest.mark.parametrize("keeps", [False, True])
def test_a_session_knows_what_was_left_out_of_its_control(tmp_path, saved, keeps):
    """The control is found, or kept, as it was, and kept apart in the same way again."""
    session = load_session(FIXTURES / "format-7.afterimage")
    train = load_images(write_images(tmp_path / "images.npz", 5, 0))
    both = LabelledImages(
        torch.cat([train.images[[3, 1]], torch.rand(4, 1, 4, 4)]), torch.zeros(6).long(), "both"
    )
    save_images(both, tmp_path / "both.npz")
    references = References.of(session.network, train, load_images(tmp_path / "both.npz"))
    scored = session.scored_with(references, references.score(session.images()))
    back = load_session(saved(scored.with_sets(scored.sets.kept()) if keeps else scored))
    assert (back.sets.control.count, back.sets.control.scored) == (6, 4)
    assert back.sets.control.left_out == ((0, 3), (1, 1))
    assert back.kept_score.left_out == back.evidence["control"]["left_out"] == 2
    assert back.kept_score.control.reference_count == 4
    found = find_images(back, tmp_path).references(back.network)
    assert torch.equal(found.control, references.control)
    assert found.score(back.images()).as_dict() == scored.evidence


@pytest.mark.parametrize(
    "left_out",
    [((0, 9),), ((9, 0),), ((1, 0), (0, 1)), ((0, 0), (0, 1)), tuple((n, 0) for n in range(4))],
)
def test_what_was_left_out_has_to_be_there(scored, saved, left_out):
    wrong = replace(scored.sets, control=replace(scored.sets.control, left_out=left_out))
    with pytest.raises(DamagedSession):
        load_session(saved(scored.with_sets(wrong)))
