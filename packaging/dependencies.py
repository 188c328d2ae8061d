"""Writes requirements.lock and docs/licences.md from what is installed: `make lock`.

Both follow requirements.txt (and requirements-dev.txt, for the lock) through everything that those
packages need themselves. CUDA's packages, which PyTorch pins itself and which not every machine
gets, are left out of the lock, and so is pip itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEVELOPMENT = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
LOCK, LICENCES = ROOT / "requirements.lock", ROOT / "docs" / "licences.md"

_LEFT_OUT = re.compile(r"(nvidia|cuda)-|triton$|pip$")
_LOCK_HEAD = """\
# Exact versions that the tests have passed with. Made by `make lock`; not edited by hand.
# They constrain what requirements.txt and requirements-dev.txt ask for (pip install -c).
"""
_LICENCES_HEAD = """\
# Licences

Afterimage is under the [MIT licence](../LICENSE). It needs these packages to run; `make lock` makes
this table of what each says of itself, in the version that is pinned.

| package | wanted | pinned | licence |
| --- | --- | --- | --- |
"""
_LICENCES_TAIL = """
**Wanted** is what `requirements.txt` asks for, or the package that asks for it. PyTorch for Linux
brings NVIDIA's CUDA libraries (NVIDIA's own licence, redistributable with an application) and
Triton (MIT). Qt, which PySide6 brings, is under LGPL-3.0: its libraries lie beside the application
as files of their own, and may be replaced. imageio-ffmpeg brings a program, ffmpeg, that is under
GPL-3.0 as a whole; Afterimage runs it as a process of its own.

The bundled samples hold images of MNIST and CIFAR-10; whose they are, and under which licence,
is said in [resources/samples/README.md](../resources/samples/README.md).
"""
_BY_TROVE = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_LONGEST_LICENCE = 80


def requirements(path: Path) -> list[Requirement]:
    """What a requirements file asks for, without what it includes."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def closure(wanted: list[Requirement]) -> dict[str, tuple[Distribution, str]]:
    """All packages that these need, by name: what is installed, and which package asks for it."""
    found: dict[str, tuple[Distribution, str]] = {}
    open_ = [(requirement, "") for requirement in wanted]
    while open_:
        requirement, by = open_.pop(0)
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            found[name] = (distribution(requirement.name), by)
        except PackageNotFoundError:
            continue  # Of another system.
        open_ += [(needed, name) for needed in _needed(found[name][0])]
    return found


def _needed(package: Distribution) -> Iterator[Requirement]:
    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def public_version(package: Distribution) -> str:
    """`2.10.0+cu130` → `2.10.0`."""
    return package.version.split("+")[0]


def licence(package: Distribution) -> str:
    """What a package says of its licence, in few words."""
    meta = package.metadata
    stated = meta.get("License-Expression") or meta.get("License") or ""
    troves = [
        line.split(" :: ")[-1] for line in meta.get_all("Classifier") or () if "Licen" in line
    ]
    if stated and "\n" not in stated and len(stated) <= _LONGEST_LICENCE:
        return stated
    return " or ".join(_BY_TROVE.get(trove, trove) for trove in troves) or stated.split("\n")[0]


def write_lock() -> None:
    """Writes requirements.lock."""
    everything = closure(requirements(RUNTIME) + requirements(DEVELOPMENT))
    pins = [
        f"{name}=={public_version(package)}"
        for name, (package, _) in sorted(everything.items())
        if not _LEFT_OUT.match(name)
    ]
    LOCK.write_text(_LOCK_HEAD + "\n".join(pins) + "\n", encoding="utf-8")


def write_licences() -> None:
    """Writes docs/licences.md."""
    wanted = {canonicalize_name(each.name): str(each.specifier) for each in requirements(RUNTIME)}
    rows = [
        f"| {package.metadata['Name']} | {wanted.get(name) or f'by {by}'} | "
        f"{public_version(package)} | {licence(package)} |"
        for name, (package, by) in sorted(closure(requirements(RUNTIME)).items())
        if not _LEFT_OUT.match(name)
    ]
    LICENCES.write_text(_LICENCES_HEAD + "\n".join(rows) + "\n" + _LICENCES_TAIL, encoding="utf-8")


if __name__ == "__main__":
    write_lock()
    write_licences()
