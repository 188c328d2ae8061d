"""Makes what people on Linux download, out of the folder that PyInstaller made.

    python packaging/linux/build.py dist/Afterimage

Writes `afterimage-VERSION-linux-MACHINE.tar.xz`, which runs where it is unpacked, and where
`dpkg-deb` is at hand `afterimage_VERSION_ARCHITECTURE.deb`, which also enters the menu and knows
the files that Afterimage opens.
"""

from __future__ import annotations

import os
import platform
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_PACKAGING = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_PACKAGING.parent))

from engine.base.version import VERSION  # noqa: E402

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_XZ_PRESET = 1
"""Three times as quick as the usual 6, for a tenth more bytes."""

_NEEDS = (
    "libdbus-1-3, libegl1, libfontconfig1, libgl1, libglib2.0-0 | libglib2.0-0t64, libx11-6, "
    "libxkbcommon0, libxkbcommon-x11-0, libxcb-cursor0, libxcb-icccm4, libxcb-image0, "
    "libxcb-keysyms1, libxcb-render-util0, libxcb-shape0"
)
_CONTROL = """\
Package: afterimage
Version: {version}
Architecture: {architecture}
Maintainer: Afterimage <afterimage@localhost>
Section: science
Priority: optional
Installed-Size: {kibibytes}
Depends: libc6 (>= {libc}), {needs}
Description: reconstructs images out of a neural network's weights
 Afterimage opens a trained neural network and reconstructs images that it was
 trained on, out of its weights alone. It says how much of what it shows is real.
"""


def main() -> int:
    """Writes both beside the folder."""
    program = Path(sys.argv[1]).resolve()
    machine = platform.machine()
    archive = program.parent / f"afterimage-{VERSION}-linux-{machine}.tar.xz"
    with tarfile.open(archive, "w:xz", preset=_XZ_PRESET) as tar:
        tar.add(program, f"Afterimage-{VERSION}")
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB")
    if shutil.which("dpkg-deb") is None:
        print("There is no dpkg-deb here, so no .deb is made.")
        return 0
    architecture = _ARCHITECTURES.get(machine, machine)
    package = program.parent / f"afterimage_{VERSION}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        tree = Path(folder) / "root"
        lay_out(program, tree, architecture)
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{_XZ_PRESET}", "--build"]
        subprocess.run([*command, tree, package], check=True, stdout=subprocess.DEVNULL)
    print(f"{package}: {package.stat().st_size / 1e6:.0f} MB")
    return 0


def lay_out(program: Path, tree: Path, architecture: str) -> None:
    """Puts everything where an installed system has it, below `tree`."""
    shutil.copytree(program, tree / "opt" / "afterimage", symlinks=True, copy_function=os.link)
    command = tree / "usr" / "bin" / "afterimage"
    command.parent.mkdir(parents=True)
    command.symlink_to("/opt/afterimage/Afterimage")
    share, here = tree / "usr" / "share", Path(__file__).parent
    put(here / "afterimage.desktop", share / "applications" / "afterimage.desktop")
    put(here / "afterimage.xml", share / "mime" / "packages" / "afterimage.xml")
    put(_PACKAGING.parent / "LICENSE", share / "doc" / "afterimage" / "copyright")
    put_icons(share / "icons" / "hicolor")
    kibibytes = sum(f.lstat().st_size for f in tree.rglob("*") if f.is_file()) // 1024
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        _CONTROL.format(
            version=VERSION,
            architecture=architecture,
            kibibytes=kibibytes,
            libc=platform.libc_ver()[1],
            needs=_NEEDS,
        )
    )


def put_icons(theme: Path) -> None:
    """The icon as SVG and in all sizes, where a theme of icons has them."""
    put(
        _PACKAGING.parent / "resources/icons/afterimage.svg", theme / "scalable/apps/afterimage.svg"
    )
    icons = runpy.run_path(str(_PACKAGING / "icons.py"))
    for size in icons["SIZES"]:
        path = theme / f"{size}x{size}" / "apps" / "afterimage.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(icons["png"](size))


def put(source: Path, target: Path) -> None:
    """A copy that everybody may read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())
