"""A study's folder, here and at an address; who is at work on it."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys

import pytest

from engine.base.errors import UnusableInput
from engine.base.json_text import read_json
from engine.study import places
from engine.study.lock import Lock
from engine.study.places import LocalFolder, RemoteFolder, place_of
from engine.study.store import STUDY, Store
from engine.study.study import Study, study_of
from engine.study.table import Result
from tests.conftest import ROOT
from tests.engine.study.studies import TWO_BY_TWO, ready

MEMORY = "memory://studies"


@pytest.fixture(params=["here", "elsewhere"])
def place(request, tmp_path):
    if request.param == "here":
        return LocalFolder(tmp_path / "study")
    pytest.importorskip("fsspec")
    return RemoteFolder(f"{MEMORY}/{tmp_path.name}")


def test_a_place_gives_back_what_was_written(place):
    assert list(place.names("results")) == []
    assert not place.has("results/a.json")
    place.write("results/a.json", b"one")
    place.write("results/b.json", b"two")
    place.write("results/a.json", b"three")
    assert sorted(place.names("results")) == ["a.json", "b.json"]
    assert place.read("results/a.json") == b"three"
    place.remove("results/a.json")
    place.remove("results/a.json")
    assert sorted(place.names("results")) == ["b.json"]
    with pytest.raises(FileNotFoundError):
        place.read("results/a.json")


def test_a_file_that_is_being_written_is_none_yet(tmp_path):
    place = LocalFolder(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / ".a.0123.json").write_bytes(b"half")
    assert list(place.names("results")) == []


def test_a_study_is_read_as_it_was_written(place, tmp_path):
    study, store = ready(TWO_BY_TWO, tmp_path / "data", place.name)
    assert store.is_there()
    assert store.read() == study
    result = Result(id=study.runs[0].id, state="done", recovered=3, exposure=0.25)
    store.put(result)
    assert store.result(result.id) == result
    assert [row.state for row in store.table(study).rows] == ["done", *["missing"] * 3]


def test_a_study_is_read_entry_by_entry_to_the_same_end(tmp_path):
    study, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    content = store.place.read(STUDY)
    assert study_of(content) == study == read_json(content.decode(), Study)
    assert (len(study.runs), len(study.trainings), len(study.files)) == (4, 2, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"[1]",
        b"{",
        b'{"name": "a", "about": "", "runs": [], "trainings": []}',
        b'{"name": "a", "about": "", "runs": [{"id": "0"}], "trainings": [], "files": []}',
        b'{"name": "a", "about": "", "runs": {}, "trainings": [], "files": []}',
        b'{"name": 1, "about": "", "runs": [], "trainings": [], "files": []}',
        b'{"name": "a", "about": "", "runs": [], "trainings": [], "files": [], "format": 2}',
        b'{"name": "\xff", "about": "", "runs": [], "trainings": [], "files": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_study_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011  (the file says what else)
        study_of(content)


def test_a_result_that_is_damaged_or_of_another_run_is_none(tmp_path):
    store = Store(tmp_path)
    for content in (
        b"{",
        b'{"id": "b", "state": "done"}',
        b'{"id": "a", "state": "gone"}',
        b"\xff",
    ):
        store.place.write("results/a.json", content)
        assert store.result("a") is None


def test_a_folder_without_a_study_says_so(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(UnusableInput, match="holds no study"):
        store.read()
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(UnusableInput, match="is damaged"):
        store.read()


@pytest.mark.parametrize("id_", ["../../x", "a/b", "", "A", "a" * 65])
def test_a_strangers_study_names_no_file_outside_its_folder(tmp_path, id_):
    study, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "out")
    text = (tmp_path / "out" / "study.json").read_text().replace(study.runs[0].id, id_)
    (tmp_path / "out" / "study.json").write_text(text)
    with pytest.raises(UnusableInput, match="is damaged"):
        store.read()


@pytest.mark.skipif(sys.platform == "win32", reason="makes a pipe of POSIX")
def test_a_pipe_in_the_place_of_a_result_is_not_waited_for(tmp_path):
    (tmp_path / "results").mkdir()
    os.mkfifo(tmp_path / "results" / "a.json")
    assert Store(tmp_path).result("a") is None


def test_an_address_whose_package_is_missing_is_refused_in_a_sentence(monkeypatch):
    with pytest.raises(UnusableInput, match="nosuch"):
        place_of("nosuch://bucket/study")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UnusableInput, match=r"requirements-cluster\.txt"):
        place_of("s3://bucket/study")


def test_a_path_is_no_address():
    assert not any(map(places.is_address, ("a/b", "/a", r"C:\a", "C:/a", "a:b")))
    assert places.is_address("s3://bucket/a")


def test_files_at_an_address_are_found_by_their_pattern():
    pytest.importorskip("fsspec")
    place = RemoteFolder("memory://found")
    for name in ("a.pth", "b.pth", "c.txt"):
        place.write(name, name.encode())
    assert places.matching("memory://found/*.pth") == [
        "memory:///found/a.pth",
        "memory:///found/b.pth",
    ]
    assert places.fetch("memory:///found/a.pth") == b"a.pth"
    with pytest.raises(UnusableInput, match="cannot be read"):
        places.fetch("memory://found/nothing.pth")


def test_one_process_at_a_time_works_on_a_study(place):
    store = Store(place.name)
    with Lock(store):
        said = json.loads(store.place.read("lock"))
        assert said["pid"] == os.getpid()
        with pytest.raises(UnusableInput, match=f"Process {os.getpid()} on .* is at work"):
            Lock(Store(place.name)).take()
    with Lock(Store(place.name)):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="asks POSIX whether a process is there")
def test_a_process_that_died_leaves_no_lock_behind(place):
    if isinstance(place, RemoteFolder):  # Of another process there is no memory here.
        process = multiprocessing.get_context("spawn").Process(target=int)
        process.start()
        process.join()
        store = Store(place.name)
        with Lock(store):
            said = json.loads(store.place.read("lock"))
        place.write("lock", json.dumps({**said, "pid": process.pid}).encode())
    else:
        program = (
            "import os, sys;"
            "from engine.study.lock import Lock; from engine.study.store import Store;"
            "lock = Lock(Store(sys.argv[1])); lock.take(); os.kill(os.getpid(), 9)"
        )
        command = [sys.executable, "-c", program, place.name]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    with Lock(Store(place.name)):
        pass
