"""`--base`: a fine-tuned network, from two files to a report, a session and its second half."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.commands import command_line
from engine.exports.report_page import command
from engine.exports.results import make_report
from engine.network.checkpoints import save_network
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, fast
from engine.session.session import given_away, session_of
from engine.session.session_file import load_session, save_session
from tests.conftest import going_on
from tests.engine.networks import network_of
from tests.engine.tuned import tuned_network, with_head

TEN = "ten outputs, biases everywhere"


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def saved(network: Network, path):
    save_network(network, path, {})
    return path


@pytest.fixture
def pair(tmp_path):
    """A fine-tuned network and its base, as files."""
    base = network_of(TEN)
    tuned = tuned_network(base, frozen=(2, 5)).without_base
    return saved(tuned, tmp_path / "tuned.safetensors"), saved(base, tmp_path / "base.safetensors")


def run_of(network, steps=20, **given):
    settings = replace(fast(), candidates=12, steps=steps, rank=4, device="cpu", **given)
    run = Reconstruction(network, settings)
    list(run.iterate())
    return run


def test_a_run_explains_what_fine_tuning_changed(capsys, pair, tmp_path):
    tuned, base = pair
    folder = tmp_path / "out"
    fewest = ("--steps", 30, "--candidates", 12, "--device", "cpu", "--quiet")
    status, *_ = call(
        capsys, "reconstruct", tuned, "--base", base, "--out", folder, "--json", *fewest
    )
    assert status == 0
    report = json.loads((folder / "report.json").read_text())
    assert report["model"]["base"]["file"] == "base.safetensors"
    assert [each["words"] for each in report["model"]["base"]["changes"]][2] == "frozen"
    assert report["settings"]["training"] == "tuned"
    assert report["settings"]["gradients_at"] == 0.75
    assert report["settings"]["margin_weight"] == 0
    assert report["loss"]["relative_per_layer"][2] is None
    assert report["gallery"]["confidence_unknown"] == (
        "no confidence was fitted to networks like this"
    )
    assert " --base base.safetensors" in command(report)
    page = (folder / "report.html").read_text()
    assert "Layer 3 was frozen and is left out." in page
    assert report["model"]["base"]["sha256"] in page
    again = load_session(folder / "session.afterimage")
    assert again.network.base.origin.sha256 == report["model"]["base"]["sha256"]


def test_a_session_keeps_the_base_and_goes_on_bit_for_bit(tmp_path):
    network = tuned_network(network_of(TEN))
    run = Reconstruction(
        network, replace(fast(), candidates=12, steps=20, rank=4, device="cpu", dtype="float64")
    )
    snapshots = run.iterate()
    next(snapshots)
    session = session_of(run, "cpu")
    path = tmp_path / "half.afterimage"
    save_session(session, path)
    loaded = load_session(path)
    assert loaded.network.base.origin == network.base.origin
    for found, kept in zip(
        loaded.network.explained.tensors, network.explained.tensors, strict=True
    ):
        assert torch.equal(found, kept)
    *_, end = snapshots
    *_, again = going_on(loaded).iterate()
    assert torch.equal(end.unknowns, again.unknowns)


def test_a_session_with_another_head_takes_it_from_the_network(tmp_path):
    tuned = tuned_network(network_of(TEN))
    base = tuned.base
    network = replace(
        tuned,
        base=replace(
            base,
            has_other_head=True,
            parameters=base.parameters.with_tensors(
                [
                    mine if i in (2, 5) else own
                    for i, (own, mine) in enumerate(
                        zip(base.parameters.tensors, tuned.parameters.tensors, strict=True)
                    )
                ]
            ),
        ),
    )
    path = tmp_path / "head.afterimage"
    save_session(session_of(run_of(network), "cpu"), path)
    loaded = load_session(path).network
    assert loaded.base.has_other_head
    assert not loaded.explained.weights[2].any()
    assert torch.equal(loaded.explained.weights[0], network.explained.weights[0])


def test_a_session_that_is_given_away_has_no_path_of_the_base(tmp_path):
    network = tuned_network(network_of(TEN))
    far = replace(network.base.origin, file="/home/somebody/base.pth")
    network = replace(network, base=replace(network.base, origin=far))
    given = given_away(session_of(run_of(network, steps=1), "cpu"))
    assert given.network.base.origin.file == "base.pth"


def test_the_base_decides_what_the_row_space_is():
    network = tuned_network(network_of(TEN))
    run = run_of(network)
    first = network.explained.weights[0]
    _, _, basis = torch.linalg.svd(first, full_matrices=False)
    found = run.problem.space.basis.double()
    torch.testing.assert_close(found.T @ found, basis[:4].T @ basis[:4], rtol=1e-4, atol=1e-4)
    squares = run.problem.squared_norms.double()
    torch.testing.assert_close(squares, network.explained.squared_norms(), rtol=1e-4, atol=0)


def test_a_pixel_space_run_by_double_backward_leaves_frozen_layers_out(tmp_path):
    network = tuned_network(network_of(TEN), frozen=(1, 4))
    closed, double = (
        run_of(
            network,
            gradient=way,
            dtype="float64",
        )
        for way in ("closed form", "double backward")
    )
    first, other = (run.losses.relative_per_layer for run in (closed, double))
    torch.testing.assert_close(
        torch.from_numpy(first.copy()), torch.from_numpy(other.copy()), equal_nan=True
    )
    assert torch.isnan(torch.from_numpy(first[:, 1].copy())).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tuned, base, folder: tuned, "given twice"),
        (
            lambda tuned, base, folder: saved(network_of(TEN, (30, 21)), folder / "a.safetensors"),
            "another architecture",
        ),
        (
            lambda tuned, base, folder: (
                base.with_name("copy.safetensors")
                if base.with_name("copy.safetensors").write_bytes(tuned.read_bytes())
                else None
            ),
            "left nothing to explain",
        ),
    ],
)
@pytest.mark.parametrize("name", ["reconstruct", "inspect"])
def test_what_is_no_base_gets_one_sentence(capsys, pair, tmp_path, make, said, name):
    tuned, base = pair
    other = make(tuned, base, tmp_path)
    out = ("--out", tmp_path / "out") if name == "reconstruct" else ()
    status, _, err = call(capsys, name, tuned, "--base", other, *out)
    assert status == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_a_new_head_is_left_out(capsys, pair, tmp_path):
    tuned, _ = pair
    other = saved(with_head(network_of(TEN), 4), tmp_path / "four.safetensors")
    status, out, _ = call(capsys, "inspect", tuned, "--base", other, "--json")
    assert status == 0
    assert json.loads(out)["base"]["changes"][2] == {"relative": None, "words": "new"}


def test_a_last_layer_that_is_said_to_be_new_is_left_out_and_kept_so(capsys, tmp_path):
    base = network_of(TEN)
    tuned = saved(tuned_network(base).without_base, tmp_path / "tuned.safetensors")
    start = saved(base, tmp_path / "base.safetensors")
    given = (tuned, "--base", start, "--base-head")
    assert "it is left out" in call(capsys, "inspect", *given, "new")[1]
    assert "It is assumed that the last layer began" in call(capsys, "inspect", *given, "known")[1]
    fewest = ("--steps", 30, "--candidates", 12, "--device", "cpu", "--quiet")
    folder = tmp_path / "out"
    assert call(capsys, "reconstruct", *given, "new", "--out", folder, *fewest)[0] == 0
    report = json.loads((folder / "report.json").read_text())
    assert report["model"]["base"]["head"] == "new"
    assert report["loss"]["relative_per_layer"][2] is None
    assert " --base base.safetensors --base-head new" in command(report)
    again = load_session(folder / "session.afterimage").network
    assert not again.explained.weights[2].any()
    assert again.explained.weights[1].any()


def test_how_the_last_layer_began_needs_a_base(capsys, pair):
    status, _, err = call(capsys, "inspect", pair[0], "--base-head", "new")
    assert status == 2
    assert "no base was given" in err


def test_a_session_goes_on_with_its_own_base(capsys, pair, tmp_path):
    _, base = pair
    network = tuned_network(network_of(TEN))
    save_session(session_of(run_of(network), "cpu"), tmp_path / "run.afterimage")
    status, _, err = call(
        capsys,
        *("reconstruct", tmp_path / "run.afterimage", "--base", base, "--out", tmp_path / "out"),
    )
    assert status == 2
    assert "leave --base out" in err


def test_fine_tuned_without_a_base_is_refused():
    with pytest.raises(UnusableInput, match="of which no base is known"):
        Reconstruction(network_of(TEN), fast("tuned"))


def test_where_gradients_are_taken_is_for_fine_tuned_networks_alone():
    with pytest.raises(UnusableInput, match="Only a fine-tuned network has a base"):
        Settings(training="decay", gradients_at=0.5)
    assert Settings(training="tuned", gradients_at=0.5).taken_at == 0.5
    assert Settings(training="decay").taken_at == 1.0


def test_a_report_of_other_networks_names_no_base():
    report = make_report(session_of(run_of(network_of(TEN)), "cpu"))
    assert report["model"]["base"] is None
    assert "--base" not in command(report)
