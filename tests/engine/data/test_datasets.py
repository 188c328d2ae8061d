"""Reference images from .npz and folders."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.errors import UnusableInput
from engine.data.datasets import (
    LabelledImages,
    Selection,
    holds_images,
    load_images,
    save_images,
    training_data,
)


def save_npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz_as_bytes_and_as_floats(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)
    labels = np.array([0, 1, 0, 1, 1])
    a = load_images(save_npz(tmp_path / "a.npz", images=pixels, labels=labels))
    b = load_images(save_npz(tmp_path / "b.npz", images=pixels / np.float32(255), labels=labels))
    np.testing.assert_allclose(a.images, b.images)
    assert a.labels.tolist() == labels.tolist()
    assert float(a.images.max()) <= 1


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"pictures": np.zeros((1, 1, 2, 2), np.uint8)}, "no array called"),
        ({"images": np.zeros(4, np.uint8)}, r"\(n, c, h, w\)"),
        ({"images": np.zeros((4, 2, 3, 5), np.uint8)}, "1 or 3 channels"),
        ({"images": np.full((4, 1, 3, 3), 2.0)}, "outside"),
        ({"images": np.zeros((4, 1, 3, 3), np.complex64)}, "no numbers, but complex64"),
        ({"images": np.full((4, 1, 3, 3), -1, np.int32)}, "from -1 to -1"),
        ({"images": np.zeros((4, 1, 3, 3), np.uint8), "labels": np.zeros(3, int)}, "labels"),
        ({"images": np.zeros((2, 1, 3, 3), np.uint8), "labels": np.array([0, 10**9])}, "from 0"),
        ({"images": np.zeros((2, 1, 3, 3), np.uint8), "labels": np.array([-2, 1])}, "from 0"),
        ({"images": np.array([object()])}, "damaged"),
    ],
)
def test_what_is_wrong_with_an_npz_is_named(tmp_path, arrays, says):
    with pytest.raises(UnusableInput, match=says):
        load_images(save_npz(tmp_path / "a.npz", **arrays))


def test_labels_minus_one_and_one_are_two_classes(tmp_path):
    images, labels = np.zeros((4, 1, 3, 3), np.uint8), np.array([-1, 1, 1, -1])
    found = load_images(save_npz(tmp_path / "a.npz", images=images, labels=labels))
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.signs.tolist() == labels.tolist()


def test_a_folder_with_one_subfolder_a_class(tmp_path):
    for label, shade in (("cat", 10), ("dog", 200)):
        (tmp_path / label).mkdir()
        for index in range(3):
            Image.new("RGB", (4, 4), (shade, shade, shade)).save(tmp_path / label / f"{index}.png")
    found = load_images(tmp_path, (3, 4, 4))
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.images.shape == (6, 3, 4, 4)
    assert load_images(tmp_path, (1, 4, 4)).images.shape == (6, 1, 4, 4)


def test_alpha_and_sixteen_bits_are_handled(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("RGBA", (4, 4), (255, 0, 0, 128)).save(tmp_path / "a" / "alpha.png")
    Image.fromarray(np.full((4, 4), 65_535, np.uint16)).save(tmp_path / "a" / "deep.png")
    images = load_images(tmp_path, (3, 4, 4)).images
    assert images[0, 0].min() == 1
    assert images[1].min() == 1


def test_the_colours_below_what_shines_through_are_taken(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("LA", (4, 4), (0, 0)).save(tmp_path / "a" / "1.png")
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0] * 256)
    palette.save(tmp_path / "a" / "2.png", transparency=0)
    Image.new("RGBA", (4, 4), (0, 0, 0, 51)).save(tmp_path / "a" / "3.png")
    images = load_images(tmp_path, (1, 4, 4)).images
    assert images.abs().max() == 0  # As torchvision's loader has it; an editor would show white.


def test_depths_beyond_sixteen_bits_are_refused_by_name(tmp_path):
    (tmp_path / "a").mkdir()
    for values in (np.full((4, 4), 0.5, np.float32), np.full((4, 4), 70_000, np.int32)):
        Image.fromarray(values).save(tmp_path / "a" / "deep.tif")
        with pytest.raises(UnusableInput, match=r"a/deep\.tif has 32 bits a pixel"):
            load_images(tmp_path)


def test_only_the_chosen_files_of_a_folder_are_opened(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for index in range(4):
            Image.new("L", (4, 4), 50 * index).save(tmp_path / label / f"{index}.png")
        (tmp_path / label / "9.png").write_bytes(b"no image")
    data = training_data(tmp_path, Selection("", 2))
    assert data.train.images.shape == (4, 1, 4, 4)
    assert data.label_names == ("cat", "dog")
    assert data.test is None
    with pytest.raises(UnusableInput, match=r"9\.png cannot be read"):
        training_data(tmp_path, Selection("", 3))  # The control would need it.


def test_images_are_kept_as_they_were(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 4), dtype=np.uint8)
    first = load_images(
        save_npz(tmp_path / "a.npz", images=pixels, labels=np.array([0, 1, 0, 1, 0, 1]))
    )
    save_images(first, tmp_path / "b.npz")
    again = load_images(tmp_path / "b.npz")
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.labels, again.labels)


def test_sizes_and_broken_files_are_named(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("L", (5, 4)).save(tmp_path / "a" / "odd.png")
    with pytest.raises(UnusableInput, match=r"a/odd\.png is 1×4×5 instead of 1×4×4"):
        load_images(tmp_path, (1, 4, 4))
    (tmp_path / "a" / "odd.png").write_bytes(b"no image")
    with pytest.raises(UnusableInput, match=r"a/odd\.png cannot be read"):
        load_images(tmp_path, (1, 4, 4))


def test_an_empty_folder_and_a_missing_source(tmp_path):
    with pytest.raises(UnusableInput, match="one subfolder a class"):
        load_images(tmp_path)
    with pytest.raises(UnusableInput, match=r"holds no images\. Give an \.npz"):
        load_images(tmp_path / "none")


def test_images_are_told_from_networks(tmp_path):
    assert holds_images(save_npz(tmp_path / "a.npz", images=np.zeros((1, 1, 2, 2), np.uint8)))
    assert not holds_images(save_npz(tmp_path / "b.npz", w=np.zeros((2, 2))))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    assert not holds_images(tmp_path / "broken.npz")
    assert holds_images(tmp_path)


def many_classes(tmp_path, name, labels):
    """Images whose first pixel tells their place."""
    images = np.zeros((len(labels), 1, 3, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    images[:, 0, 2, 2] = 255
    return save_npz(tmp_path / name, images=images, labels=np.array(labels))


def places_of(found):
    return (found.images[:, 0, 0, 0] * 255).round().int().tolist()


def test_any_number_of_classes_with_control_and_test_images_of_the_same(tmp_path):
    train = many_classes(tmp_path, "a.npz", [0, 1, 2, 3] * 5)
    test = many_classes(tmp_path, "t.npz", [3, 2, 1, 0, 2])
    rule = Selection("3,0 vs 1 vs 2", 2, class_names=("ends", "one", "two"))
    data = training_data(train, rule, test=str(test))
    assert data.label_names == ("ends", "one", "two")
    assert data.counts == (2, 2, 2)
    assert data.description == "a.npz, 3 classes (ends, one, two), 6 images, the first that come"
    assert data.train.labels.tolist() == data.control.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert places_of(data.train) == [0, 3, 1, 5, 2, 6]
    assert places_of(data.control) == [4, 7, 9, 13, 10, 14]
    assert data.test.labels.tolist() == [0, 1, 2]
    assert places_of(data.test) == [0, 2, 1]
    whole = training_data(train, Selection("0 vs rest", 0))
    assert whole.counts == (5, 15)
    assert whole.control is None


def test_test_images_are_told_by_the_names_of_their_classes(tmp_path):
    """Not by their numbers: a folder may lack a class, or have one more."""
    for source, names in (("train", ("a", "b", "c")), ("test", ("0", "b", "c", "a"))):
        for place, name in enumerate(names):
            (tmp_path / source / name).mkdir(parents=True)
            Image.new("L", (4, 4), 20 * place).save(tmp_path / source / name / "1.png")
    test = str(tmp_path / "test")
    data = training_data(tmp_path / "train", Selection("", 1), test=test)
    assert data.test.labels.tolist() == [0, 1, 2]
    shown = data.test.images[:, 0, 0, 0] * 255
    assert shown.round().tolist() == [60, 20, 40]
    (tmp_path / "test" / "c" / "1.png").unlink()
    (tmp_path / "test" / "c").rmdir()
    with pytest.raises(UnusableInput, match="no test images of one of the classes"):
        training_data(tmp_path / "train", Selection("", 1), test=test)


def test_labels_above_255_are_kept(tmp_path):
    labels = torch.tensor([0, 255, 256, 700])
    save_images(LabelledImages(torch.zeros(4, 1, 2, 2), labels, "many"), tmp_path / "a.npz")
    assert torch.equal(load_images(tmp_path / "a.npz").labels, labels)


def test_many_classes_are_described_in_few_words(tmp_path):
    source = many_classes(tmp_path, "a.npz", range(10))
    assert training_data(source, Selection("", 1)).description == (
        "a.npz, 10 classes (0, 1, 2, …, 9), 10 images, the first that come"
    )
