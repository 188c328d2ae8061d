"""Two runs side by side: who found what, whatever their order, and what is said of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import torch
from PIL import Image, ImageColor
from scipy.optimize import linear_sum_assignment

from engine.base.colours import COLOURS, RUNS
from engine.base.errors import UnusableInput
from engine.base.progress import Cancelled
from engine.comparison.cells import sections
from engine.comparison.comparison import compare
from engine.comparison.files import write_comparison
from engine.comparison.page import comparison_page
from engine.comparison.picture import gallery_picture
from engine.comparison.recovered import UNKNOWN, count_recovered, recovered_in_words
from engine.comparison.text import CAUTION, as_dict, as_text, headline, remarks, table
from engine.evidence.references import References
from engine.evidence.scoring import GOOD_NCC, score
from engine.evidence.similarity import stretched
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from tests.engine.commands.test_command_line import call
from tests.engine.session.test_session_formats import FIXTURES


@pytest.fixture(scope="module")
def network(make_network):
    return make_network(16, 12, 10, 1, shape=(1, 4, 4))


@pytest.fixture(scope="module")
def a(network):
    return run(network, seed=0)


@pytest.fixture(scope="module")
def b(network):
    return run(network, seed=1)


def run(network, seed=0, **settings):
    noise = {"initial_scale": 1.5, "alpha_start": 30.0, "alpha_end": 80.0}
    chosen = {"candidates": 24, "steps": 12, "rank": 10, "device": "cpu", **noise, **settings}
    reconstruction = Reconstruction(network, replace(fast(), seed=seed, **chosen))
    for _ in reconstruction.iterate():
        pass
    return session_of(reconstruction, "cpu")


def gallery_images(session):
    return session.images()[session.gallery().candidate].flatten(1).numpy()


def pairs(comparison):
    return {tuple(pair) for pair in comparison.both.tolist()}


def rows(comparison):
    return {row.name: (row.a, row.b) for row in table(comparison)}


def test_found_by_both_is_what_a_direct_computation_says(a, b):
    comparison = compare(a, b)
    one, other = gallery_images(a), gallery_images(b)
    ncc = np.corrcoef(one, other)[: len(one), len(one) :]
    good = [
        (row, column)
        for row, column in zip(*linear_sum_assignment(-ncc), strict=True)
        if ncc[row, column] > GOOD_NCC
    ]
    assert 0 < len(good) < min(len(one), len(other))
    assert pairs(comparison) == set(good)
    np.testing.assert_allclose(comparison.measure, sorted(ncc[p] for p in good)[::-1], atol=1e-5)


def test_every_image_is_found_by_both_or_by_one(a, b):
    comparison = compare(a, b)
    for index, side in enumerate(comparison.sides):
        places = [*comparison.both[:, index], *comparison.only[index]]
        assert sorted(places) == list(range(len(side.gallery)))
        assert sorted(comparison.only[index]) == comparison.only[index].tolist()


def test_exchanging_the_runs_exchanges_the_sides(network, a):
    shorter = run(network, seed=1, steps=9)
    one, other = compare(a, shorter), compare(shorter, a)
    assert pairs(one) == {(y, x) for x, y in pairs(other)}
    np.testing.assert_allclose(one.measure, other.measure, atol=1e-6)
    np.testing.assert_array_equal(one.only[0], other.only[1])
    assert [(d.name, *d.values) for d in one.settings] == [
        (d.name, *d.values[::-1]) for d in other.settings
    ]
    assert [(row.name, row.b, row.a) for row in table(one)] == [
        (row.name, row.a, row.b) for row in table(other)
    ]


def test_in_colour_too(make_network):
    colour = make_network(48, 12, 1, shape=(3, 4, 4), mean=torch.rand(3, 4, 4) * 0.1 + 0.4)
    a, b = run(colour, seed=0), run(colour, seed=1)
    one, other = compare(a, b), compare(b, a)
    assert "SSIM" in one.rule
    assert pairs(one) == {(y, x) for x, y in pairs(other)}
    np.testing.assert_allclose(one.measure, other.measure, atol=1e-6)
    assert (one.measure > 0.4).all()


def test_a_run_and_itself_share_everything(a):
    comparison = compare(a, a)
    count = len(a.gallery())
    assert pairs(comparison) == {(place, place) for place in range(count)}
    np.testing.assert_allclose(comparison.measure, 1, atol=1e-5)
    assert [len(places) for places in comparison.only] == [0, 0]
    assert comparison.settings == ()
    assert not any(row.differs for row in table(comparison))
    assert "not found independently" in " ".join(remarks(comparison))
    assert headline(comparison) == f"{count} found by both, 0 only in A, 0 only in B"


def test_settings_that_differ_are_told_by_the_names_that_people_see(network, a):
    other = run(network, seed=1, margin_weight=0.5, optimizer="sgd")
    comparison = compare(a, replace(other, settings=replace(other.settings, device="auto")))
    found = {each.label: each.values for each in comparison.settings}
    assert found == {
        "Seed": (0, 1),
        "Pull to one margin": (0.2, 0.5),
        "Optimiser": ("adam", "sgd"),
    }
    assert rows(comparison)["Pull to one margin"] == ("0.2", "0.5")


def test_restarts_that_take_the_same_seed_start_from_the_same_noise(network, b):
    pooled, other = run(network, seed=0, restarts=2), run(network, seed=2)
    assert compare(pooled, b).shares_noise
    assert not compare(pooled, other).shares_noise
    assert rows(compare(pooled, other))["Seed"] == ("0 to 1", "2")


def test_networks_may_differ_but_not_the_shape_of_their_images(network, make_network, a):
    other = make_network(16, 9, 1, seed=1, shape=(1, 4, 4))
    comparison = compare(a, run(other))
    assert not comparison.has_same_weights
    assert not comparison.shares_noise
    assert "different networks" in remarks(comparison)[0]
    with pytest.raises(UnusableInput, match=r"1×4×4.*1×2×8"):
        compare(a, run(network.with_input_shape((1, 2, 8))))


def test_the_same_weights_are_one_network_whatever_file_they_are_from(network, a, b):
    origin = replace(network.origin, file="copy.pth", sha256="f" * 64)
    same = compare(a, replace(b, network=replace(network, origin=origin)))
    assert same.has_same_weights
    assert not same.has_same_checkpoint
    assert "two files" in remarks(same)[0]
    changed = [w.clone() for w in network.weights]
    changed[1][0, 0] += 0.1
    parameters = replace(network.parameters, weights=tuple(changed))
    other = replace(b, network=replace(network, parameters=parameters))
    assert not compare(a, other).has_same_weights


def test_scores_are_those_of_the_session_or_of_given_references(a, b):
    assert rows(compare(a, b))["Recovered"] == ("not scored", "not scored")
    train, control = torch.rand(5, 1, 4, 4), torch.rand(4, 1, 4, 4)
    references = References(train, control, None)
    alone = score(a.images(), train)
    kept = compare(a.with_evidence(alone.as_dict()), b)
    assert rows(kept)["Recovered"] == (f"{alone.train.good} good of 5, no control", "not scored")
    scored = score(b.images(), train, control)
    given = compare(a, b, (None, references))
    assert rows(given)["Recovered"][1] == (
        f"{scored.recovered} of 5 (control {scored.control.good} of 4)"
    )


# --- how many are real ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planted(a, b):
    """Training images that A found for certain: two that both found, and one that B did not."""
    comparison = compare(a, b)
    places = [*comparison.both[:2, 0], comparison.only[0][0]]
    train = stretched(a.images()[a.gallery().candidate[places]])
    control = torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    return References(train, control, torch.zeros(1, 4, 4)), places


def test_found_by_both_says_how_many_are_recovered(a, b, planted):
    references, places = planted
    comparison = compare(a, b, (references, references))
    ours, theirs = (side.is_recovered for side in comparison.sides)
    assert sorted(np.flatnonzero(ours)) == sorted(places)
    bar = references.score(b.images()).control.best
    images = b.images()[b.gallery().candidate]
    ncc = np.corrcoef(images.flatten(1), references.train.flatten(1))[: len(images), len(images) :]
    rows_, columns = linear_sum_assignment(-ncc)
    expected = {row for row, n in zip(rows_, ncc[rows_, columns], strict=True) if n > max(bar, 0.8)}
    assert set(np.flatnonzero(theirs)) == expected
    counts = count_recovered(comparison)
    both = comparison.both
    assert counts.of_both == (2, sum(place in expected for place in both[:, 1]))
    in_a, in_b = ours[both[:, 0]], theirs[both[:, 1]]
    assert (counts.in_both, counts.in_one) == (sum(in_a & in_b), sum(in_a != in_b))
    assert counts.of_only == (1, len(expected) - counts.of_both[1])
    words = recovered_in_words(comparison)
    assert f"Of the {len(both)} found by both: 2 recovered in A, {counts.of_both[1]}" in words
    assert rows(comparison)["Found by both, recovered"][0] == f"2 of {len(both)}"
    assert rows(comparison)["Only here, recovered"][0] == f"1 of {len(comparison.only[0])}"


def test_training_images_are_counted_whichever_candidate_recovered_them(a, b, planted):
    references, _ = planted
    counts = count_recovered(compare(a, b, (references, references)))
    found = [references.score(run.images()) for run in (a, b)]
    ours, theirs = (set(each.train.reference[each.is_recovered]) for each in found)
    assert ours == {0, 1, 2}
    assert counts.training_images == (len(ours & theirs), len(ours - theirs), len(theirs - ours))
    other = replace(references, train=references.train.flip(0))
    assert count_recovered(compare(a, b, (references, other))).training_images is None


def test_exchanging_the_runs_exchanges_what_is_recovered(a, b, planted):
    references, _ = planted
    one = count_recovered(compare(a, b, (references, references)))
    other = count_recovered(compare(b, a, (references, references)))
    assert other.of_both == one.of_both[::-1]
    assert other.of_only == one.of_only[::-1]
    assert (other.in_both, other.in_one) == (one.in_both, one.in_one)


def test_no_image_is_recovered_below_the_best_of_the_control(a, b, planted):
    references, _ = planted
    same = replace(references, control=references.train)
    comparison = compare(a, b, (same, same))
    assert [side.is_recovered.sum() for side in comparison.sides] == [0, 0]
    assert "0 recovered in A, 0 recovered in B; 0 in both" in recovered_in_words(comparison)


def test_what_cannot_be_known_is_said(a, b, planted):
    references, _ = planted
    alone = replace(references, control=None)
    for comparison, says in (
        (compare(a, b), "takes the training images"),
        (compare(a, b, (alone, alone)), "without a control"),
        (
            compare(a.with_evidence(score(a.images(), references.train).as_dict()), b),
            "the saved scores do not say which",
        ),
    ):
        counts = count_recovered(comparison)
        assert counts.of_both == counts.of_only == (None, None)
        assert (counts.in_both, counts.in_one, counts.training_images) == (None, None, None)
        assert UNKNOWN in recovered_in_words(comparison)
        assert says in recovered_in_words(comparison)
        assert rows(comparison)["Found by both, recovered"] == (UNKNOWN, UNKNOWN)


def test_one_run_that_is_scored_speaks_for_itself_alone(a, b, planted):
    references, _ = planted
    comparison = compare(a, b, (references, None))
    counts = count_recovered(comparison)
    assert counts.of_both == (2, None)
    assert (counts.in_both, counts.training_images) == (None, None)
    assert f"2 recovered in A, {UNKNOWN} in B." in recovered_in_words(comparison)
    assert rows(comparison)["Only here, recovered"][1] == UNKNOWN


def test_it_reports_its_progress_and_can_be_cancelled(a, b):
    shares = []
    compare(a, b, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1

    def stop(share):
        if share > 0.5:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        compare(replace(a), b, progress=stop)


def test_runs_that_diverged_and_runs_without_a_step(network, a):
    tensors = {name: tensor.clone() for name, tensor in a.state.tensors.items()}
    tensors["unknowns"][0, 0] = float("nan")
    with pytest.raises(UnusableInput, match="diverged"):
        compare(a, replace(a, state=replace(a.state, tensors=tensors)))
    untouched = session_of(
        Reconstruction(network, replace(fast(), candidates=6, device="cpu")), "cpu"
    )
    assert rows(compare(a, untouched))["Stationarity loss"][1] == "–"


def test_sessions_of_every_format_can_be_compared():
    one, other = (load_session(FIXTURES / f"format-{n}.afterimage") for n in (1, 2))
    comparison = compare(one, other)
    assert len(comparison.both) + len(comparison.only[0]) == len(one.gallery())
    json.dumps(as_dict(comparison, ("one", "other")), allow_nan=False)


# --- main.py compare --------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path, a, b):
    paths = [tmp_path / "a.afterimage", tmp_path / "b.afterimage"]
    for session, path in zip((a, b), paths, strict=True):
        save_session(session, path)
    return paths


def test_the_command_line_prints_one_page(capsys, saved):
    status, out, _ = call(capsys, "compare", *saved, "--text")
    comparison = compare(*(load_session(path) for path in saved))
    assert status == 0
    assert out.rstrip("\n") == as_text(comparison, tuple(str(path) for path in saved))
    assert headline(comparison) in out
    assert CAUTION in out
    assert "Pull to one margin" not in out


def test_the_command_line_says_the_same_as_json(capsys, saved):
    status, out, _ = call(capsys, "compare", *saved, "--json")
    found = json.loads(out)
    comparison = compare(*(load_session(path) for path in saved))
    assert status == 0
    assert len(found["found_by_both"]) == len(comparison.both)
    assert len(found["only_in_a"]) == len(comparison.only[0])
    assert found["settings"] == {"seed": [0, 1]}
    assert (found["same_weights"], found["same_noise"]) == (True, False)
    assert found["a"]["gallery"]["distinct"] == len(comparison.sides[0].gallery)


def test_folders_of_results_bring_their_scores(capsys, tmp_path, saved):
    for seed, name in enumerate(("train", "control")):
        images = np.random.default_rng(seed).integers(0, 256, (5, 1, 4, 4), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images, labels=np.zeros(5, np.uint8))
    source = ("--images", tmp_path / "train.npz", "--control", tmp_path / "control.npz")
    folder = tmp_path / "results"
    assert call(capsys, "reconstruct", saved[0], "--out", folder, "--quiet")[0] == 0
    _, out, _ = call(capsys, "compare", folder, saved[1], "--json")
    assert json.loads(out)["a"]["evidence"] is None
    assert call(capsys, "score", folder, *source)[0] == 0
    _, out, _ = call(capsys, "compare", folder, saved[1], "--json")
    assert json.loads(out)["a"]["evidence"]["train"]["count"] == 5
    assert json.loads(out)["b"]["evidence"] is None
    _, out, _ = call(capsys, "compare", *saved, *source, "--json")
    found = json.loads(out)
    assert found["b"]["evidence"]["control"]["count"] == 5
    known = found["recovered"]["found_by_both"]
    assert known["count"] == len(found["found_by_both"])
    for letter in "ab":
        pairs = [pair[f"recovered_in_{letter}"] for pair in found["found_by_both"]]
        assert known[f"recovered_in_{letter}"] == sum(pairs)
    _, out, _ = call(capsys, "compare", *saved, "--json")
    assert json.loads(out)["recovered"]["found_by_both"]["recovered_in_a"] is None
    assert json.loads(out)["found_by_both"][0]["recovered_in_a"] is None


def test_the_command_line_compares_up_to_six(capsys, tmp_path, saved):
    for seed, name in enumerate(("train", "control")):
        images = np.random.default_rng(seed).integers(0, 256, (5, 1, 4, 4), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images, labels=np.zeros(5, np.uint8))
    source = ("--images", tmp_path / "train.npz", "--control", tmp_path / "control.npz")
    three = (*saved, saved[0])
    status, out, _ = call(capsys, "compare", *three, *source)
    found = json.loads(out)
    assert status == 0
    assert [run["run"] for run in found["runs"]] == [str(path) for path in three]
    assert [run["settings"]["seed"] for run in found["runs"]] == [0, 1, 0]
    assert [run["evidence"]["control"]["count"] for run in found["runs"]] == [5, 5, 5]
    assert found["why_unknown"] is None
    status, out, _ = call(capsys, "compare", *three)
    assert (json.loads(out)["found"], status) == (None, 0)
    assert "A, B, C were not scored" in json.loads(out)["why_unknown"]
    _, out, _ = call(capsys, "compare", *three, "--text")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["A", "B", "C"]
    assert ["Seed", "0", "1", "0"] in lines
    for runs, says in ((saved[:1], "1 run cannot"), ((saved[0],) * 7, "7 runs cannot")):
        status, _, err = call(capsys, "compare", *runs)
        assert status == 2
        assert says in err
    status, _, err = call(capsys, "compare", *three, "--out", tmp_path / "out")
    assert status == 2
    assert "3 were named" in err
    assert not (tmp_path / "out").exists()


def test_what_compare_cannot_use_is_one_line(capsys, tmp_path, saved, make_network):
    (tmp_path / "torn.afterimage").write_bytes(saved[0].read_bytes()[:-100])
    other = make_network(16, 9, 1, shape=(1, 2, 8))
    save_session(run(other), tmp_path / "other.afterimage")
    for arguments, says in (
        ((saved[0], tmp_path / "torn.afterimage"), "damaged"),
        ((tmp_path / "nowhere", saved[0]), "does not exist"),
        ((saved[0], tmp_path / "other.afterimage"), "one shape"),
        ((*saved, "--control", "x.npz"), "needs --images"),
    ):
        status, out, err = call(capsys, "compare", *arguments)
        assert (status, out) == (2, "")
        assert says in err
        assert err.count("\n") == 1


# --- taking it away ---------------------------------------------------------------------------


def test_the_page_holds_all_it_shows_and_names_are_only_text(a, b, planted):
    references, _ = planted
    comparison = compare(a, b, (references, references))
    page = comparison_page(comparison, ("<img onerror=x>", "b\n&.afterimage"))
    sources = re.findall(r'src="([^"]+)"', page)
    images = 2 * len(comparison.both) + sum(len(places) for places in comparison.only)
    assert len(sources) == images + 1
    assert all(source.startswith("data:image/") for source in sources)
    for forbidden in ("<script", "<link", "http://", "https://", "url(", "<img onerror"):
        assert forbidden not in page.lower()
    assert "b\\n&amp;.afterimage" in page
    words = unescape(re.sub(r"<[^>]+>", " ", page))
    for said in (headline(comparison), recovered_in_words(comparison), CAUTION):
        assert said in words
    for section in sections(comparison):
        assert section.title in words


def test_the_picture_shows_every_image_once(a, b):
    comparison = compare(a, b)
    picture = gallery_picture(comparison)
    assert picture.dtype == np.uint8
    factor = 14  # Tiles of 4 pixels become 56 wide.
    for index, side in enumerate(comparison.sides):
        colour = np.array(ImageColor.getrgb(COLOURS[RUNS[index]].light), np.uint8)
        bars = (picture == colour).all(2)
        assert bars.sum() == len(side.gallery) * 4 * factor * 4
    first = comparison.sides[0].tiles[comparison.both[0, 0]]
    y, x = np.argwhere((picture == np.array(ImageColor.getrgb(COLOURS[RUNS[0]].light))).all(2))[0]
    drawn = picture[y - 4 * factor : y : factor, x : x + 4 * factor : factor, 0]
    np.testing.assert_array_equal(drawn, first)


def test_the_picture_ticks_what_is_recovered(a, b, planted):
    references, _ = planted
    accent = np.array(ImageColor.getrgb(COLOURS["accent"].light))
    assert not (gallery_picture(compare(a, b)) == accent).all(2).any()
    scored = compare(a, b, (references, references))
    assert (gallery_picture(scored) == accent).all(2).any()


def test_a_comparison_in_colour_and_one_without_a_pair_are_written(make_network, tmp_path, a):
    colour = make_network(48, 12, 1, shape=(3, 4, 4))
    runs = (run(colour, seed=0), run(colour, seed=1))
    for index, comparison in enumerate(
        (compare(*runs), replace(compare(a, a), both=np.zeros((0, 2), int), measure=np.zeros(0)))
    ):
        page, picture = write_comparison(comparison, ("a", "b"), tmp_path / str(index))
        assert page.read_text(encoding="utf-8").endswith("</html>\n")
        with Image.open(picture) as image:
            assert image.size[0] == 1000


def test_the_command_line_writes_page_and_picture_and_replaces_only_when_asked(
    capsys, saved, tmp_path
):
    out = tmp_path / "out"
    status, text, _ = call(capsys, "compare", *saved, "--out", out, "--text")
    assert status == 0
    assert text.splitlines()[-2:] == [str(out / f"comparison.{kind}") for kind in ("html", "png")]
    assert {each.name for each in out.iterdir()} == {"comparison.html", "comparison.png"}
    (out / "comparison.png").write_text("mine")
    status, text, err = call(capsys, "compare", *saved, "--out", out)
    assert (status, text) == (2, "")
    assert "would be replaced" in err
    assert "--overwrite" in err
    assert (out / "comparison.png").read_text() == "mine"
    status, text, _ = call(capsys, "compare", *saved, "--out", out, "--overwrite", "--json")
    assert json.loads(text)["written"] == [
        str(out / "comparison.html"),
        str(out / "comparison.png"),
    ]
    assert (out / "comparison.png").read_bytes()[:4] == b"\x89PNG"
    assert call(capsys, "compare", *saved, "--overwrite")[0] == 2
