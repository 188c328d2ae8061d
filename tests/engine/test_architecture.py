"""The folders are the architecture: what may know what."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

ENGINE_FILES = sorted((ROOT / "engine").rglob("*.py"))


@pytest.mark.parametrize("path", ENGINE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_engine_file_imports_qt_or_the_window(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & {"PySide6", "pyqtgraph", "gui", "shiboken6"}


@pytest.mark.parametrize(
    "name", ["oracle", "test_oracle_step", "test_oracle_size", "test_oracle_evidence"]
)
def test_the_oracle_uses_nothing_of_what_it_is_held_against(name):
    """Only `under_test` knows the engine."""
    text = (ROOT / "tests" / "engine" / f"{name}.py").read_text("utf-8")
    assert "from engine" not in text
    assert "import engine" not in text


def test_the_command_line_runs_without_ever_loading_qt():
    program = (
        "import sys, engine.command_line;"
        "sys.exit(any(name.startswith(('PySide6', 'gui')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("module", ["engine.command_line", "gui.main_window"])
def test_neither_help_nor_the_window_waits_for_what_takes_seconds_to_load(module):
    program = (
        f"import sys, {module};"
        "slow = {'torch', 'torchvision', 'scipy', 'kornia', 'imageio_ffmpeg'} & set(sys.modules);"
        "print(*sorted(slow))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []
