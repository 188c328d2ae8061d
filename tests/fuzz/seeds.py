"""A small whole file of every kind that the application reads: what the fuzzer starts from."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import safetensors.torch
import torch
from PIL import Image

from engine.data.datasets import LabelledImages
from engine.data.origin import ImageOrigin
from engine.evidence.references import References
from engine.exports.results import make_report
from engine.network.checkpoints import load_network, save_network
from engine.network.network import Network
from engine.reconstruction.losses import Losses
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.image_sets import ImageSet, ImageSets
from engine.session.run_cards import RunCard, write_cards
from engine.session.session import Session, session_of
from engine.session.session_file import save_session
from engine.session.waiting_list import WaitingList, write_waiting_list
from engine.study.study import File, Run, Study, TrainingRun
from engine.study.table import Result
from engine.training.recipe import Recipe
from tests.engine.network.foreign_files import FOREIGN
from tests.engine.network.onnx_models import striding

_FIXTURES = Path(__file__).parents[1] / "engine" / "session" / "formats"


@dataclass(frozen=True)
class Seed:
    """A whole file.

    Attributes:
        reader: what reads it, a name of `tests.fuzz.reading.READERS`.
        name: path in its folder.
        content: its bytes.
        beside: other files that its reader needs, by path.
        opens: whether it does; others are of kinds that are recognised and not read.
    """

    reader: str
    name: str
    content: bytes
    beside: Mapping[str, bytes] = field(default_factory=dict)
    opens: bool = True


def make_seeds() -> list[Seed]:
    """All of them; the same every time."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            *_checkpoints(Path(folder)),
            *_foreign(),
            *_sessions(Path(folder)),
            *_image_arrays(),
            *_tables(),
            *_neighbours(),
            *_adapters(),
            *_image_files(),
            *_known_data(),
            *_results(Path(folder)),
            _waiting_list(Path(folder)),
            _cards(Path(folder)),
            *_studies(),
        ]


def _state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "layers.0.weight": torch.randn(6, 16, generator=generator),
        "layers.0.bias": torch.randn(6, generator=generator),
        "layers.1.weight": torch.randn(5, 6, generator=generator),
        "layers.2.weight": torch.randn(1, 5, generator=generator),
    }


def _saved(content: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def _arrays(compressed: bool = False, **arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return _packed_anew(stream.getvalue(), zipfile.ZIP_DEFLATED if compressed else 0)


def _checkpoints(folder: Path) -> Iterator[Seed]:
    state = _state()
    wrapped = {"state_dict": state, "input_shape": (1, 4, 4), "mean": torch.full((1, 4, 4), 0.5)}
    said = {"activation": "LeakyReLU", "negative_slope": 0.1, "mean": [0.5], "std": 0.25}
    lightning = {"state_dict": state, "hyper_parameters": {**said, "classes": ["odd", "even"]}}
    halves = {f"module.{name}": tensor.half() for name, tensor in state.items()}
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    yield Seed("model", "network.pth", _saved(state))
    yield Seed("model", "wrapped.pt", _saved(wrapped))
    yield Seed("model", "lightning.ckpt", _saved(lightning))
    yield Seed("model", "deflated.ckpt", _packed_anew(_saved(halves), zipfile.ZIP_DEFLATED))
    yield Seed("model", "old.th", _saved(state, _use_new_zipfile_serialization=False))
    yield Seed("model", "old-wrapped.pt", _saved(wrapped, _use_new_zipfile_serialization=False))
    yield Seed("model", "plain.safetensors", safetensors.torch.save(state))
    yield Seed("model", "network.npz", _arrays(**arrays, input_shape=[1, 4, 4], activation="relu"))
    yield Seed("model", "packed.npz", _arrays(True, **arrays))
    yield from _as_people_save()
    yield from _convolutional()
    own = folder / "own.safetensors"
    stand = json.dumps({"step": 3, "seconds": 1.0, "rate": 0.1})
    details = {"recipe": json.dumps(asdict(Recipe())), "training": stand}
    beside = {str(index): tensor for index, tensor in enumerate(state.values())}
    save_network(_network(folder), own, details, beside)
    yield Seed("model", own.name, own.read_bytes())


def _convolutional() -> Iterator[Seed]:
    """Convolutions with batch normalisation, an architecture as text, and an ONNX graph."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.ReLU()),
        *(torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(784, 3)),
    )
    state = {n: t.detach() for n, t in net.state_dict().items()}
    yield Seed("model", "convolutions.pth", _saved(state))
    said = {"architecture": "conv padding 1, batchnorm, relu, maxpool 2, flatten, linear"}
    yield Seed("model", "said.safetensors", safetensors.torch.save(state, said))
    yield Seed("model", "graph.onnx", striding()[1].SerializeToString(deterministic=True))


def _as_people_save() -> Iterator[Seed]:
    """Other protocols, NumPy beside the weights, weights in parts, tensors of one storage."""
    state = _state()
    beside = {"best": np.float64(0.9), "mean": np.array([0.5]), "ema_shadow": state}
    recent = _saved(beside, pickle_protocol=4)
    yield Seed("model", "recent.pth", _packed_anew(recent, zipfile.ZIP_STORED))
    old = {"pickle_protocol": 5, "_use_new_zipfile_serialization": False}
    yield Seed("model", "recent-old.pt", _saved(beside, **old))
    for protocol in (2, 4):
        yield Seed("model", f"pickled-{protocol}.pkl", pickle.dumps(beside, protocol))
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    yield Seed("model", "arrays.pkl", pickle.dumps(arrays, 5))
    parts = {
        **{name: tensor for name, tensor in state.items() if name != "layers.0.weight"},
        "layers.0.weight_orig": state["layers.0.weight"],
        "layers.0.weight_mask": torch.ones(6, 16),
        "criterion.weight": torch.ones(2),
        "num_batches_tracked": torch.tensor(3),
    }
    yield Seed("model", "parts.pth", _packed_anew(_saved(parts), zipfile.ZIP_STORED))
    tied = {**state, "layers.3.weight": torch.ones(1, 1)}
    metadata = {"layers.4.weight": "layers.3.weight"}
    yield Seed("model", "tied.safetensors", safetensors.torch.save(tied, metadata))


def _foreign() -> Iterator[Seed]:
    """Those that more is looked at of than how they begin."""
    for name in ("saved_model.pb", "three.keras", "script.pt", "notes.txt"):
        yield Seed("model", name, FOREIGN[name][0], opens=False)


def _packed_anew(archive: bytes, method: int) -> bytes:
    """The same archive without the time that it was made."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(stream, "w") as target,
    ):
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), method)
    return stream.getvalue()


def _network(folder: Path) -> Network:
    path = folder / "network.pth"
    path.write_bytes(_saved(_state()))
    network = load_network(path)
    return replace(network, origin=replace(network.origin, file=path.name))


def _session(folder: Path, restarts: int) -> Session:
    """A run in its middle, whose clock says the same every time."""
    settings = replace(fast(), candidates=4, steps=6, restarts=restarts, device="cpu")
    run = Reconstruction(_network(folder), settings)
    for _ in run.iterate():
        if run.step > 6 * (restarts - 1):
            break
    session = session_of(run, "cpu")
    losses = Losses(session.state.losses.rows.copy())
    losses.seconds[:] = np.arange(len(losses))
    state = replace(session.state, seconds=1.0, losses=losses)
    return replace(session, state=state)


def _sessions(folder: Path) -> Iterator[Seed]:
    checkpoint = {"small.pth": (_FIXTURES / "small.pth").read_bytes()}  # Of format 3.
    for path in sorted(_FIXTURES.glob("*.afterimage")):
        yield Seed("model", path.name, path.read_bytes(), checkpoint)
    beside = {"network.pth": _saved(_state())}
    for name, restarts, with_weights in (
        ("whole", 1, True),
        ("pool", 3, True),
        ("light", 1, False),
    ):
        path = folder / f"{name}.afterimage"
        save_session(_session(folder, restarts), path, with_weights)
        yield Seed("model", path.name, path.read_bytes(), {} if with_weights else beside)
    yield _scored(folder)


def _scored(folder: Path) -> Seed:
    """A session that holds the images that it was scored against."""
    session, path = _session(folder, 1), folder / "scored.afterimage"
    images = torch.from_numpy(_pixels(3, 1, 4, 4)).float() / 255
    train = LabelledImages(images, torch.tensor([0, 1, 0]), "bytes.npz")
    unseen = replace(train, images=torch.cat([images[:2].flip(2), images[:1]]))
    references = References.of(session.network, train, unseen)
    scored = session.scored_with(references, references.score(session.images()))
    save_session(scored.with_sets(scored.sets.kept()), path)
    return Seed("model", path.name, path.read_bytes())


def _pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _image_arrays() -> Iterator[Seed]:
    labels = np.array([0, 1, 0])
    for name, images, compressed in (
        ("bytes.npz", _pixels(3, 1, 4, 4), False),
        ("packed.npz", _pixels(3, 3, 4, 4), True),
        ("floats.npz", _pixels(3, 1, 4, 4) / np.float32(255), False),
    ):
        yield Seed("images", name, _arrays(compressed, images=images, labels=labels))
    words, hot = np.array(["cat", "dog", "cat"]), np.eye(3)[[0, 1, 2]]
    last = _pixels(3, 4, 4, 3).astype(np.int64)
    yield Seed("images", "words.npz", _arrays(x_train=last, y_train=words, x_test=last))
    yield Seed("images", "hot.npz", _arrays(data=_pixels(3, 16), targets=hot))
    yield Seed("images", "unnamed.npz", _arrays(False, arr_0=_pixels(3, 4, 4), arr_1=labels))
    stream = io.BytesIO()
    np.save(stream, _pixels(3, 4, 4))
    yield Seed("images", "one.npy", stream.getvalue())
    tensors = {"images": torch.from_numpy(_pixels(3, 1, 4, 4)), "labels": torch.tensor([0, 1, 0])}
    yield Seed("images", "tensors.pt", _packed_anew(_saved(tensors), 0))
    yield Seed("images", "pair.pt", _packed_anew(_saved(tuple(tensors.values())), 0))
    rows = "\n".join(",".join(map(str, row)) for row in _pixels(3, 17).tolist())
    yield Seed("images", "bare.csv", rows.encode())
    yield Seed(
        "images", "named.csv", (",".join(["label", *"abcdefghijklmnop"]) + "\n" + rows).encode()
    )
    packed = gzip.compress(_idx(_pixels(3, 4, 4)), mtime=0)
    beside = {"train-labels-idx1-ubyte": _idx(np.array([1, 2, 3], np.uint8))}
    yield Seed("images", "train-images-idx3-ubyte.gz", packed, beside)
    yield Seed("images", "train-images.idx3-ubyte", _idx(_pixels(3, 4, 4)), beside)


def _tables() -> Iterator[Seed]:
    """Rows of numbers, in each way that they are read."""
    rows, labels = _pixels(5, 6) / 100.0, np.array([0, 1, 0, 1, 1])
    with_labels = np.column_stack([rows, labels])
    header = "age,b,c,d,e,f,label\n"
    text = header + "\n".join(",".join(str(v) for v in row) for row in with_labels)
    stream = io.BytesIO()
    np.save(stream, with_labels)
    yield Seed("images", "rows.csv", text.encode())
    yield Seed("images", "semicolons.csv", text.replace(",", ";").replace(".", ",").encode())
    yield Seed("images", "rows.npy", stream.getvalue())
    yield Seed("images", "rows.npz", _arrays(rows=rows, labels=labels, names=list("abcdef")))


def _neighbours() -> Iterator[Seed]:
    """Embeddings, and what they are of."""
    rows = _pixels(4, 6).astype(np.float32)
    stream = io.BytesIO()
    np.save(stream, rows)
    names = {"near.txt": b"a\nb\nc\nd\n"}
    yield Seed("neighbours", "near.npz", _arrays(embeddings=rows, images=_pixels(4, 5, 5, 3)))
    yield Seed("neighbours", "named.npz", _arrays(embeddings=rows, names=["a.png", "b", "c", "d"]))
    yield Seed("neighbours", "near.npy", stream.getvalue(), names)
    tensors = {"embeddings": torch.from_numpy(rows).half()}
    yield Seed("neighbours", "near.safetensors", safetensors.torch.save(tensors), names)


def _adapters() -> Iterator[Seed]:
    """Low-rank changes of layers, from both kinds of file."""
    pair = {"fc.lora_A.weight": torch.rand(3, 5), "fc.lora_B.weight": torch.rand(6, 3)}
    yield Seed("adapter", "adapter_model.safetensors", safetensors.torch.save(pair))
    yield Seed("adapter", "adapter.pth", _saved(pair))


def _image_files() -> Iterator[Seed]:
    grey, colour = Image.fromarray(_pixels(8, 8)), Image.fromarray(_pixels(8, 8, 3))
    deep = Image.fromarray(_pixels(8, 8).astype(np.uint16) * 257)
    clear = Image.fromarray(_pixels(8, 8, 4))
    for name, image, options in (
        ("grey.png", grey, {}),
        ("colour.png", colour, {}),
        ("clear.png", clear, {}),
        ("deep.png", deep, {}),
        ("palette.png", colour.convert("P"), {"transparency": 0}),
        ("one.jpg", colour, {}),
        ("progressive.jpeg", colour, {"progressive": True}),
        ("one.gif", colour.convert("P"), {}),
        ("film.gif", grey, {"save_all": True, "append_images": [grey.rotate(90)]}),
        ("one.bmp", colour, {}),
        ("plain.tiff", colour, {}),
        ("lzw.tif", colour, {"compression": "tiff_lzw"}),
        ("deflated.tif", deep, {"compression": "tiff_adobe_deflate"}),
        ("lossless.webp", colour, {"lossless": True}),
        ("grey.pgm", grey, {}),
        ("colour.ppm", colour, {}),
        ("wavelets.jp2", colour, {}),
    ):
        stream = io.BytesIO()
        kinds = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
        kinds |= {".pgm": "PPM", ".ppm": "PPM", ".jp2": "JPEG2000"}
        suffix = Path(name).suffix
        image.save(stream, kinds.get(suffix, suffix[1:].upper()), **options)
        yield Seed("folder", f"class/{name}", stream.getvalue())


def _known_data() -> Iterator[Seed]:
    """MNIST's own files."""
    files = {
        f"MNIST/raw/{part}-{what}": _idx(array)
        for part in ("train", "t10k")
        for what, array in (
            ("images-idx3-ubyte", _pixels(3, 28, 28)),
            ("labels-idx1-ubyte", np.array([1, 2, 3], np.uint8)),
        )
    }
    for name in ("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte"):
        others = {other: content for other, content in files.items() if other != name}
        yield Seed("mnist", name, files[name], others)


def _idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return header + array.tobytes()


def _results(folder: Path) -> Iterator[Seed]:
    """What `score` and `report` read back."""
    report = json.dumps(make_report(_session(folder, 1), None)).encode()
    images = np.random.default_rng(0).normal(size=(4, 1, 4, 4)).astype(np.float32)
    yield Seed("report", "report.json", report)
    yield Seed("reconstructions", "reconstructions.npz", _arrays(images=images, mean=images[0]))


def _cards(folder: Path) -> Seed:
    """What the start page is read from."""
    stream = io.BytesIO()
    Image.fromarray(_pixels(6, 11)).save(stream, "PNG")
    path = folder / "last-runs.json"
    card = RunCard(Path("/runs/one.afterimage"), "net.pth", "3 of 5 recovered", 9, 8)
    write_cards([replace(card, strip=stream.getvalue()), card], path)
    return Seed("cards", path.name, path.read_bytes())


def _waiting_list(folder: Path) -> Seed:
    """What the queue is read back from at the next start."""
    path = folder / "waiting-list.json"
    checkpoints = (Path("/models/first.pth"), Path("/models/second.safetensors"))
    origin = ImageOrigin("file", "/data/images.npz", "a" * 64, 9)
    sets = ImageSets(ImageSet("images.npz", 5, origin))
    write_waiting_list(WaitingList(checkpoints, Path("/results"), fast(), sets), path)
    return Seed("waiting", path.name, path.read_bytes())


def _studies() -> Iterator[Seed]:
    """Plans of both kinds, and a study that was made ready, with a result."""
    search = "[settings]\nsteps = [5, 10]\ncandidates = 20\n"
    made = 'seeds = [0, 1]\n[training]\ndataset = "mnist"\nhidden = ["5", "6-7"]\nepochs = [1, 2]\n'
    yield Seed("plan", "made.toml", (made + search).encode())
    given = 'name = "Release"\n[checkpoints]\nfiles = ["a*.pth"]\nimages = "b.npz"\n'
    yield Seed("plan", "given.toml", (given + search).encode())
    training = TrainingRun("t", Recipe(), "0" * 64, ("a", "b"), "Images.", (1, 2))
    runs = tuple(Run(f"r{n}", {"epochs": n}, f"t-{n}", {"steps": 5}, 0) for n in (1, 2))
    files = (File("a.npz", "0" * 64, "images/a.npz"),)
    study = Study("A study", "What of it?", runs, (training,), files)
    result = Result(id="r1", state="done", recovered=3, images=9, precision=0.5)
    beside = {"results/r1.json": msgspec.json.encode(result)}
    yield Seed("study", "study.json", msgspec.json.encode(study), beside)
