"""Known data sets: torchvision's own code on small archives in the original formats."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading

import numpy as np
import pytest
import scipy.io
import torchvision

from engine.base.errors import UnusableInput
from engine.base.progress import Cancelled
from engine.data import catalogue
from engine.data.datasets import Selection, load_images, training_data

COUNT = 20
PIXELS = np.random.default_rng(0)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(array: np.ndarray) -> bytes:
    """An array of bytes in the format of MNIST's files."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def cifar_archive(batches: dict[str, dict], meta: dict) -> bytes:
    """What cifar-10-python.tar.gz holds."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in {**batches, "batches.meta": meta}.items():
            data = pickle.dumps(content, protocol=2)
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


class Originals:
    """Small archives in the original formats, served as the originals are."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        self.requests = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                super().do_GET()

            def log_message(self, *_):
                """Keeps quiet."""

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def put(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return md5(content)

    def make(self, name: str) -> dict[str, np.ndarray]:
        """Makes a data set; returns its training images and labels as they should be read."""
        kind = getattr(torchvision.datasets, catalogue.KNOWN[name].torchvision_name)
        labels = {"train": np.arange(COUNT) % 10, "test": np.arange(COUNT)[::-1] % 10}
        if name == "svhn":
            return self._make_svhn(kind, labels)
        if name == "cifar10":
            return self._make_cifar(kind, labels)
        images = {part: PIXELS.integers(0, 256, (COUNT, 28, 28)) for part in labels}
        sums = []
        for part, word in (("train", "train"), ("test", "t10k")):
            for what, array in (("images-idx3", images[part]), ("labels-idx1", labels[part])):
                file = f"{word}-{what}-ubyte.gz"
                sums.append((file, self.put(file, gzip.compress(idx(array)))))
        self.patch.setattr(kind, "mirrors", [self.url + "gone/", self.url])
        self.patch.setattr(kind, "resources", sums)
        return {"images": images["train"][:, None], "labels": labels["train"]}

    def _make_svhn(self, kind, labels):
        images = {part: PIXELS.integers(0, 256, (32, 32, 3, COUNT), np.uint8) for part in labels}
        lists = {}
        for part, array in images.items():
            stream = io.BytesIO()
            digits = np.where(labels[part] == 0, 10, labels[part])[:, None].astype(np.uint8)
            scipy.io.savemat(stream, {"X": array, "y": digits})
            file = f"{part}_32x32.mat"
            lists[part] = [self.url + file, file, self.put(file, stream.getvalue())]
        self.patch.setattr(kind, "split_list", lists)
        return {"images": np.transpose(images["train"], (3, 2, 0, 1)), "labels": labels["train"]}

    def _make_cifar(self, kind, labels):
        images = {part: PIXELS.integers(0, 256, (COUNT, 3072), np.uint8) for part in labels}
        batches = {
            name: {"data": images[part], "labels": labels[part].tolist()}
            for name, part in (("data_batch_1", "train"), ("test_batch", "test"))
        }
        meta = {"label_names": list(catalogue.KNOWN["cifar10"].classes)}
        sums = {name: md5(pickle.dumps(batch, protocol=2)) for name, batch in batches.items()}
        archive = cifar_archive(batches, meta)
        self.patch.setattr(kind, "url", self.url + "cifar-10-python.tar.gz")
        self.patch.setattr(kind, "tgz_md5", self.put("cifar-10-python.tar.gz", archive))
        self.patch.setattr(kind, "train_list", [["data_batch_1", sums["data_batch_1"]]])
        self.patch.setattr(kind, "test_list", [["test_batch", sums["test_batch"]]])
        meta_sum = md5(pickle.dumps(meta, protocol=2))
        self.patch.setattr(kind, "meta", {**kind.meta, "md5": meta_sum})
        return {"images": images["train"].reshape(-1, 3, 32, 32), "labels": labels["train"]}


@pytest.fixture
def originals(tmp_path, monkeypatch):
    (tmp_path / "server").mkdir()
    served = Originals(tmp_path / "server", monkeypatch)
    yield served
    served.close()


@pytest.mark.parametrize("name", catalogue.KNOWN)
def test_a_known_data_set_is_fetched_checked_and_read(originals, tmp_path, name):
    made = originals.make(name)
    root = tmp_path / "root"
    assert not catalogue.is_present(name, root)
    with pytest.raises(catalogue.NotThere, match=r"can be downloaded \(\d+ MB\)"):
        catalogue.load(name, root)
    assert not originals.requests  # Nothing goes over the network unless it is asked for.
    shares: list[float] = []
    catalogue.download(name, root, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert catalogue.is_present(name, root)
    images, labels = catalogue.load(name, root)
    np.testing.assert_array_equal(images, made["images"])
    np.testing.assert_array_equal(labels, made["labels"])
    assert images.shape[1:] == catalogue.KNOWN[name].shape
    test = load_images(f"{name}:test", catalogue.KNOWN[name].shape, root)
    assert test.labels.tolist() == (np.arange(COUNT)[::-1] % 10).tolist()
    asked = len(originals.requests)
    catalogue.download(name, root)
    assert len(originals.requests) == asked  # What is whole is not fetched again.


def test_two_classes_of_a_known_data_set_with_control_and_test(originals, tmp_path):
    made = originals.make("mnist")
    catalogue.download("mnist", tmp_path)
    data = training_data("mnist", Selection("odd/even", 3), tmp_path)
    assert data.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.label_names == ("odd", "even")
    odd = made["images"][made["labels"] % 2 == 1]
    np.testing.assert_allclose(data.train.images[:3] * 255, odd[:3], atol=1e-4)
    np.testing.assert_allclose(data.control.images[:3] * 255, odd[3:6], atol=1e-4)
    assert len(data.test) == COUNT
    assert data.description == "MNIST, odd against even, 6 images, the first that come"


def test_a_damaged_download_is_refused_and_leaves_nothing(originals, tmp_path):
    originals.make("svhn")
    (originals.folder / "train_32x32.mat").write_bytes(b"something else")
    with pytest.raises(UnusableInput, match="not what it should be"):
        catalogue.download("svhn", tmp_path / "root")
    assert not any((tmp_path / "root").iterdir())


def test_an_unreachable_server_gets_a_sentence(originals, tmp_path):
    originals.make("mnist")
    originals.close()
    with pytest.raises(UnusableInput, match=r"MNIST could not be downloaded .* put its files into"):
        catalogue.download("mnist", tmp_path / "root")


def test_a_download_can_be_cancelled_in_its_middle(originals, tmp_path, monkeypatch):
    originals.make("cifar10")
    monkeypatch.setattr(catalogue, "_CHUNK_BYTES", 1024)
    root = tmp_path / "root"

    def cancel(share: float) -> None:
        if share > 0.3:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        catalogue.download("cifar10", root, cancel)
    assert not any(root.iterdir())


def test_what_was_left_half_unpacked_is_unpacked_anew(originals, tmp_path):
    made = originals.make("mnist")
    catalogue.download("mnist", tmp_path)
    raw = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    for damage in (raw.read_bytes()[:500], bytes(500)):
        raw.write_bytes(damage)
        assert not catalogue.is_present("mnist", tmp_path)
        with pytest.raises(catalogue.NotThere, match="not whole"):
            catalogue.load("mnist", tmp_path)
        catalogue.download("mnist", tmp_path)
        np.testing.assert_array_equal(catalogue.load("mnist", tmp_path)[0], made["images"])


def test_a_damaged_data_set_is_not_read(originals, tmp_path):
    originals.make("cifar10")
    catalogue.download("cifar10", tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"cut short")
    with pytest.raises(catalogue.NotThere, match="not whole"):
        catalogue.load("cifar10", tmp_path)
