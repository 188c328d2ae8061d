"""Pages are templates that escape all that goes into them: strangers' words stay words."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import count

import jinja2
import pytest
import torch

from engine.base.resources import resource_folder
from engine.comparison.comparison import compare
from engine.comparison.page import comparison_page
from engine.evidence.references import References
from engine.exports import results
from engine.exports.page_parts import whole_page
from engine.exports.report_page import report_page
from engine.network.network import Origin
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from engine.viewing.verdict import verdict_of
from tests.conftest import ROOT

HOSTILE = """'"><img src=x onerror=y><script>z</script><!-- {{ 7 * 7 }} {% raw %} &lt;i> </style>"""
TEMPLATES = sorted((resource_folder() / "pages").iterdir())


class Structure(HTMLParser):
    """Elements and names of their attributes in order; the words in them and between them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.words += [value or "" for _, value in attrs]

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        self.tags.append(("comment", data))


@pytest.fixture(scope="module")
def references():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 6, 1, 4, 4, generator=generator)


@pytest.fixture(scope="module")
def session(make_network, references):
    network = replace(
        make_network(16, 12, 10, 1).with_input_shape((1, 4, 4)), origin=Origin("a.pth", "ab" * 32)
    )
    run = Reconstruction(network, replace(fast(), candidates=9, steps=20, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu", "It ended early.")


def known(session, references):
    return References(*references, references[0].mean(0), None, session.network)


def places_of_words(report, path=()):
    """Where words stand in a report; some are ours or looked up by name, or the session is
    refused.
    """
    for key, value in report.items():
        if isinstance(value, dict):
            yield from places_of_words(value, (*path, key))
        elif isinstance(value, str) and key not in ("preset", "training", "said_by"):
            yield (*path, key)


def with_words(report, place, words):
    changed = copy.deepcopy(report)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = words
    return changed


def test_words_in_any_field_of_a_report_stay_words(session, references):
    verdict = verdict_of(session, known(session, references))
    report = results.make_report(session, verdict)
    places = list(places_of_words(report))
    assert {place[-1] for place in places} >= {"file", "sha256", "device", "rule", "note", "torch"}
    shown = 0
    for place in places:
        # The window's settings are told apart from the preset's: a paragraph more.
        plain = Structure(report_page(session, with_words(report, place, "plain"), verdict))
        found = Structure(report_page(session, with_words(report, place, HOSTILE), verdict))
        assert found.tags == plain.tags, place
        shown += HOSTILE in " ".join(found.words)
    # The rule of the control is that of the training images; of grey ones no layout is spoken; a
    # caution is a part of the outlook.
    assert shown >= len(places) - 5


def test_words_of_a_session_stay_words_on_both_pages(session, references, tmp_path):
    """By way of its file, as a stranger's session comes."""
    pages, number = [], count()
    for words in ("plain", HOSTILE, f"{HOSTILE}\x1b[31m\u202e\ud800\n"):
        origin = replace(session.network.origin, file=f"/home/{words}".replace("/s", "s"))
        path = tmp_path / f"{next(number)}.afterimage"
        images = known(session, references)
        evidence = images.score(session.images())
        scored = replace(evidence, rule=words.partition("\x1b")[0]).as_dict()
        made = replace(session, device=words, note=words, evidence=scored)
        made = replace(
            made,
            network=replace(session.network, origin=origin),
            state=replace(session.state, notes=(words, words)),
        )
        save_session(made, path)
        back = load_session(path)
        pages.append(
            [
                report_page(back, results.make_report(back, None)),
                comparison_page(compare(back, session, (images, images)), (words, words)),
            ]
        )
    for plain, *others in zip(*pages, strict=True):
        for page in others:
            assert Structure(page).tags == Structure(plain).tags
            assert "<script" not in page
            assert page.encode()
            assert not re.search("[\x1b\u202e]", page)


def test_a_template_has_to_be_given_what_it_asks_for():
    with pytest.raises(jinja2.UndefinedError):
        whole_page("comparison.html.j2", headline="all but the rest")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_passes_words_on_as_they_are(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe|autoescape|Markup|<script|https?:", text)
    assert not re.search(r"=\s*\{\{", text), "an attribute without quotes escapes nothing"


def test_nothing_in_the_engine_declares_words_to_be_markup():
    for path in (ROOT / "engine").rglob("*.py"):
        assert "Markup" not in path.read_text(encoding="utf-8"), path
