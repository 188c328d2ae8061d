"""Arrays of images and labels, called and laid out as people have them."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import (
    LabelledImages,
    Selection,
    holds_images,
    load_images,
    save_images,
    training_data,
)
from engine.data.sources import open_source

BYTES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 1, 0, 2])


def npz(folder, **arrays):
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def is_grey(images):
    return torch.equal(images, torch.from_numpy(BYTES[:, None]).float() / 255)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (BYTES[:, None], ""),
        (BYTES, ""),
        (BYTES[..., None], "channels last"),
        (BYTES.reshape(6, 784), "each row is an image of 1×28×28"),
        (BYTES.astype(np.int64), "values 0–255 were divided by 255"),
        (BYTES.astype(np.float32), "values 0–255 were divided by 255"),
        (BYTES.astype(np.float64)[..., None], "channels last; values 0–255 were divided by 255"),
        (BYTES / np.float32(255), ""),
    ],
)
@pytest.mark.parametrize("shape", [None, (1, 28, 28)])
def test_layouts_and_ranges_of_grey_images(tmp_path, array, said, shape):
    found = load_images(npz(tmp_path, images=array, labels=LABELS), shape)
    assert torch.allclose(found.images, torch.from_numpy(BYTES[:, None]).float() / 255)
    assert found.said == said


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (COLOUR, ""),
        (COLOUR.transpose(0, 2, 3, 1), "channels last"),
        (COLOUR.reshape(6, 192), "each row is an image of 3×8×8"),
    ],
)
def test_layouts_of_colour_images(tmp_path, array, said):
    found = load_images(npz(tmp_path, images=array), (3, 8, 8))
    assert torch.equal(found.images, torch.from_numpy(COLOUR).float() / 255)
    assert found.said == said


def test_the_network_decides_between_two_layouts(tmp_path):
    array = np.random.default_rng(0).random((4, 3, 5, 3), np.float32)
    path = npz(tmp_path, images=array)
    assert torch.equal(load_images(path, (3, 5, 3)).images, torch.from_numpy(array))
    turned = load_images(path, (3, 3, 5))
    assert torch.equal(turned.images, torch.from_numpy(np.moveaxis(array, 3, 1).copy()))
    assert turned.said == "channels last"


@pytest.mark.parametrize(
    ("values", "becomes", "said"),
    [
        ([0, 0.5, 1.0000002], [0, 0.5, 1], ""),
        ([-1e-6, 0.5, 1], [0, 0.5, 1], ""),
        ([-1, 0, 1], [0, 0.5, 1], "values from −1 to 1 were brought to 0 to 1"),
        ([0.0, 51, 255], [0, 0.2, 1], "values 0–255 were divided by 255"),
    ],
)
def test_ranges_that_are_brought_to_0_to_1(tmp_path, values, becomes, said):
    array = np.array(values, np.float32).reshape(1, 1, 3, 1)
    found = load_images(npz(tmp_path, images=array))
    np.testing.assert_allclose(found.images.flatten(), becomes, atol=1e-6)
    assert (float(found.images.min()) >= 0, float(found.images.max()) <= 1) == (True, True)
    assert found.said == said


def test_sixteen_bits_and_truth_values(tmp_path):
    deep = np.array([0, 65_535, 13_107], np.uint16).reshape(1, 1, 3, 1)
    found = load_images(npz(tmp_path, images=deep))
    np.testing.assert_allclose(found.images.flatten(), [0, 1, 0.2], atol=1e-6)
    assert found.said == "values were divided by 65,535"
    assert load_images(npz(tmp_path, images=deep > 0)).images.flatten().tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("array", "high"),
    [
        (np.arange(17).astype(np.uint8), "16"),
        (np.arange(17), "16"),
        (np.arange(17.0), "16"),
        (np.arange(0, 64).astype(np.uint8), "63"),
        (np.array([0, 300, 4095], np.uint16), "4095"),
    ],
)
def test_of_whole_images_darker_than_a_quarter_of_white_nobody_knows_what_white_is(
    tmp_path, array, high
):
    path = npz(tmp_path, images=array.reshape(1, 1, -1, 1))
    with pytest.raises(UnusableInput) as error:
        load_images(path)
    assert error.value.why == (
        f"“images” in a.npz has values outside [0, 1], from 0 to {high}; what value white has is "
        "not known."
    )
    white = float(high)
    again = load_images(npz(tmp_path, images=(array / white).reshape(1, 1, -1, 1)))
    np.testing.assert_allclose(again.images.flatten(), array / white, atol=1e-6)


def test_dark_images_that_are_saved_here_are_read_as_they_were(tmp_path):
    for brightest in (1, 40, 90):
        images = torch.tensor([0, brightest / 255]).reshape(1, 1, 2, 1)
        save_images(
            LabelledImages(images, torch.zeros(1, dtype=torch.int64), "dark"), tmp_path / "d.npz"
        )
        assert torch.allclose(load_images(tmp_path / "d.npz").images, images)


def test_what_is_no_number_is_named_with_its_place(tmp_path):
    array = np.zeros((4, 1, 3, 3), np.float32)
    array[2, 0, 1, 2] = np.nan
    array[3, 0, 0, 0] = np.inf
    with pytest.raises(UnusableInput) as error:
        load_images(npz(tmp_path, images=array))
    assert error.value.why == (
        "“images” in a.npz holds NaN at image 2, channel 0, row 1, column 2 (2 values of 36 are no "
        "numbers)."
    )


def test_a_mean_that_was_subtracted_is_told(tmp_path):
    array = np.random.default_rng(0).normal(size=(4, 1, 3, 3))
    with pytest.raises(UnusableInput, match=r"values outside \[0, 1\].*mean had been subtracted"):
        load_images(npz(tmp_path, images=array))


@pytest.mark.parametrize(
    ("labels", "becomes", "said"),
    [
        (LABELS.astype(np.float32), [0, 1, 2, 1, 0, 2], ""),
        (LABELS[:, None], [0, 1, 2, 1, 0, 2], ""),
        (np.eye(3)[LABELS], [0, 1, 2, 1, 0, 2], "labels are one-hot"),
        (np.array([1, 2, 2, 1, 1, 2]), [0, 1, 1, 0, 0, 1], "labels 1–2 are counted from 1"),
        (np.array([-1, 1, 1, -1, -1, 1]), [0, 1, 1, 0, 0, 1], "labels −1 and 1"),
        (np.array([-1.0, 1, 1, -1, -1, 1]), [0, 1, 1, 0, 0, 1], "labels −1 and 1"),
        (np.array([1, 2, 3, 1, 2, 3]), [1, 2, 3, 1, 2, 3], ""),
        (np.array(["3", "0", "1", "1", "0", "3"]), [3, 0, 1, 1, 0, 3], ""),
        (np.array([True, False] * 3), [1, 0] * 3, ""),
        (
            np.array(["dog", "cat", "cat", "emu", "dog", "cat"]),
            [1, 0, 0, 2, 1, 0],
            "labels are words, in order of the alphabet",
        ),
        (None, [0] * 6, ""),
    ],
)
def test_labels_however_they_are_written(tmp_path, labels, becomes, said):
    arrays = {"images": BYTES} if labels is None else {"images": BYTES, "labels": labels}
    found = load_images(npz(tmp_path, **arrays))
    assert found.labels.tolist() == becomes
    assert found.labels.dtype == torch.int64
    assert found.said == said


def test_words_and_numbers_keep_their_names(tmp_path):
    words = np.array([b"dog", b"cat", b"cat", b"emu", b"dog", b"cat"])
    assert open_source(npz(tmp_path, x=BYTES, y=words)).classes == ("cat", "dog", "emu")
    ones = np.array([1, 2, 2, 1, 1, 2])
    path = npz(tmp_path, x=BYTES, y=ones)
    assert open_source(path).classes == ("1", "2")
    assert training_data(path, Selection("2 vs 1", 1)).label_names == ("2", "1")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (np.array([0, 1, 0.5, 1, 0, 1]), r"holds 0\.5 at image 2"),
        (np.array([0, 1, np.nan, 1, 0, 1]), "holds nan at image 2"),
        (np.zeros(5, int), r"shape \(5,\) for 6 images"),
        (np.eye(6)[:, :3], "not one-hot"),
        (np.array([-1, 0, 1, 1, 0, 1]), "both −1 and 0"),
        (np.array([-2, 1, 1, 1, 1, 1]), "from -2 to 1"),
        (np.array([10**9, 1, 1, 1, 1, 1]), "from 1 to 1e"),
        (np.array([1j] * 6), "complex"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, labels, says):
    with pytest.raises(UnusableInput, match=says) as error:
        load_images(npz(tmp_path, images=BYTES, labels=labels))
    assert "one-hot rows" in error.value.instead


@pytest.mark.parametrize(
    "names",
    [
        ("images", "labels"),
        ("X", "y"),
        ("data", "targets"),
        ("x", "target"),
        ("image", "label"),
        ("x_train", "y_train"),
        ("train_images", "train_labels"),
        ("X_test", "y_test"),
        ("arr_0", "arr_1"),
    ],
)
def test_the_names_that_arrays_have(tmp_path, names):
    found = load_images(npz(tmp_path, **dict(zip(names, (BYTES, LABELS), strict=True))))
    assert is_grey(found.images)
    assert found.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    "parts",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("images", "labels", "test_images", "test_labels"),
    ],
)
def test_the_role_decides_between_parts_and_it_is_said(tmp_path, parts):
    others = 255 - BYTES
    path = npz(tmp_path, **dict(zip(parts, (BYTES, LABELS, others, LABELS[::-1]), strict=True)))
    train, control = load_images(path), load_images(path, role="control")
    assert is_grey(train.images)
    assert is_grey(1 - control.images) or torch.allclose(1 - control.images, train.images)
    assert (train.labels.tolist(), control.labels.tolist()) == (
        LABELS.tolist(),
        LABELS[::-1].tolist(),
    )
    assert train.said == f"of several parts, {parts[0]} was taken"
    assert control.said == f"of several parts, {parts[2]} was taken"


def test_the_test_part_is_a_control_rather_than_the_validation_part(tmp_path):
    path = npz(tmp_path, train_images=BYTES, val_images=BYTES // 2, test_images=255 - BYTES)
    control = load_images(path, role="control")
    assert torch.equal(control.images[:, 0], torch.from_numpy(255 - BYTES).float() / 255)


def test_what_holds_no_images_says_what_it_holds(tmp_path):
    with pytest.raises(UnusableInput, match="no array called “images”; it holds weights, bias"):
        load_images(npz(tmp_path, weights=BYTES, bias=LABELS))
    with pytest.raises(UnusableInput, match="which is none of images") as error:
        load_images(npz(tmp_path, images=np.zeros((4, 7))), (1, 28, 28))
    assert "(n, h, w, c)" in error.value.instead
    with pytest.raises(UnusableInput, match=r"is empty \(0×1×4×4\)"):
        load_images(npz(tmp_path, images=np.zeros((0, 1, 4, 4))))


@pytest.mark.parametrize(
    "content",
    [
        torch.from_numpy(BYTES),
        {"images": torch.from_numpy(BYTES), "labels": torch.from_numpy(LABELS)},
        (torch.from_numpy(BYTES), torch.from_numpy(LABELS)),
        {"data": torch.from_numpy(BYTES)[:, None], "targets": LABELS.tolist(), "note": "x"},
        {
            "x_train": (torch.from_numpy(BYTES) / 255).requires_grad_(),
            "y_train": torch.from_numpy(LABELS),
        },
    ],
)
def test_tensors_of_pytorch(tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    found = load_images(tmp_path / "a.pt", (1, 28, 28))
    assert is_grey(found.images)
    if not isinstance(content, torch.Tensor):
        assert found.labels.tolist() == LABELS.tolist()


def test_a_file_that_would_have_to_be_run_is_not(tmp_path):
    torch.save({"images": re.compile("x")}, tmp_path / "a.pt")
    with pytest.raises(UnusableInput, match="more than plain arrays"):
        load_images(tmp_path / "a.pt")
    torch.save([1, 2, 3], tmp_path / "a.pt")
    with pytest.raises(UnusableInput, match="no tensor of images"):
        load_images(tmp_path / "a.pt")
    torch.save(torch.zeros(1), tmp_path / "b.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(UnusableInput, match=r"since PyTorch 1\.6"):
        load_images(tmp_path / "b.pt")


def test_a_tensor_that_claims_more_than_the_file_holds_is_refused(tmp_path):
    torch.save({"images": torch.zeros(1).expand(10**6, 1, 99, 99)}, tmp_path / "a.pt")
    with pytest.raises(UnusableInput, match="damaged"):
        load_images(tmp_path / "a.pt")


@pytest.mark.parametrize("header", ["", "label," + ",".join(f"p{n}" for n in range(784)) + "\n"])
def test_a_table_with_the_label_first(tmp_path, header):
    rows = np.column_stack([LABELS, BYTES.reshape(6, 784)])
    text = header + "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    (tmp_path / "mnist.csv").write_text(text)
    for shape in (None, (1, 28, 28)):
        found = load_images(tmp_path / "mnist.csv", shape)
        assert is_grey(found.images)
        assert found.labels.tolist() == LABELS.tolist()
    assert found.said == "each row is an image of 1×28×28; values 0–255 were divided by 255"


def test_a_table_without_labels_and_one_with_words(tmp_path):
    rows = BYTES.reshape(6, 784)
    (tmp_path / "a.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert is_grey(load_images(tmp_path / "a.csv", (1, 28, 28)).images)
    (tmp_path / "a.csv").write_text("1,2\n3,cat\n")
    with pytest.raises(UnusableInput, match=r"a\.csv is no table of numbers.*cat"):
        load_images(tmp_path / "a.csv", (1, 28, 28))


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("dot", ["-", "."])
def test_the_files_of_mnist_wherever_they_lie(tmp_path, packed, place, dot):
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    for part, images in (("train", BYTES), ("t10k", 255 - BYTES)):
        for what, array in (("images", images), ("labels", LABELS.astype(np.uint8))):
            name = f"{part}-{what}{dot}idx{array.ndim}-ubyte"
            content = gzip.compress(idx(array)) if packed else idx(array)
            (folder / (name + ".gz" * packed)).write_bytes(content)
    train, control = load_images(tmp_path), load_images(tmp_path, role="control")
    assert is_grey(train.images)
    assert torch.equal(control.images[:, 0], torch.from_numpy(255 - BYTES).float() / 255)
    assert train.labels.tolist() == control.labels.tolist() == LABELS.tolist()
    again = load_images(train.origin.place)
    assert again.origin == train.origin
    assert holds_images(folder / f"train-images{dot}idx3-ubyte{'.gz' * packed}")


def test_a_file_of_mnist_that_is_cut_short_or_another(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx(BYTES)[:-1])
    with pytest.raises(UnusableInput, match="damaged, cut short"):
        load_images(tmp_path)
    path.write_bytes(b"no such thing")
    with pytest.raises(UnusableInput, match="no file of MNIST's kind"):
        load_images(tmp_path)
    path.write_bytes(b"\0\0\x08\x03" + b"\xff" * 12)
    with pytest.raises(UnusableInput, match="200 million numbers"):
        load_images(tmp_path)


def test_tables_of_a_folder_are_chosen_by_their_role(tmp_path):
    for name, images in (("mnist_train.csv", BYTES), ("mnist_test.csv", 255 - BYTES)):
        np.savetxt(tmp_path / name, np.column_stack([LABELS, images.reshape(6, 784)]), "%d", ",")
    assert is_grey(load_images(tmp_path).images)
    control = load_images(tmp_path, role="control")
    assert control.name == "mnist_test.csv"
    assert torch.equal(control.images[:, 0], torch.from_numpy(255 - BYTES).float() / 255)


def test_one_array_alone(tmp_path):
    np.save(tmp_path / "a.npy", BYTES)
    assert is_grey(load_images(tmp_path / "a.npy").images)
    assert holds_images(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", BYTES[0, 0])
    assert not holds_images(tmp_path / "a.npy")


def test_arrays_of_images_are_told_from_those_of_a_network(tmp_path):
    assert holds_images(npz(tmp_path, x_train=BYTES, y_train=LABELS))
    assert not holds_images(npz(tmp_path, w=BYTES, y=LABELS))
