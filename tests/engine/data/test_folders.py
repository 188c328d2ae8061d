"""Folders of images, with all that systems and people leave in them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.errors import UnusableInput
from engine.data.datasets import load_images
from engine.data.sources import open_source


def picture(path, shade=100, size=(4, 4), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, shade).save(path, **options)


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    for name in ("cat", "dog"):
        picture(tmp_path / name / "1.png")
        (tmp_path / name / "._1.png").write_bytes(b"\0\x05\x16\x07")
        (tmp_path / name / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
        (tmp_path / name / "Thumbs.db").write_bytes(b"x")
        picture(tmp_path / name / "@eaDir" / "1.png" / "SYNOPHOTO_THUMB_M.jpg")
    for name in ("@eaDir", "__MACOSX", ".Trash"):
        picture(tmp_path / name / "1.png")
    found = load_images(tmp_path)
    assert found.names == ("cat/1.png", "dog/1.png")
    assert found.labels.tolist() == [0, 1]
    assert found.said == ""


def test_a_subfolder_without_images_is_no_class(tmp_path):
    picture(tmp_path / "b" / "1.png")
    picture(tmp_path / "c" / "1.png")
    (tmp_path / "a").mkdir()
    found = open_source(tmp_path)
    assert found.classes == ("b", "c")
    assert found.labels.tolist() == [0, 1]
    assert found.said == "no images, so no class: a"


def test_what_lies_deeper_is_of_its_class_as_torchvision_has_it(tmp_path):
    from torchvision.datasets import ImageFolder

    for name in ("b/2.png", "b/10.png", "b/more/1.png", "a/x.PNG", "b/B.png"):
        picture(tmp_path / name)
    found = load_images(tmp_path)
    theirs = ImageFolder(str(tmp_path)).samples
    assert sorted(found.names) == sorted(str(p)[len(str(tmp_path)) + 1 :] for p, _ in theirs)
    assert found.labels.tolist() == [label for _, label in theirs]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("1.jfif", "JPEG"), ("1.pgm", "PPM"), ("1.ppm", "PPM"), ("1.jp2", "JPEG2000")],
)
def test_other_endings_and_formats(tmp_path, name, kind):
    picture(tmp_path / "a" / name, 100, (8, 8), format=kind)
    found = load_images(tmp_path)
    assert found.images.shape == (1, 1, 8, 8)
    assert found.images.mean() == pytest.approx(100 / 255, abs=0.01)


def test_files_of_kinds_that_are_not_read_are_told(tmp_path):
    picture(tmp_path / "a" / "1.png")
    for name in ("2.heic", "3.heic", "notes.txt"):
        (tmp_path / "a" / name).write_bytes(b"x")
    said = "files of other kinds are passed over: 2 × .heic, 1 × .txt"
    assert load_images(tmp_path).said == said


def test_a_rotation_tag_is_not_followed_and_said(tmp_path):
    """As torchvision's loader has it, which most training saw."""
    from torchvision.datasets.folder import default_loader

    (tmp_path / "a").mkdir()
    image = Image.fromarray(np.arange(32, dtype=np.uint8).reshape(4, 8) * 8)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a" / "1.png", exif=exif)
    found = load_images(tmp_path, (3, 4, 8))
    theirs = np.array(default_loader(str(tmp_path / "a" / "1.png")))
    assert torch.equal(found.images[0], torch.from_numpy(theirs).permute(2, 0, 1) / 255)
    assert (
        found.said == "1 file with a rotation tag, which is not followed, as torchvision does not"
    )


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P", "P with alpha", "1", "CMYK", "L"])
def test_modes_are_read_as_torchvision_reads_them(tmp_path, kind):
    from torchvision.datasets.folder import default_loader

    (tmp_path / "a").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 4), dtype=np.uint8)
    image = Image.fromarray(pixels, "RGBA")
    options = {"transparency": 0} if kind == "P with alpha" else {}
    path = tmp_path / "a" / ("1.tif" if kind == "CMYK" else "1.png")
    image.convert("RGB" if kind[0] == "P" else kind).convert(kind.split()[0]).save(path, **options)
    theirs = np.array(default_loader(str(path)))
    found = load_images(tmp_path, (3, 6, 6))
    assert torch.equal(found.images[0], torch.from_numpy(theirs).permute(2, 0, 1) / 255)
    is_clear = kind in ("RGBA", "LA", "P with alpha")
    clear = "1 file with transparency, which is left out, as torchvision does"
    assert found.said == (clear if is_clear else "")


def test_sixteen_bits_keep_their_depth_and_it_is_said(tmp_path):
    (tmp_path / "a").mkdir()
    deep = np.array([[0, 13_107], [65_535, 300]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a" / "1.png")
    found = load_images(tmp_path)
    np.testing.assert_allclose(found.images[0, 0], deep / 65_535, atol=1e-7)
    assert found.said == "1 file with 16 bits a pixel, divided by 65,535"


def test_names_are_the_same_however_their_letters_are_put_together(tmp_path):
    """Sorted as composed letters are, so that numbers of classes do not depend on the system."""
    origins = []
    for form in ("NFC", "NFD"):
        folder = tmp_path / form
        for name in ("été", "fox", "ete"):
            picture(folder / unicodedata.normalize(form, name) / "é.png", len(name) * 9)
        found = open_source(folder)
        assert found.classes == ("ete", "fox", "été")
        origins.append(found.origin().sha256)
    assert origins[0] == origins[1]


def test_parts_of_a_data_set_are_no_classes(tmp_path):
    for part, shade in (("train", 10), ("test", 20), ("val", 30)):
        for name in ("cat", "dog"):
            picture(tmp_path / part / name / "1.png", shade)
    train, control = load_images(tmp_path), load_images(tmp_path, role="control")
    assert (train.labels.tolist(), control.labels.tolist()) == ([0, 1], [0, 1])
    assert train.images.mean() == pytest.approx(10 / 255)
    assert control.images.mean() == pytest.approx(20 / 255)
    assert train.said == "of several parts, train was taken"
    assert control.said == "of several parts, test was taken"


def test_a_folder_without_classes_says_what_it_lacks(tmp_path):
    picture(tmp_path / "1.png")
    picture(tmp_path / "2.png")
    with pytest.raises(UnusableInput, match="holds 2 images, but none in a subfolder") as error:
        load_images(tmp_path)
    assert "one subfolder a class" in error.value.instead
