"""`--other`: a run on another network stands beside a score in its line-ups."""

# ruff: noqa: F811 - arguments are called like the fixtures that they take
from __future__ import annotations

import json

import numpy as np
import pytest

from engine.exports import results_read
from engine.exports.run_read import read_run
from tests.engine.commands.test_command_line import (  # noqa: F401 - fixtures
    call,
    model,
    references,
    saved,
)
from tests.engine.networks import learnt

QUICK = ("--candidates", 8, "--steps", 12, "--device", "cpu", "--quiet")


@pytest.fixture
def against(tmp_path, references):
    """Training images, and a control that is large enough for line-ups."""
    images = np.random.default_rng(3).integers(0, 256, (12, 1, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "more.npz", images=images, labels=np.zeros(12, np.uint8))
    return ("--images", references[0], "--control", tmp_path / "more.npz")


@pytest.fixture
def other(capsys, tmp_path, make_network):
    """A folder of results of another network."""
    path = saved(learnt(make_network(16, 11, 10, 1), 7), tmp_path / "other.pth")
    folder = tmp_path / "other_run"
    assert call(capsys, "reconstruct", path, "--out", folder, *QUICK)[0] == 0
    return folder


def test_a_run_a_score_and_a_report_show_it(capsys, tmp_path, model, against, other):
    out = tmp_path / "out"
    status, _, err = call(
        capsys, "reconstruct", model, "--out", out, *against, "--other", other, *QUICK
    )
    assert (status, err) == (0, "")
    found = results_read.read_report(out)["evidence"]["lineup"]["elsewhere"]
    assert (found["network"], found["candidates"], found["train"]["count"]) == ("other.pth", 8, 5)

    session = other / "session.afterimage"
    status, said, _ = call(capsys, "score", out, *against, "--other", session, "--text")
    assert status == 0
    assert "reconstructions of another network (other.pth)" in said
    again = results_read.read_report(out)["evidence"]["lineup"]["elsewhere"]
    assert again == found
    status, _, err = call(capsys, "score", out, *against)
    assert (status, "another score already" in err) == (2, True)
    assert call(capsys, "score", out, *against, "--overwrite")[0] == 0
    assert results_read.read_report(out)["evidence"]["lineup"]["elsewhere"] is None

    page = tmp_path / "page.html"
    status, _, _ = call(capsys, "report", out, *against, "--other", other, "--html", page)
    assert status == 0
    assert "by both, with another network&#39;s run" in page.read_text()


def test_a_session_that_goes_on_is_scored_beside_it(capsys, tmp_path, model, against, other):
    out, more = tmp_path / "out", tmp_path / "more"
    assert call(capsys, "reconstruct", model, "--out", out, *against, *QUICK)[0] == 0
    session = out / "session.afterimage"
    status, _, _ = call(
        capsys,
        "reconstruct",
        session,
        "--out",
        more,
        "--other",
        other,
        "--quiet",
        "--device",
        "cpu",
    )
    assert status == 0
    found = results_read.read_report(more)["evidence"]["lineup"]["elsewhere"]
    assert found["network"] == "other.pth"


def test_it_is_refused_where_it_would_say_nothing(
    capsys, tmp_path, model, references, against, other
):
    out = tmp_path / "out"

    def refusal(*given):
        status, _, err = call(
            capsys, "reconstruct", model, "--out", out, "--other", other, *given, *QUICK
        )
        assert status == 2
        return err

    assert "Give --images and --control as well" in refusal()
    assert "Give --images and --control as well" in refusal("--images", references[0])
    few = ("--images", references[0], "--control", references[1])
    assert "Give a larger control" in refusal(*few)
    assert call(capsys, "reconstruct", model, "--out", out, *against, *QUICK)[0] == 0
    status, _, err = call(capsys, "score", out, *against, "--other", out)
    assert status == 2
    assert "a run on small.pth itself" in err
    status, _, err = call(capsys, "score", out, *against, "--other", other, "--many-to-one")
    assert status == 2
    assert "--many-to-one has none" in err


def test_what_is_read_of_a_folder_and_of_its_session_is_the_same(other):
    folder, session = read_run(other), read_run(other / "session.afterimage")
    assert folder.network == session.network == "other.pth"
    assert folder.sha256 == session.sha256 != ""
    np.testing.assert_allclose(folder.candidates.numpy(), session.candidates.numpy(), atol=1e-6)
    (other / "report.json").write_text(json.dumps({"model": {"file": "a\x1b[31m", "sha256": "x"}}))
    assert "\x1b" not in read_run(other).network
