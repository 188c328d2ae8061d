"""Rows of a table: out of the files that people keep them in."""

from __future__ import annotations

import numpy as np
import pytest

from engine.base.errors import UnusableInput
from engine.data.datasets import (
    LabelledImages,
    Selection,
    holds_images,
    load_images,
    save_images,
    training_data,
)
from engine.data.inputs import vector_shape

HEADER = "age,income,target,height\n"
ROWS = "31,1.5e3,yes,1.7\n48,-20,no,1.6\n"


def written(tmp_path, text, name="rows.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_a_header_names_features_and_the_label(tmp_path):
    found = load_images(written(tmp_path, HEADER + ROWS))
    assert found.features == ("age", "income", "height")
    assert found.images.shape == (2, 1, 1, 3)
    np.testing.assert_allclose(found.images[:, 0, 0], [[31, 1500, 1.7], [48, -20, 1.6]], rtol=1e-6)
    assert found.labels.tolist() == [1, 0]  # Words in their order: no, yes.
    assert found.name == "rows.csv (classes from the column “target”)"
    assert found.origin.kind == "file"


def test_without_a_header_the_last_column_is_the_label(tmp_path):
    found = load_images(written(tmp_path, "1,2,0\n3,4,1\n5,6,1\n"))
    assert found.images.flatten(1).tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.labels.tolist() == [0, 1, 1]
    assert found.features == ()
    assert "column 3" in found.name


@pytest.mark.parametrize("name", ["label", "Target", "CLASS", " y "])
def test_the_label_is_found_by_its_name_wherever_it_stands(tmp_path, name):
    found = load_images(written(tmp_path, f"{name},a,b\n1,0.5,2\n0,0.25,3\n"))
    assert found.labels.tolist() == [1, 0]
    assert found.images.flatten(1).tolist() == [[0.5, 2], [0.25, 3]]


def test_a_table_as_wide_as_the_network_has_no_labels(tmp_path):
    found = load_images(written(tmp_path, "a,b,c\n1,2,3\n4,5,6\n"), vector_shape(3))
    assert found.images.flatten(1).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found.labels.tolist() == [0, 0]
    assert found.name == "rows.csv"


def test_an_index_without_a_name_is_no_feature(tmp_path):
    found = load_images(written(tmp_path, ",a,b,y\n0,1,2,1\n1,3,4,0\n"), vector_shape(2))
    assert found.images.flatten(1).tolist() == [[1, 2], [3, 4]]
    assert found.labels.tolist() == [1, 0]


def test_semicolons_bring_decimal_commas(tmp_path):
    found = load_images(written(tmp_path, "\ufeffa;b;y\n1,5;-2;-1\n0,25;3;1\n"))
    assert found.images.flatten(1).tolist() == [[1.5, -2], [0.25, 3]]
    assert found.labels.tolist() == [0, 1]
    assert found.features == ("a", "b")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b,y\n1,,0\n2,3,1\n", "Row 2 of rows.csv has “” in the column “b”"),
        ("a,b,y\n1,2,0\n2,nan,1\n", "Row 3 of rows.csv has “nan” in the column “b”"),
        ("a,b,y\n1,2,0\n2,red,1\n", "“red” in the column “b”"),
        ("a,b,y\n1,2,0\n2,1e39,1\n", "“1e39” in the column “b”"),
        ("a,b,y\n1,2,0\n2,3\n", "Row 3 of rows.csv has 2 fields"),
        ("a,b,y\n1,2,\n2,3,1\n", "without a class in the column “y”"),
        ("a,price\n1,0.5\n2,1.25\n", "whole numbers"),
        ("", "no rows"),
        ("1\n2\n", "one column"),
    ],
)
def test_what_is_no_table_is_refused_where_it_goes_wrong(tmp_path, text, why):
    with pytest.raises(UnusableInput, match=r"rows\.csv") as refused:
        load_images(written(tmp_path, text))
    assert why in str(refused.value)


def test_another_number_of_features_is_named(tmp_path):
    with pytest.raises(UnusableInput, match="have 2 features, but the network reads 5"):
        load_images(written(tmp_path, "1,2,0\n3,4,1\n"), vector_shape(5))


def test_a_table_is_no_images(tmp_path):
    with pytest.raises(UnusableInput, match=r"rows\.csv has values outside \[0, 1\]"):
        load_images(written(tmp_path, "1,2,3,4,0\n3,4,5,6,1\n"), (1, 2, 2))


def test_arrays_of_rows(tmp_path):
    rows = np.array([[1.5, -2], [300, 4], [5, 6]])
    np.savez(tmp_path / "a.npz", X=rows, y=np.array([0, 1, 1]), feature_names=np.array(["u", "v"]))
    np.save(tmp_path / "b.npy", np.column_stack([rows, [0, 1, 1]]))
    np.save(tmp_path / "c.npy", rows)
    a, b = load_images(tmp_path / "a.npz"), load_images(tmp_path / "b.npy")
    c = load_images(tmp_path / "c.npy", vector_shape(2))
    for found in (a, b, c):
        np.testing.assert_array_equal(found.images.flatten(1), rows.astype(np.float32))
    assert a.labels.tolist() == b.labels.tolist() == [0, 1, 1]
    assert c.labels.tolist() == [0, 0, 0]
    assert a.features == ("u", "v")


@pytest.mark.parametrize("word", ["x", "X", "features"])
@pytest.mark.parametrize("shape", [None, vector_shape(2)])
def test_of_two_parts_the_training_rows_and_a_control_of_the_other(tmp_path, word, shape):
    train, test = np.array([[1.5, -2], [300, 4]]), np.array([[5.0, 6], [7, 8], [9, 1]])
    np.savez(
        tmp_path / "a.npz",
        **{f"{word}_test": test, f"{word}_train": train},
        y_train=np.array(["a", "c"]),
        y_test=np.array(["c", "c", "b"]),
    )
    for role, rows, labels, classes, part in (
        ("train", train, [0, 1], ("a", "c"), "train"),
        ("control", test, [1, 1, 0], ("b", "c"), "test"),
    ):
        found = load_images(tmp_path / "a.npz", shape, role=role)
        np.testing.assert_array_equal(found.images.flatten(1), rows.astype(np.float32))
        assert found.labels.tolist() == labels
        assert found.classes == classes
        assert found.said == f"of several parts, {word}_{part} was taken"


def test_labels_of_another_part_are_none_of_these_rows(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.ones((2, 3)) / 3, y_test=np.array([1, 0]))
    assert load_images(tmp_path / "a.npz", vector_shape(3)).labels.tolist() == [0, 0]


def test_images_are_rows_for_a_network_that_reads_rows(tmp_path):
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2)
    np.savez(tmp_path / "a.npz", images=pixels, labels=[0, 1])
    found = load_images(tmp_path / "a.npz", vector_shape(4))
    np.testing.assert_allclose(found.images[1, 0, 0] * 255, [4, 5, 6, 7], rtol=1e-6)


@pytest.mark.parametrize("rows", [np.array([[1, np.inf]]), np.zeros((0, 3))])
def test_arrays_that_are_no_rows_are_refused(tmp_path, rows):
    np.save(tmp_path / "a.npy", rows)
    with pytest.raises(UnusableInput, match=r"a\.npy"):
        load_images(tmp_path / "a.npy")


def test_rows_that_are_saved_are_read_as_they_were(tmp_path):
    found = load_images(written(tmp_path, HEADER + ROWS))
    save_images(found, tmp_path / "saved.npz")
    again = load_images(tmp_path / "saved.npz")
    assert isinstance(again, LabelledImages)
    assert again.images.equal(found.images)
    assert again.labels.equal(found.labels)
    assert again.features == found.features
    assert holds_images(tmp_path / "saved.npz")
    assert holds_images(tmp_path / "rows.csv")


def test_what_is_dropped_is_a_table_where_it_has_rows(tmp_path):
    np.save(tmp_path / "rows.npy", np.zeros((3, 4)))
    np.save(tmp_path / "vector.npy", np.zeros(3))
    np.savez(tmp_path / "rows.npz", x=np.zeros((3, 4)))
    np.savez(tmp_path / "pixels.npz", x=np.zeros((3, 784)))
    np.savez(tmp_path / "weights.npz", w1=np.zeros((3, 4)))
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY\x01\0v\0{'descr'")
    there = {path.name for path in tmp_path.iterdir() if holds_images(path)}
    assert there == {"rows.npy", "rows.npz", "pixels.npz"}


def test_a_table_is_trained_on_and_the_next_rows_are_its_control(tmp_path):
    lines = [f"{n},{n * n},{'ab'[n % 2]}" for n in range(12)]
    path = written(tmp_path, "u,v,label\n" + "\n".join(lines))
    data = training_data(path, Selection(per_class=4))
    assert data.label_names == ("a", "b")
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    assert data.control is not None
    assert data.control.images[:, 0, 0, 0].tolist() == [8, 10, 9, 11]
    assert data.train.features == ("u", "v")
    assert "8 rows" in data.description


def test_columns_that_only_count_are_a_header(tmp_path):
    text = "0,1,2,3\n0.5,2,1.5,1\n2.5,1,7,0\n"
    found = load_images(written(tmp_path, text), vector_shape(3))
    assert found.images.flatten(1).tolist() == [[0.5, 2, 1.5], [2.5, 1, 7]]
    assert found.labels.tolist() == [1, 0]


def test_a_table_in_a_folder_is_read_as_one(tmp_path):
    written(tmp_path, "10,20,0\n300,4,1\n")
    found = load_images(tmp_path, vector_shape(2))
    assert found.images.flatten(1).tolist() == [[10, 20], [300, 4]]
