"""What runs on networks of every kind leave behind: classes by label, and nothing made up."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import torch

from engine.comparison.cells import sections
from engine.comparison.comparison import compare
from engine.comparison.text import as_dict, facts, table
from engine.data.datasets import LabelledImages
from engine.evidence.diagnostics import check_weights
from engine.evidence.nulls import nulls_for
from engine.evidence.references import References
from engine.exports import results
from engine.exports.report_page import report_page
from engine.exports.stills import write_pngs
from engine.exports.writing import stored_labels, write_npz
from engine.viewing.verdict import verdict_of
from tests.engine.networks import CASES, session_of_case


@pytest.fixture(scope="module", params=CASES)
def session(request):
    return session_of_case(request.param)


def is_fitted(session):
    return session.network.output_count == 1 and session.network.biases[1] is None


def words_of(page):
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_numbers_are_left_as_they_are_and_a_confidence_only_where_it_is_known(session, tmp_path):
    results.export_npz(session, tmp_path / "a.npz")
    results.export_pt(session, tmp_path / "a.pt")
    tensors = torch.load(tmp_path / "a.pt", weights_only=True)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["labels"], session.labels)
        np.testing.assert_array_equal(file["multipliers"], session.multipliers)
        assert ("confidence" in file.files) == ("confidence" in tensors) == is_fitted(session)
        assert file["labels"].dtype == np.int8
    assert torch.equal(tensors["labels"].float(), session.labels)
    assert tensors["about"]["training"] == session.settings.training
    assert tensors["about"]["class_names"] == list(session.network.class_names)


def test_multipliers_of_each_wrong_class_are_kept_apart(tmp_path):
    session = session_of_case("ten outputs, biases everywhere", training="pairwise")
    results.export_npz(session, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        assert file["multipliers"].shape == (20, 10)


def test_many_classes_fit_into_the_labels_of_a_file(session, tmp_path):
    assert stored_labels(torch.tensor([-1.0, 1])).dtype == torch.int8
    labels = torch.arange(20.0) * 50
    assert stored_labels(labels).dtype == torch.int16
    gallery = session.gallery()
    write_npz(tmp_path / "a.npz", session.images(), labels, session.multipliers, gallery, None)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["labels"], labels)


def test_the_report_says_classes_training_and_health(session):
    report = json.loads(json.dumps(results.make_report(session, None)))
    network = session.network
    assert [each["label"] for each in report["model"]["classes"]] == list(network.classes.labels)
    assert [each["name"] for each in report["model"]["classes"]] == list(network.class_names)
    assert report["settings"]["training"] in ("margin", "decay")
    assert report["health"] == check_weights(network).as_dict()
    entries = report["gallery"]["images"]
    labels = [int(session.labels[entry["candidate"]]) for entry in entries]
    assert [entry["label"] for entry in entries] == labels
    known = [entry["confidence"] is not None for entry in entries]
    assert known == [is_fitted(session)] * len(entries)
    assert (report["gallery"]["above_0.9"] is not None) == is_fitted(session)
    assert (report["gallery"]["confidence_unknown"] == "") == is_fitted(session)


def test_the_page_names_classes_and_gives_no_confidence_that_nobody_fitted(session):
    words = words_of(report_page(session, results.make_report(session, None)))
    classes = session.network.classes
    assert f"Classes {classes.count}, told apart by {classes.outputs} output" in words
    assert classes.numbered(classes.labels[-1]) in words
    assert "divided by 0.5" in words
    why = session.gallery().why_unknown
    assert (bool(why) and why in words) != is_fitted(session)
    assert ("is above 0.9 for" in words) == is_fitted(session)
    assert ("An estimate that was fitted to other networks" in words) == is_fitted(session)
    assert not re.search(r"advanced settings: [^.]*training", words)


def test_a_report_says_what_confidences_were_held_to(session):
    report = results.make_report(session, None)
    nulls, entries = session.gallery().nulls, report["gallery"]["images"]
    words = words_of(report_page(session, report))
    if nulls is None:
        assert report["gallery"]["nulls"] is None
        assert {entry["p_value"] for entry in entries} == {None}
        assert "null image" not in words
        return
    table = nulls_for("binary margin, grey", 1)
    assert report["gallery"]["nulls"] == {"images": table.images, "networks": 4}
    logits = session.gallery().trust[session.gallery().candidate].double().logit()
    expected = table.p_value(logits).tolist()
    assert [entry["p_value"] for entry in entries] == pytest.approx(expected)
    assert f"held to {table.images:,} null images" in words
    assert f"with a p-value of {expected[0]:.2g}" in words


def test_a_training_that_somebody_chose_is_said_as_such():
    chosen = session_of_case("two outputs", training="free")
    words = words_of(report_page(chosen, results.make_report(chosen, None)))
    assert "Training Another loss (regression). It was set; the weights would be taken" in words
    assert "training free" in words


@pytest.mark.parametrize("changes", [{}, {"alpha_start": 31.0, "margin_weight": 0.15}])
def test_what_was_set_in_the_window_is_told_apart_from_what_was_chosen(session, changes):
    """Whatever the preset leaves to us is what it comes to on this network."""
    set_by_hand = {"rank": 8, "smoothness": 2.0, **changes}
    if changes:
        session = replace(session, settings=replace(session.settings, **changes))
    words = words_of(report_page(session, results.make_report(session, None)))
    told = ", ".join(f"{name} {value}" for name, value in sorted(set_by_hand.items()))
    assert f"advanced settings: {told}. The command line" in words


def test_a_report_leaves_nothing_to_be_chosen(session):
    settings = results.make_report(session, None)["settings"]
    assert settings["training"] in ("margin", "decay")
    assert settings["training_why"]
    for name in ("margin_weight", "hidden_whitening", "smoothness"):
        assert settings[name] >= 0
    for name in ("candidates", "alpha_start", "initial_scale"):
        assert settings[name] > 0
    assert settings["alpha_end"] == pytest.approx(5 * settings["alpha_start"], rel=5e-3)


def test_pairs_of_any_classes_go_onto_the_page(session):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(20, 1, 8, 8, generator=generator)
    numbers = torch.arange(20) % session.network.classes.count
    references = References.of(session.network, LabelledImages(images, numbers, "train"))
    verdict = verdict_of(session, references)
    report = results.make_report(session, verdict)
    assert "20 of 20 pairs are shown" in words_of(report_page(session, report, verdict))


def test_files_of_single_images_are_named_by_what_is_known(session, tmp_path):
    count = write_pngs(session, tmp_path / "images")
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert len(names) == count
    assert all(("confidence" in name) == is_fitted(session) for name in names)


def test_a_comparison_tells_classes_strengths_and_what_is_not_known(session):
    comparison = compare(session, session)
    side = comparison.sides[0]
    candidate = int(side.gallery.candidate[0])
    told = dict(facts(side, 0))
    label = session.network.classes.numbered(float(session.labels[candidate]))
    assert told["Label"] == label
    assert told["Multiplier"] == f"{session.strengths[candidate]:.3f}"
    assert told["Confidence"].startswith("–") != is_fitted(session)
    rows = {row.name: row for row in table(comparison)}
    assert (rows["Confidence > 0.9"].a == "–") != is_fitted(session)
    numbers = as_dict(comparison, ("a", "b"))
    assert (numbers["a"]["gallery"]["above_0.9"] is None) != is_fitted(session)
    assert len(sections(comparison)) == 3


def test_runs_of_different_training_are_told_apart():
    margin = session_of_case("two outputs", training="margin")
    free = session_of_case("two outputs", training="free")
    rows = {row.name: (row.a, row.b) for row in table(compare(margin, free))}
    assert rows["Training"] == ("Towards a margin", "Another loss (regression)")
