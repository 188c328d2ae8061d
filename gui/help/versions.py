"""What the application is made of, for people who look into a fault; loads nothing for it."""

from __future__ import annotations

import platform
from importlib.metadata import version

import PySide6
from PySide6.QtCore import QSysInfo, qVersion

from engine.base.version import VERSION


def versions() -> dict[str, str]:
    """Names and versions: of the application, of what it is built on, and of the system."""
    return {
        "Afterimage": VERSION,
        "Python": platform.python_version(),
        "PyTorch": version("torch"),
        "PySide6": f"{PySide6.__version__} (Qt {qVersion()})",
        "System": f"{QSysInfo.prettyProductName()}, {QSysInfo.currentCpuArchitecture()}",
    }


def in_one_line(names: dict[str, str]) -> str:
    """`Afterimage 0.1.0, Python 3.11.7, …`."""
    return ", ".join(f"{name} {value}" for name, value in names.items())
