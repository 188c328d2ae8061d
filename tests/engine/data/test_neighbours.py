"""Embeddings that a person has at hand, and what they are of, from files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file

from engine.base.errors import UnusableInput
from engine.data.inputs import InputSpec, Preprocessing, at_unit_length, vector_shape
from engine.data.neighbours import as_read, holds_neighbours, load_neighbours
from engine.data.normalisation import as_constants, of_embeddings, parse_constants
from engine.session.checks import is_preprocessing_of

EMBEDDINGS = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
PICTURES = np.random.default_rng(1).integers(0, 256, (4, 5, 7, 3), dtype=np.uint8)


def refusal(path, dimension=6):
    with pytest.raises(UnusableInput) as found:
        load_neighbours(path, dimension)
    return str(found.value)


def test_an_npz_holds_embeddings_pictures_and_names(tmp_path):
    path = tmp_path / "near.npz"
    np.savez(path, embeddings=EMBEDDINGS, images=PICTURES, names=["a", "b", "c", "d"])
    found = load_neighbours(path, 6)
    np.testing.assert_array_equal(found.embeddings.numpy(), EMBEDDINGS)
    assert [found.called(place) for place in range(4)] == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(found.picture(2), PICTURES[2])
    assert found.kind == "raw"
    assert found.origin.size == path.stat().st_size
    assert holds_neighbours(path)


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_names_stand_in_a_text_file_beside_what_holds_no_words(tmp_path, suffix):
    path = tmp_path / f"near{suffix}"
    if suffix == ".npy":
        np.save(path, EMBEDDINGS.astype(np.float16))
    else:
        save_file({"embeddings": EMBEDDINGS.astype(np.float16)}, path)
    path.with_suffix(".txt").write_text("eins\nzwei\ndrei\nvier\n", encoding="utf-8")
    found = load_neighbours(path, 6)
    assert found.names == ("eins", "zwei", "drei", "vier")
    np.testing.assert_array_equal(found.embeddings.numpy(), EMBEDDINGS.astype(np.float16))
    assert found.picture(0) is None
    assert holds_neighbours(path) == (suffix == ".safetensors")


def test_a_name_that_leads_to_an_image_below_the_folder_gives_its_picture(tmp_path):
    folder = tmp_path / "near"
    (folder / "cats").mkdir(parents=True)
    Image.fromarray(PICTURES[0]).save(folder / "cats" / "one.png")
    Image.fromarray(PICTURES[1]).save(tmp_path / "outside.png")
    (folder / "words.txt").write_text("no image")
    names = ["cats/one.png", "../outside.png", str(tmp_path / "outside.png"), "words.txt"]
    np.savez(folder / "near.npz", embeddings=EMBEDDINGS, names=names)
    found = load_neighbours(folder / "near.npz", 6)
    np.testing.assert_array_equal(found.picture(0), PICTURES[0])
    assert [found.picture(place) for place in (1, 2, 3)] == [None, None, None]


def test_a_link_that_leads_out_of_the_folder_gives_no_picture(tmp_path):
    folder = tmp_path / "near"
    folder.mkdir()
    Image.fromarray(PICTURES[1]).save(tmp_path / "outside.png")
    (folder / "in.png").symlink_to(tmp_path / "outside.png")
    np.savez(folder / "near.npz", embeddings=EMBEDDINGS[:1], names=["in.png"])
    assert load_neighbours(folder / "near.npz", 6).picture(0) is None


def test_embeddings_that_all_have_unit_length_are_known_by_it(tmp_path):
    unit = EMBEDDINGS / np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)
    np.save(tmp_path / "unit.npy", unit.astype(np.float16))
    found = load_neighbours(tmp_path / "unit.npy", 6)
    assert found.kind == "unit"
    torch.testing.assert_close(as_read(found, "unit").norm(dim=1), torch.ones(4))
    unit[3] *= 1.01
    np.save(tmp_path / "nearly.npy", unit)
    assert load_neighbours(tmp_path / "nearly.npy", 6).kind == "raw"


def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "near.npz"
    np.savez(path, embeddings=EMBEDDINGS)
    assert "have 6 numbers, but the network reads 8" in refusal(path, 8)
    np.savez(path, vectors=EMBEDDINGS)
    assert "no array called “embeddings”" in refusal(path)
    assert not holds_neighbours(path)
    np.savez(path, embeddings=EMBEDDINGS[0])
    assert "embeddings are numbers, one a row" in refusal(path)
    np.savez(path, embeddings=np.where(EMBEDDINGS > 0, np.nan, EMBEDDINGS))
    assert "no finite numbers" in refusal(path)
    np.savez(path, embeddings=EMBEDDINGS, names=["a"])
    assert "4 embeddings and 1 names" in refusal(path)
    np.savez(path, embeddings=EMBEDDINGS, images=PICTURES[:2])
    assert "4 embeddings and 2 images" in refusal(path)
    path.write_bytes(path.read_bytes()[:200])
    assert "damaged" in refusal(path)
    assert not holds_neighbours(path)


def test_a_set_of_images_and_a_network_are_no_neighbours(tmp_path):
    np.savez(tmp_path / "images.npz", images=PICTURES, labels=np.zeros(4))
    save_file({"0.weight": EMBEDDINGS, "embeddings": EMBEDDINGS}, tmp_path / "net.safetensors")
    assert not holds_neighbours(tmp_path / "images.npz")
    assert not holds_neighbours(tmp_path / "net.safetensors")


def test_rows_are_brought_to_unit_length_where_embeddings_were():
    shape = vector_shape(6)
    inputs = InputSpec(shape, parse_constants("unit", shape))
    rows = 7 * torch.from_numpy(EMBEDDINGS).reshape(4, *shape)
    torch.testing.assert_close(inputs.of_images(rows).norm(dim=1), torch.ones(4))
    torch.testing.assert_close(inputs.less_mean(rows), at_unit_length(rows))
    assert inputs.preprocessing.words == "embeddings at unit length"
    assert inputs.is_embedding
    assert inputs.is_preprocessing_said
    assert as_constants(inputs.preprocessing) == ""
    # A feature of a unit vector is 1/√D in the mean square; of a standardised row it is 1.
    assert inputs.stretch == pytest.approx(4 / 6**0.5)
    raw = InputSpec(shape, parse_constants("embedding", shape))
    assert raw.stretch == 4
    assert raw.less_mean(rows).equal(rows)
    assert raw.is_embedding
    assert not InputSpec(shape).is_embedding


def test_images_are_no_embeddings():
    with pytest.raises(UnusableInput, match="is no preprocessing"):
        parse_constants("unit", (1, 4, 4))
    said = of_embeddings("unit", vector_shape(16), "user")
    assert said.in_shape((1, 4, 4)) == Preprocessing()
    assert is_preprocessing_of(InputSpec(vector_shape(16), said))
    assert not is_preprocessing_of(InputSpec((1, 4, 4), said))
