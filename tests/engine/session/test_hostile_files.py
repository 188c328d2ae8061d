"""Files that somebody made to do harm: bombs, claims, pipes, devices, links, and names."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import threading
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from engine.base.errors import AfterimageError, UnusableInput
from engine.commands import command_line
from engine.data.datasets import holds_images, load_images
from engine.data.sources import open_source
from engine.exports.results_read import read_reconstructions, read_report
from engine.exports.writing import write_bytes
from engine.network.checkpoints import load_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from gui.opening.reading import is_model
from tests.memory import forget_highest, megabytes

BOMB = 512 << 20


def state():
    shapes = {"0.weight": (8, 16), "0.bias": (8,), "1.weight": (1, 8)}
    draw = torch.Generator().manual_seed(0)
    return {name: torch.randn(*shape, generator=draw) for name, shape in shapes.items()}


def network_file(path):
    torch.save(state(), path)
    return path


@contextmanager
def in_little_memory():
    """What is done here may take less than half of a bomb."""
    forget_highest()
    before = megabytes("VmRSS")
    yield
    assert megabytes("VmHWM") - before < 250


def refusal(read, *arguments):
    """The sentence that something is refused with, for which little memory is taken."""
    with in_little_memory(), pytest.raises(UnusableInput) as caught:
        read(*arguments)
    return str(caught.value)


def zeros(path, *entries, count=BOMB):
    """An archive whose entries unpack to zeros, behind a head each."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, head in entries:
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(head)
                for _ in range(count >> 24):
                    entry.write(bytes(1 << 24))
    return path


def array_head(shape, kind="|u1"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def png(width, height, data, *more):
    """A grey PNG that claims a size."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), *more]
    parts += [(b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def in_class(folder, name, content):
    """An image in a folder of one class; the folder."""
    (folder / "class").mkdir(exist_ok=True)
    (folder / "class" / name).write_bytes(content)
    return folder


# --- bombs ----------------------------------------------------------------------------------------


def test_a_small_archive_that_unpacks_to_half_a_gigabyte_is_not_unpacked(tmp_path):
    path = zeros(tmp_path / "bomb.npz", ("images.npy", array_head((512, 1, 1024, 1024))))
    assert path.stat().st_size < 2 << 20
    assert "far more than it holds" in refusal(load_images, path)
    assert "far more than it holds" in refusal(load_network, path)
    for name in ("bomb.pth", "bomb.ckpt"):
        path.rename(tmp_path / name)
        path = tmp_path / name
        assert "far more than it holds" in refusal(load_network, path)
    path.rename(tmp_path / "reconstructions.npz")
    assert "far more than it holds" in refusal(read_reconstructions, tmp_path)


def test_many_names_for_one_packed_array_are_counted_each(tmp_path):
    """The directory of an archive may name the same bytes many times."""
    path = zeros(tmp_path / "once.npz", ("a.npy", array_head((200 << 20,))), count=200 << 20)
    whole = path.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    begin = whole.index(b"PK\x01\x02")
    entry = whole[begin:end]
    tail = bytearray(whole[end:])
    struct.pack_into("<HHI", tail, 8, 20, 20, 20 * len(entry))
    path.write_bytes(whole[:begin] + 20 * entry + bytes(tail))
    assert "far more than it holds" in refusal(load_network, path)


def test_an_archive_of_a_million_entries_is_damaged(tmp_path):
    path = tmp_path / "entries.npz"
    name = b"a.npy"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 15, 0)[:46]
    entry = bytearray(entry)
    struct.pack_into("<H", entry, 28, len(name))
    directory = (bytes(entry) + name) * 100_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65_535, 65_535, len(directory), 0, 0)
    path.write_bytes(directory + end)
    assert not holds_images(path)
    assert "damaged" in refusal(load_network, path)


def test_what_is_packed_well_but_small_still_opens(tmp_path):
    np.savez_compressed(tmp_path / "black.npz", images=np.zeros((5000, 1, 28, 28), np.uint8))
    assert len(load_images(tmp_path / "black.npz")) == 5000


def test_one_storage_under_many_names_does_not_grow(tmp_path):
    """Ten megabytes of 16-bit floats, which five hundred layers would each widen to twenty."""
    shared = torch.ones(2500, 2000, dtype=torch.float16)
    torch.save({f"{i}.weight": shared for i in range(500)}, tmp_path / "shared.pth")
    assert "far more than it holds" in refusal(load_network, tmp_path / "shared.pth")


def test_lists_of_lists_of_lists_are_not_written_out(tmp_path):
    """Thirty levels of ten: a hundred bytes, and as text more than there is memory."""
    endless: list[object] = []
    for _ in range(30):
        endless = [endless] * 10
    torch.save({"state_dict": state(), "input_shape": endless}, tmp_path / "endless.pth")
    assert load_network(tmp_path / "endless.pth").input_shape == (1, 4, 4)


def test_an_image_that_unpacks_to_half_a_gigabyte_is_refused(tmp_path):
    bomb = zlib.compress(bytes(BOMB))
    text = (b"zTXt", b"a\0\0" + bomb)
    for content, says in (
        (png(4000, 4000, b""), "four million pixels"),
        (png(60_000, 60_000, b""), "cannot be read as an image"),
        (png(2**31 - 1, 2**31 - 1, b""), "cannot be read as an image"),
        (png(4, 4, bytes(20), text), "cannot be read as an image"),
        (png(4, 4, bytes(20), (b"iCCP", b"a\0\0" + bomb)), "cannot be read as an image"),
    ):
        assert says in refusal(load_images, in_class(tmp_path, "1.png", content))


def test_what_an_image_holds_beyond_its_size_is_not_unpacked(tmp_path):
    folder = in_class(tmp_path, "1.png", png(4, 4, bytes(BOMB)))
    with in_little_memory():
        assert load_images(folder).images.shape == (1, 1, 4, 4)


def test_a_folder_of_many_large_images_is_refused_before_it_is_read(tmp_path):
    for index in range(100):
        in_class(tmp_path, f"{index}.png", png(2000, 2000, bytes(2001 * 2000)))
    assert "200 million numbers" in refusal(load_images, tmp_path)


def test_no_image_starts_another_program(tmp_path):
    """Pillow knows formats by what is inside, and hands PostScript to Ghostscript."""
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "EPS")
    folder = in_class(tmp_path, "1.png", stream.getvalue())
    assert "cannot be read as an image" in refusal(load_images, folder)


# --- claims ---------------------------------------------------------------------------------------


def test_a_giant_tensor_in_a_small_header_is_refused(tmp_path):
    path = tmp_path / "claims.safetensors"
    tensor = {"dtype": "F32", "shape": [1 << 20, 1 << 20], "data_offsets": [0, 4 << 40]}
    header = json.dumps({"0.weight": tensor}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert "damaged" in refusal(load_network, path)
    assert "damaged" in refusal(load_session, path.rename(tmp_path / "claims.afterimage"))
    path.write_bytes((1 << 40).to_bytes(8, "little") + header)
    assert "damaged" in refusal(load_network, path)


def test_a_header_beyond_reason_is_refused(tmp_path):
    """Twenty megabytes of empty lists are gigabytes of Python."""
    path = tmp_path / "header.afterimage"
    header = json.dumps({"__metadata__": {"session": "[" + "[]," * (7 << 20) + "[]]"}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert "damaged" in refusal(load_session, path)


@pytest.mark.parametrize("kind", ["|u1", "<f8", "<U500000000", "|V2000000000"])
def test_a_giant_array_in_a_small_header_is_refused(tmp_path, kind):
    path = tmp_path / "claims.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", array_head((1 << 20, 1, 1 << 10, 1 << 10), kind) + b"1234")
    assert "damaged" in refusal(load_images, path)
    assert "damaged" in refusal(load_network, path)


def test_a_storage_that_claims_more_than_the_file_holds_is_refused(tmp_path):
    """In the old format a storage is made before its numbers are looked for, and they may lack."""
    path = tmp_path / "claims.pth"
    torch.save(state(), path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    small, large = b"K\x80N", b"J" + (1 << 28).to_bytes(4, "little") + b"N"
    assert content.count(small) == 1  # 8×16 numbers.
    content = content.replace(small, large)
    # No number is there for any storage: the list of those that follow is empty.
    content = content[: content.rindex(b"\x80\x02]")] + b"\x80\x02]."
    path.write_bytes(content)
    assert "more numbers than the file holds" in refusal(load_network, path)


def test_memory_that_nobody_filled_does_not_pass_for_weights(tmp_path):
    """As above, but with so few numbers that the file is large enough to hold them."""
    path = tmp_path / "unfilled.pth"
    torch.save(state(), path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    assert load_network(path).layer_sizes == (16, 8, 1)
    path.write_bytes(content[: content.rindex(b"\x80\x02]")] + b"\x80\x02]." + bytes(5000))
    assert refusal(load_network, path)


def test_a_record_smaller_than_its_tensor_is_refused(tmp_path):
    whole = network_file(tmp_path / "whole.pth")
    path = tmp_path / "cut.pth"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(
                entry.filename, content[:16] if entry.filename.endswith("/data/0") else content
            )
    assert "damaged" in refusal(load_network, path)


@pytest.mark.parametrize("value", [1e200, 1e-200, 1e30, 1e-30])
def test_weights_that_no_training_gives_are_refused(tmp_path, value):
    content = {name: tensor.double() for name, tensor in state().items()}
    content["0.weight"] = torch.full((8, 16), value, dtype=torch.float64)
    torch.save(content, tmp_path / "extreme.pth")
    assert "no trained network" in refusal(load_network, tmp_path / "extreme.pth")


@pytest.mark.parametrize("part", ["network.0", "space.basis", "space.scale", "space.spectrum"])
def test_numbers_beyond_reason_in_a_session_are_refused(tmp_path, part):
    """One flipped bit makes 1e38 of a 1, and the square of that is no float32 any more."""
    network = load_network(network_file(tmp_path / "small.pth"))
    run = Reconstruction(network, replace(fast(), candidates=4, steps=2, device="cpu"))
    next(run.iterate())
    path = tmp_path / "run.afterimage"
    save_session(session_of(run, "cpu"), path)
    with safe_open(path, "pt") as file:
        names, metadata = file.keys(), file.metadata()
        tensors = {name: file.get_tensor(name) for name in names}
    tensors[part].view(-1)[0] *= 1e38 / tensors[part].abs().max()
    save_file(tensors, path, metadata)
    assert "damaged" in refusal(load_session, path)


@pytest.mark.parametrize("broken", ["images", "labels"])
def test_an_entry_that_is_no_array_is_refused(tmp_path, broken):
    """NumPy gives the bytes of an entry whose first bytes are not those of an array."""
    path = tmp_path / "images.npz"
    np.savez(path, images=np.zeros((2, 1, 4, 4), np.uint8), labels=np.zeros(2, np.int64))
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries[f"{broken}.npy"] = b"X" + entries[f"{broken}.npy"][1:]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    assert "more than plain arrays" in refusal(load_images, path)


# --- paths inside of files ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../out.npy", "/tmp/out.npy", "C:\\out.npy", "..\\out.npy"])
def test_paths_in_an_archive_are_names_and_lead_nowhere(tmp_path, name):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = inner / "paths.npz"
    arrays = {key: tensor.numpy() for key, tensor in state().items()}
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"written")
        archive.writestr("link", b"/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UnusableInput):
        load_network(path)
    assert sorted(tmp_path.rglob("*")) == before
    assert not Path("/tmp/out.npy").exists()


@pytest.mark.parametrize("where", ["//server/share/small.pth", "\\\\server\\share\\small.pth"])
def test_a_session_leads_to_no_other_machine(tmp_path, where, monkeypatch):
    """Windows would greet the server with the user's name."""
    network = load_network(network_file(tmp_path / "small.pth"))
    run = Reconstruction(network, replace(fast(), candidates=4, steps=2, device="cpu"))
    next(run.iterate())
    session = session_of(run, "cpu")
    far = replace(network, origin=replace(network.origin, file=where))
    path = tmp_path / "far.afterimage"
    save_session(replace(session, network=far), path, with_weights=False)
    looked_at: list[str] = []
    stat = os.stat

    def watched(place, *arguments, **options):
        looked_at.append(str(place))
        return stat(place, *arguments, **options)

    monkeypatch.setattr(os, "stat", watched)
    assert load_session(path).network.layer_sizes == (16, 8, 1)  # It lies beside.
    assert not [p for p in looked_at if "server" in p]


# --- what is no file ------------------------------------------------------------------------------


READERS = {
    "network.pth": load_network,
    "network.safetensors": load_network,
    "network.npz": load_network,
    "run.afterimage": load_session,
    "images.npz": load_images,
    "report.json": lambda path: read_report(path.parent),
    "reconstructions.npz": lambda path: read_reconstructions(path.parent),
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_not_waited_for(tmp_path, name):
    path = tmp_path / name
    os.mkfifo(path)
    found: list[str] = []
    reading = threading.Thread(
        target=lambda: found.append(refusal(READERS[name], path)), daemon=True
    )
    reading.start()
    reading.join(20)
    assert not reading.is_alive()
    assert "pipe or a device" in found[0]
    assert not holds_images(path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_a_device_is_not_read(tmp_path, name, device):
    (tmp_path / name).symlink_to(device)
    assert "pipe or a device" in refusal(READERS[name], tmp_path / name)


@pytest.mark.parametrize("name", [name for name in READERS if name != "images.npz"])
def test_a_folder_with_the_name_of_a_file_is_named_as_one(tmp_path, name):
    (tmp_path / name).mkdir()
    assert "is a folder" in refusal(READERS[name], tmp_path / name)


@pytest.mark.parametrize("name", READERS)
def test_an_empty_file_a_missing_one_and_a_link_that_loops(tmp_path, name):
    path = tmp_path / name
    assert refusal(READERS[name], path)
    path.touch()
    assert refusal(READERS[name], path)
    path.unlink()
    path.symlink_to(path)
    assert refusal(READERS[name], path)


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_may_not_be_read_says_so(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"x" * 100)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in refusal(READERS[name], path)


@pytest.mark.parametrize("name", ["x" * 5000 + ".pth", "a\0b.pth"])
def test_a_name_that_no_file_can_have(tmp_path, name):
    sentence = refusal(load_network, tmp_path / name)
    assert len(sentence) < 500
    assert sentence.isprintable()


def test_pipes_and_folders_among_images_are_named(tmp_path):
    folder = in_class(tmp_path, "1.png", png(4, 4, bytes(20)))
    os.mkfifo(folder / "class" / "2.png")
    assert "2.png is a pipe" in refusal(load_images, folder)
    (folder / "class" / "2.png").unlink()
    (folder / "class" / "2.png").mkdir()  # Is looked into, whatever it is called.
    assert len(load_images(folder)) == 1


# --- links ----------------------------------------------------------------------------------------


def test_a_link_to_a_checkpoint_opens(tmp_path):
    (tmp_path / "link.pth").symlink_to(network_file(tmp_path / "small.pth"))
    assert load_network(tmp_path / "link.pth").origin.name == "link.pth"


def test_results_replace_a_link_and_leave_what_it_points_to(tmp_path):
    precious, link = tmp_path / "precious.txt", tmp_path / "drift.gif"
    precious.write_text("precious")
    link.symlink_to(precious)
    write_bytes(link, b"new")
    assert precious.read_text() == "precious"
    assert not link.is_symlink()
    assert link.read_bytes() == b"new"


def test_nothing_is_written_through_a_link_that_lies_in_wait(tmp_path, monkeypatch):
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    monkeypatch.setattr("engine.base.files.secrets.token_hex", lambda _: "known")
    (tmp_path / ".drift.known.gif").symlink_to(precious)
    with pytest.raises(OSError, match="exists"):
        write_bytes(tmp_path / "drift.gif", b"new")
    assert precious.read_text() == "precious"


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path):
    path = tmp_path / ("é" * 125 + ".gif")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_links_to_itself_is_read_once(tmp_path):
    folder = in_class(tmp_path, "1.png", png(4, 4, bytes(20)))
    (folder / "again").symlink_to(folder)
    (folder / "class" / "deeper").symlink_to(folder)
    (folder / "loop").symlink_to(folder / "loop")
    assert len(load_images(folder)) == 1


# --- names ----------------------------------------------------------------------------------------


NAMES = [
    "\x1b[2J\x1b[31mred\x07.pth",
    "two\nlines\r.pth",
    "\u202ehtp.exe.pth",
    os.fsdecode(b"\xff\xfe.pth"),
    "<img src=x><b>bold.pth",
    "a" * 250 + ".pth",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_gets_nothing_but_plain_text(tmp_path, capfd, name):
    (tmp_path / name).write_bytes(b"no network")
    assert command_line.main(["inspect", str(tmp_path / name)]) == 2
    assert command_line.main(["inspect", str(tmp_path / "none" / name)]) == 2
    said, complained = capfd.readouterr()
    assert not said
    for line in complained.removesuffix("\n").split("\n"):
        assert line.startswith("afterimage: ")
        assert line.isprintable()


@pytest.mark.parametrize("name", NAMES)
def test_a_network_of_any_name_gives_results(tmp_path, capfd, name):
    network, out = str(network_file(tmp_path / name)), tmp_path / "out"
    assert command_line.main(["inspect", network]) == 0
    assert all(line.isprintable() for line in capfd.readouterr().out.splitlines())
    run = ["--steps", "2", "--candidates", "4", "--device", "cpu", "--quiet"]
    assert command_line.main(["reconstruct", network, "--out", str(out), *run]) == 0
    assert json.loads(capfd.readouterr().out)["model"]["file"].isprintable()
    assert "<img src=x>" not in (out / "report.html").read_text(encoding="utf-8")
    assert load_session(out / "session.afterimage").network.origin.file == network


def test_names_inside_of_files_are_plain_in_messages(tmp_path):
    path = tmp_path / "names.pth"
    torch.save({**state(), "\x1b[2J\n\u202econv" + "x" * 100_000: torch.zeros(2, 2, 2, 2)}, path)
    sentence = refusal(load_network, path)
    assert sentence.isprintable()
    assert len(sentence) < 500


def test_names_of_classes_are_plain(tmp_path):
    for name in ("a\x1b[2J\n", "b\u202e"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(4, 4, bytes(20)))
    assert open_source(tmp_path).classes == ("a\\x1b[2J\\n", "b\\u202e")


def test_a_session_cannot_claim_more_steps_than_it_was_set_to(tmp_path):
    network = load_network(network_file(tmp_path / "small.pth"))
    run = Reconstruction(network, replace(fast(), candidates=4, steps=2, device="cpu"))
    next(run.iterate())
    session = session_of(run, "cpu")
    path = tmp_path / "run.afterimage"
    for steps in (3, 10**400):
        save_session(replace(session, state=replace(session.state, steps=steps)), path)
        assert "damaged" in refusal(load_session, path)


def test_errors_of_any_kind_are_plain():
    error = AfterimageError("\x1b[31m„ü”\u2028\ud800 " + "y" * 10_000)
    assert str(error) == "\\x1b[31m„ü”\\u2028\\ud800 " + "y" * 60 + "…" + "y" * 60
    assert len(str(AfterimageError("many words " * 1000))) < 1300


# --- code -----------------------------------------------------------------------------------------


class Hostile:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("name", ["a.pth", "a.npz", "a.safetensors", "a.afterimage", "images.npz"])
def test_a_pickle_under_any_name_is_not_executed(tmp_path, name):
    target = tmp_path / "executed"
    (tmp_path / name).write_bytes(pickle.dumps(Hostile(target)))
    for read in (load_network, load_session, load_images):
        with pytest.raises(UnusableInput):
            read(tmp_path / name)
    assert is_model(tmp_path / name)
    assert not target.exists()


def test_a_pickle_in_a_known_data_sets_place_is_not_executed(tmp_path):
    target = tmp_path / "executed"
    places = [
        tmp_path / "cifar-10-batches-py" / name
        for name in ("data_batch_1", "data_batch_2", "test_batch", "batches.meta")
    ]
    places += [tmp_path / "MNIST" / "processed" / name for name in ("training.pt", "test.pt")]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(pickle.dumps(Hostile(target)))
    for source in ("cifar10", "cifar10:test", "mnist", "mnist:test"):
        with pytest.raises(UnusableInput):
            load_images(source, root=tmp_path)
    assert not target.exists()
