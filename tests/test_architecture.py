"""The folders are the architecture: what may know what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib import import_module

import pytest

from engine.commands import command_line
from engine.commands.names import COMMANDS
from tests.conftest import ROOT

ENGINE_FILES = sorted((ROOT / "engine").rglob("*.py"))
FLOORS = {
    "engine": (
        "base",
        "runtime",
        "data",
        "network",
        "stationarity",
        "reconstruction",
        "evidence",
        "session",
        "training",
        "viewing",
        "exports",
        "comparison",
        "study",
        "commands",
    ),
    "gui": (
        "toolkit",
        "state",
        "run",
        "opening",
        "views",
        "stage",
        "inspector",
        "exports",
        "training",
        "comparison",
        "queue",
        "study",
        "preferences",
        "help",
        "errors",
        "app",
    ),
}
"""The rooms of each tree, the lowest first: a room knows those before it, and none after it."""


def modules(tree):
    """The files of a tree, by the names that they are imported by."""
    names = {}
    for path in sorted((ROOT / tree).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imported_by(name, path):
    """All that a file imports, wherever in it: for a type checker and inside a function, too."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def graph(tree):
    """Which files of a tree each of them imports; packages, which hold no code, are left out."""
    files = modules(tree)
    return {
        name: {each for each in imported_by(name, path) if each in files and each != name}
        - ({each for each in files if files[each].name == "__init__.py"})
        for name, path in files.items()
    }


def room(name):
    return name.split(".")[1]


@pytest.mark.parametrize("tree", ["engine", "gui"])
def test_no_file_comes_back_to_itself_through_its_imports(tree):
    try:
        TopologicalSorter(graph(tree)).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("tree", FLOORS)
def test_no_room_knows_one_above_it(tree):
    floor = FLOORS[tree].index
    upwards = [
        f"{name} imports {other}"
        for name, others in graph(tree).items()
        for other in others
        if name != tree and floor(room(other)) > floor(room(name))
    ]
    assert upwards == []


@pytest.mark.parametrize("tree", FLOORS)
def test_every_file_is_in_a_room_and_every_room_on_a_floor(tree):
    assert [path.name for path in (ROOT / tree).glob("*.py")] == ["__init__.py"]
    rooms = {path.parent.relative_to(ROOT / tree).parts[0] for path in (ROOT / tree).glob("*/*.py")}
    assert rooms == set(FLOORS[tree])


@pytest.mark.parametrize("tree", FLOORS)
def test_packages_hold_no_code(tree):
    """So that to import a file is to import that file alone."""
    for path in (ROOT / tree).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr) for node in body), path


def test_only_those_who_start_the_window_know_it():
    naming = {
        path.relative_to(ROOT / "gui")
        for path in (ROOT / "gui").rglob("*.py")
        if re.search(r"\bMainWindow\b", path.read_text(encoding="utf-8"))
    }
    assert {path.parts[0] for path in naming} == {"app"}
    assert len(naming) <= 2


def test_types_are_checked_strictly_in_both_trees_and_nothing_is_left_out():
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert mypy["strict"] is True
    assert {"engine", "gui", "main.py"} <= set(mypy["files"])
    assert not {"exclude", "ignore_errors", "follow_imports"} & set(mypy)
    for override in mypy["overrides"]:
        of_ours = [each for each in override["module"] if each.split(".")[0] in ("engine", "gui")]
        assert of_ours == []
        assert set(override) == {"module", "ignore_missing_imports"}


@pytest.mark.parametrize("path", ENGINE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_engine_file_imports_qt_or_the_window(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & {"PySide6", "pyqtgraph", "gui", "shiboken6"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_the_file_of_its_name(command, capsys):
    """Its options and what it does stand there, and the command line only asks for them."""
    module = import_module(f"engine.commands.{command}")
    assert module.run.__module__ == module.add_arguments.__module__ == module.__name__
    with pytest.raises(SystemExit):
        command_line.main(["--help"])
    assert module.ABOUT in " ".join(capsys.readouterr().out.split())


def test_the_command_line_runs_without_ever_loading_qt():
    program = (
        "import sys, engine.commands.command_line;"
        "sys.exit(any(name.startswith(('PySide6', 'gui')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("module", ["engine.commands.command_line", "gui.app.main_window"])
def test_neither_help_nor_the_window_waits_for_what_takes_seconds_to_load(module):
    program = (
        f"import sys, {module};"
        "slow = {'torch', 'torchvision', 'scipy', 'kornia', 'imageio_ffmpeg', 'jinja2'};"
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "name", ["oracle", "test_oracle_step", "test_oracle_size", "test_oracle_evidence"]
)
def test_the_oracle_uses_nothing_of_what_it_is_held_against(name):
    """Only `under_test` knows the engine."""
    text = (ROOT / "tests" / "engine" / f"{name}.py").read_text("utf-8")
    assert "from engine" not in text
    assert "import engine" not in text
