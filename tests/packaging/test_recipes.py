"""The recipes for all three systems, as far as one system can read them."""

from __future__ import annotations

import configparser
import io
import re
import runpy
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import PyInstaller.utils.hooks  # noqa: F401  # Before a test says that this is another system.
import pytest
from PIL import Image

from engine.base.version import VERSION
from engine.network.readers import SUFFIXES
from engine.session.session import SUFFIX
from tests.conftest import ROOT

PACKAGING = ROOT / "packaging"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"


class Read:
    """What PyInstaller would be told, by the name of its part."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, tuple, dict]] = []
        namespace = {"SPECPATH": str(PACKAGING), "workpath": str(folder)}
        parts = {name: self._part(name) for name in ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")}
        code = (PACKAGING / "afterimage.spec").read_text(encoding="utf-8")
        exec(compile(code, "afterimage.spec", "exec"), {**namespace, **parts})

    def _part(self, name):
        def part(*arguments, **options):
            self.told.append((name, arguments, options))
            found = [
                ("torch/lib/libtorch.so", "/site/torch/lib/libtorch.so", "BINARY"),
                ("torch/bin/protoc", "/site/torch/bin/protoc", "DATA"),
                ("libcudart.so.13", "/site/torchvision.libs/libcudart.so.13", "BINARY"),
            ]
            return SimpleNamespace(pure=[], scripts=[], binaries=found, datas=found)

        return part

    def of(self, name):
        return [(arguments, options) for part, arguments, options in self.told if part == name]


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_the_spec_takes_files_that_exist_and_compresses_no_library(system, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", system)
    spec = Read(tmp_path)
    ((scripts,), analysis), *_ = spec.of("Analysis")
    for path in (
        *scripts,
        *analysis["runtime_hooks"],
        *(source for source, _ in analysis["datas"]),
    ):
        assert Path(path).exists(), path
    assert {"resources/icons", "resources/pages"} <= {target for _, target in analysis["datas"]}
    programs = [options for _, options in spec.of("EXE")]
    assert all(Path(options["icon"]).exists() and not options["upx"] for options in programs)
    ((_, collect),) = spec.of("COLLECT")
    assert collect == {"name": "Afterimage", "upx": False}
    assert len(programs) == (2 if system == "win32" else 1)


def test_what_is_never_used_is_left_out(tmp_path):
    ((arguments, _),) = Read(tmp_path).of("COLLECT")
    for entries in arguments[-2:]:
        assert [name for name, *_ in entries] == ["torch/lib/libtorch.so"]


def test_windows_shows_the_version_of_the_program(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    program = Read(tmp_path).of("EXE")[0][1]
    text = Path(program["version"]).read_text()
    compile(text, "version.txt", "eval")
    assert f"'FileVersion', '{VERSION}'" in text


def test_macos_knows_every_kind_of_file_that_the_window_opens(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    ((_, bundle),) = Read(tmp_path).of("BUNDLE")
    exported = bundle["info_plist"]["UTExportedTypeDeclarations"][0]
    session, network = bundle["info_plist"]["CFBundleDocumentTypes"]
    assert exported["UTTypeTagSpecification"]["public.filename-extension"] == [SUFFIX[1:]]
    assert session["LSItemContentTypes"] == [exported["UTTypeIdentifier"]]
    assert {f".{name}" for name in network["CFBundleTypeExtensions"]} == set(SUFFIXES)
    assert "LSItemContentTypes" not in network  # It would outweigh the extensions.


def test_linux_knows_every_kind_of_file_that_the_window_opens():
    kinds = ElementTree.parse(PACKAGING / "linux" / "afterimage.xml").getroot()
    globs = [glob.get("pattern") for glob in kinds.iter(f"{MIME}glob")]
    assert sorted(globs) == sorted(f"*{suffix}" for suffix in (*SUFFIXES, SUFFIX))
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read(PACKAGING / "linux" / "afterimage.desktop", encoding="utf-8")
    offered = entry["Desktop Entry"]["MimeType"].rstrip(";").split(";")
    assert offered == [kind.get("type") for kind in kinds.iter(f"{MIME}mime-type")]


def test_the_installer_of_windows_knows_every_kind_of_file_that_the_window_opens(tmp_path):
    script = (PACKAGING / "afterimage.iss").read_text(encoding="utf-8")
    offered = re.findall(r'SupportedTypes"; ValueType: string; ValueName: "([^"]*)"', script)
    assert sorted(offered) == sorted(SUFFIXES)
    assert f'Subkey: "Software\\Classes\\{SUFFIX}"; ValueType: string' in script
    assert (ROOT / re.search(r"^LicenseFile=(.*)$", script, re.M)[1]).exists()
    assert re.search(r'^Source: "dist\\Afterimage\\\*"', script, re.M)


@pytest.fixture(scope="module")
def icons(tmp_path_factory):
    """Everything that the script draws."""
    folder = tmp_path_factory.mktemp("icons")
    drawn = runpy.run_path(str(PACKAGING / "icons.py"))
    drawn["draw_icons"](folder)
    return folder, drawn["SIZES"]


def test_the_icon_is_there_in_every_size_and_is_not_empty(icons):
    folder, sizes = icons
    for size in sizes:
        image = Image.open(folder / f"afterimage-{size}.png")
        assert image.size == (size, size)
        assert image.getchannel("A").getextrema() == (0, 255)
        assert len(set(image.convert("RGB").get_flattened_data())) > 10


@pytest.mark.parametrize(("name", "largest"), [("afterimage.ico", 256), ("afterimage.icns", 512)])
def test_the_icons_of_windows_and_macos_hold_the_same_pictures(icons, name, largest):
    folder, _ = icons
    container = Image.open(io.BytesIO((folder / name).read_bytes()))
    assert max(size[0] for size in container.info["sizes"]) == largest
    alone = Image.open(folder / f"afterimage-{largest}.png")
    assert container.convert("RGBA").tobytes() == alone.convert("RGBA").tobytes()
