"""Several runs side by side: who found which image is counted only where it can be known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.comparison.several import Run, as_dict, as_text, compare_several, load_saved
from engine.data.datasets import LabelledImages, load_images, save_images
from engine.data.inputs import vector_shape
from engine.data.origin import ImageOrigin
from engine.evidence.references import References
from engine.evidence.scoring import Evidence, Matches
from engine.session.session_file import load_session, save_session

FIXTURE = Path(__file__).parents[1] / "session" / "formats" / "format-7.afterimage"


def some_images(count=5, sha256="a" * 64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 1, 4, 4), generator=generator) / 255
    origin = ImageOrigin("file", "/data/images.npz", sha256, 9)
    return LabelledImages(pixels, torch.zeros(count, dtype=torch.long), "images.npz", origin)


def matches(found, count=5, likeness=0.95):
    """Every image has a match, of which some are good."""
    ncc = np.where(np.isin(np.arange(count), found), likeness, 0.1)
    places = np.arange(count)
    return Matches(places, places, ncc, ncc, False, count)


def run(name, found, train=None, control=True, **settings):
    """A run that recovered these images, and no others."""
    session = load_session(FIXTURE)
    session = replace(session, settings=replace(session.settings, **settings))
    train = train or some_images()
    unseen = matches([]) if control else None
    references = References.of(session.network, train, some_images(seed=9) if control else None)
    return Run(name, session.scored_with(references, Evidence(matches(found), unseen, "NCC > 0.8")))


def test_images_are_counted_by_how_many_runs_found_them():
    found = compare_several([run("one", [0, 1, 3]), run("two", [1, 3]), run("three", [3, 4])])
    assert [(each.number, each.letters) for each in found.images] == [
        (3, "A, B, C"),
        (1, "A, B"),
        (0, "A"),
        (4, "C"),
    ]
    assert found.headline == "4 training images recovered: 1 by all 3 runs, 1 by 2, 2 by 1"
    assert found.originals is None  # No image is at hand.


def test_the_table_says_what_differs():
    found = compare_several([run("one", [0], seed=1), run("two", [0, 1], seed=7)])
    lines = {line.name: line for line in found.lines}
    assert lines["Recovered"].values == ("1 of 5 (control 0 of 5)", "2 of 5 (control 0 of 5)")
    assert lines["Good in the control"].values == ("0 of 5", "0 of 5")
    assert lines["Steps"].values == ("60 of 80", "60 of 80")
    assert lines["Seed"].values == ("1", "7")
    assert not lines["Architecture"].differs
    assert "Candidates" not in lines
    text = as_text(found)
    assert text.splitlines()[1].split() == ["Run", "one", "two"]
    assert "image 1: B" in text


def test_without_a_control_nothing_is_counted():
    found = compare_several([run("one", [0]), run("two", [0], control=False)])
    assert found.images is None
    assert found.headline == (
        "Which images the runs share cannot be told: B was not scored, image by image, against "
        "training images and a control."
    )
    lines = {line.name: line.values for line in found.lines}
    assert lines["Good in the control"] == ("0 of 5", "–")
    assert lines["Recovered"][1] == "1 good of 5, no control"


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (some_images(), True),
        (some_images(sha256="b" * 64, seed=1), False),
        (some_images(6, seed=0), False),
        (some_images(sha256=""), True),  # Both are at hand, and alike.
    ],
)
def test_runs_are_counted_together_only_where_their_training_images_are_the_same(other, is_same):
    several = compare_several([run("one", [0]), run("two", [0], other)])
    assert (several.images is not None) == is_same
    if not is_same:
        assert "scored against different training images" in several.headline


def test_images_that_are_not_at_hand_are_the_same_by_their_digest():
    def away(run):
        sets = run.session.sets
        return replace(
            run,
            session=run.session.with_sets(replace(sets, train=replace(sets.train, images=None))),
        )

    one, two = away(run("one", [0])), away(run("two", [0]))
    assert compare_several([one, two]).images is not None
    unknown = away(run("three", [0], some_images(sha256="")))
    assert compare_several([unknown, unknown]).images is None


@pytest.mark.parametrize("count", [1, 7])
def test_two_to_six_runs_are_compared(count):
    with pytest.raises(UnusableInput, match="Two to 6"):
        compare_several(count * [run("one", [0])])


def test_a_saved_run_brings_its_score_and_its_images(tmp_path):
    train = some_images()
    save_images(train, tmp_path / "images.npz")
    read = load_images(tmp_path / "images.npz")
    runs = []
    for name, found in (("one", [2]), ("two", [2, 4])):
        made = run(name, found, read)
        path = tmp_path / f"{name}.afterimage"
        save_session(made.session, path)
        runs.append(load_saved(path, name))
    several = compare_several(runs)
    assert [each.number for each in several.images] == [2, 4]
    assert np.array_equal(several.originals[0], (read.images[2, 0] * 255).round().byte().numpy())


def test_a_session_of_an_earlier_format_is_no_claim():
    old = load_saved(FIXTURE.with_name("format-6-scored.afterimage"), "old")
    several = compare_several([old, run("new", [0])])
    assert several.images is None
    assert "A was not scored, image by image" in several.headline


def test_no_run_found_any():
    assert compare_several([run("a", []), run("b", [])]).headline == (
        "None of the runs recovered an image."
    )


def on_rows(found, **options):
    """A run on a network that reads rows of 16 features."""
    one = run("rows", found, **options)
    network = one.session.network.with_input_shape(vector_shape(16))
    return replace(one, session=replace(one.session, network=network))


def test_of_networks_that_read_rows_rows_are_told():
    found = compare_several([on_rows([0, 1]), on_rows([1])])
    assert found.headline == "2 training rows recovered: 1 by all 2 runs, 1 by 1"
    assert as_text(found).endswith("\nrow 1: A, B\nrow 0: A")
    assert compare_several([on_rows([]), on_rows([])]).headline == (
        "None of the runs recovered a row."
    )
    unscored = compare_several([on_rows([0], control=False), on_rows([0])])
    assert as_dict(unscored)["why_unknown"] == (
        "Which rows the runs share cannot be told: A was not scored, row by row, against training "
        "rows and a control."
    )
