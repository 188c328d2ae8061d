"""The folders are the architecture: what may know what."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

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
        "commands",
    ),
}
"""The rooms of each tree, from the ground up: a room knows itself and those before it."""


def imports_of(path):
    """The modules that a file names, also where only a type checker reads them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_of(tree):
    """Every file of a tree by its module's name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in (ROOT / tree).rglob("*.py")
        if path.name != "__init__.py"
    }


@pytest.mark.parametrize("tree", FLOORS)
def test_a_room_knows_only_those_below_it(tree):
    floors = FLOORS[tree]
    upward = []
    for module, path in modules_of(tree).items():
        own = floors.index(module.split(".")[1])
        for name in imports_of(path):
            top, _, rest = name.partition(".")
            room = rest.split(".")[0]
            if top == tree and room in floors and floors.index(room) > own:
                upward.append(f"{module} → {name}")
    assert not upward


@pytest.mark.parametrize("tree", FLOORS)
def test_no_files_import_each_other_in_a_circle(tree):
    modules = modules_of(tree)
    known = {name: set(imports_of(path)) & modules.keys() for name, path in modules.items()}
    while leaves := {name for name, others in known.items() if not others & known.keys()}:
        known = {name: others for name, others in known.items() if name not in leaves}
    assert not known, "in a circle, or above one"


@pytest.mark.parametrize("tree", FLOORS)
def test_every_file_is_in_a_room_and_every_room_is_a_floor(tree):
    assert [path.name for path in (ROOT / tree).glob("*.py")] == ["__init__.py"]
    rooms = {path.parent.name for path in (ROOT / tree).glob("*/__init__.py")}
    assert rooms == set(FLOORS[tree])


@pytest.mark.parametrize("path", ENGINE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_engine_file_imports_qt_or_the_window(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & {"PySide6", "pyqtgraph", "gui", "shiboken6"}


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
