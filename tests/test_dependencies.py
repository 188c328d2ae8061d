"""Every package that is needed is pinned within its bounds, and its licence is listed."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT


def requirements(name):
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pinned():
    pins = {}
    for each in requirements("requirements.lock"):
        (exact,) = each.specifier
        assert exact.operator == "=="
        assert "*" not in exact.version
        pins[canonicalize_name(each.name)] = exact.version
    return pins


def listed():
    """Name → pinned version and licence, from the table."""
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines()]
    table = [row for row in rows if len(row) == 4 and row[0] not in ("package", "---")]
    return {canonicalize_name(name): (pin, licence) for name, _, pin, licence in table}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_needed_is_pinned_within_its_bounds(name):
    pins = pinned()
    for each in requirements(name):
        assert each.specifier.contains(pins[canonicalize_name(each.name)]), each


def test_every_package_that_runs_has_its_licence_listed():
    table, pins = listed(), pinned()
    for each in requirements("requirements.txt"):
        assert canonicalize_name(each.name) in table
    for name, (pin, licence) in table.items():
        assert pins[name] == pin
        assert re.search(r"MIT|BSD|Apache|PSF|MPL|LGPL", licence), name


def test_the_bounds_that_decisions_2_explains():
    bounds = {each.name: each.specifier for each in requirements("requirements.txt")}
    assert bounds["torch"].contains("2.10.0")
    assert not bounds["torch"].contains("2.9.1")
    assert not bounds["PySide6-Essentials"].contains("6.12.0")


def test_no_place_to_fetch_from_is_written_down():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock"):
        assert not re.search(
            r"https?://|file:|index-url|find-links|\s@\s", (ROOT / name).read_text()
        )
