"""What a report concludes: no more than there is evidence for, and what to do about it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from engine.commands.command_line import main
from engine.evidence.diagnostics import check_weights
from engine.evidence.gallery import NO_CHANCE, NOT_FITTED, UNEXPLAINED
from engine.evidence.references import References
from engine.exports import results
from engine.exports.conclusion import chance_of_above, conclude
from engine.exports.report_page import report_page
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.verdict import verdict_of
from tests.engine.networks import learnt


def untrained(make_network, start, biases, *sizes):
    """A network as nobody has trained it."""
    network = make_network(*sizes, shape=(1, 8, 8))
    generator = torch.Generator().manual_seed(4)

    def draw(n, k):
        if start == "uniform":
            return (2 * torch.rand(n, k, generator=generator) - 1) / k**0.5
        if start == "orthogonal":
            return torch.nn.init.orthogonal_(torch.empty(n, k), generator=generator)
        if start == "16 bits":
            return (torch.randn(n, k, generator=generator) / k**0.5).half().float()
        return torch.randn(n, k, generator=generator) * (1e-3 if start == "small" else k**-0.5)

    weights = tuple(draw(n, k) for k, n in itertools.pairwise(sizes))
    said = [biases == "all" or (biases == "first" and not layer) for layer in range(len(weights))]
    vectors = tuple(
        draw(1, len(w))[0] if has else None for w, has in zip(weights, said, strict=True)
    )
    return replace(network, parameters=Parameters(weights, vectors))


@pytest.mark.parametrize(
    "sizes", [(64, 40, 1), (64, 50, 30, 1), (64, 40, 40, 10), (64, 30, 30, 30, 30, 2)]
)
@pytest.mark.parametrize("biases", ["none", "first", "all"])
@pytest.mark.parametrize("start", ["normal", "uniform", "small", "orthogonal", "16 bits"])
def test_untrained_networks_give_nothing_away(make_network, start, biases, sizes):
    network = untrained(make_network, start, biases, *sizes)
    health = check_weights(network)
    assert health.sees_no_chance
    assert health.outlook.startswith("No chance")
    settings = replace(fast(), candidates=2 * network.classes.count, steps=100, device="cpu")
    run = Reconstruction(network, replace(settings, smoothness=2.0))
    list(run.iterate())
    session = session_of(run, "cpu")
    assert not session.gallery().has_confidence
    assert session.gallery().why_unknown == NO_CHANCE
    report = results.make_report(session)
    assert report["gallery"]["above_0.9"] is None
    assert all(entry["confidence"] is None for entry in report["gallery"]["images"])
    assert conclude(report).headline == "Nothing was found"
    train = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    alone = results.make_report(session, verdict_of(session, References(train, None, None)))
    assert alone["evidence"]["train"]["recovered"] is None
    assert not any(entry["recovered"] for entry in alone["gallery"]["images"])
    for made in (report, alone):
        said = conclude(made)
        words = " ".join((said.headline, said.found, said.unsaid))
        assert "recovered" not in words
        assert conclude(made).headline == "Nothing was found"
        page = report_page(session, made)
        assert f'<p class="headline">{said.headline}</p>' in page


@pytest.mark.parametrize("damage", ["rows", "upper layers"])
def test_a_network_that_is_no_stationary_point_gives_no_confidence(make_network, damage):
    """The first layer has its directions, and is nothing that images explain."""
    network = learnt(make_network(64, 60, 40, 1, shape=(1, 8, 8), mean=torch.zeros(1, 8, 8)))
    first, *upper = network.weights
    generator = torch.Generator().manual_seed(2)
    weights = {
        "rows": (first[torch.randperm(len(first), generator=generator)], *upper),
        "upper layers": (
            first,
            *(w.std() * torch.randn(w.shape, generator=generator) for w in upper),
        ),
    }[damage]
    known = []
    for theta in (network.weights, weights):
        damaged: Network = replace(network, parameters=replace(network.parameters, weights=theta))
        settings = replace(fast(), candidates=40, steps=100, smoothness=2.0, device="cpu")
        run = Reconstruction(damaged.to("cpu", torch.float32), settings)
        list(run.iterate())
        session = session_of(run, "cpu")
        assert not check_weights(damaged).sees_no_chance
        known.append((session.first_residual, session.gallery().why_unknown))
    (sound, nothing), (broken, why) = known
    assert sound < 0.6 < 0.85 < broken
    assert nothing == ""
    assert why == UNEXPLAINED


def test_what_was_never_fitted_is_said_before_what_was_not_explained(make_network):
    network = learnt(make_network(64, 30, 20, 1, shape=(1, 8, 8)))
    run = Reconstruction(network, replace(fast("free"), candidates=9, steps=100, device="cpu"))
    list(run.iterate())
    assert session_of(run, "cpu").gallery().why_unknown == NOT_FITTED


# --- words --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(make_network):
    mean = torch.zeros(1, 8, 8)
    network = learnt(make_network(64, 30, 20, 1, shape=(1, 8, 8), mean=mean))
    settings = replace(fast(), candidates=20, steps=100, smoothness=2.0, device="cpu")
    run = Reconstruction(network, settings)
    list(run.iterate())
    return session_of(run, "cpu")


def scored(session, found):
    """A report where so many of eight training images are what candidates are."""
    generator = torch.Generator().manual_seed(8)
    noise = torch.rand(2, 8, 1, 8, 8, generator=generator)
    train = torch.cat([session.images()[:found], noise[0, found:]])
    verdict = verdict_of(session, References(train, noise[1], session.network.mean))
    return results.make_report(session, verdict)


def test_what_came_back_is_the_headline_and_the_advice_is_not_to_release(session):
    report = scored(session, 8)
    said = conclude(report)
    assert report["evidence"]["train"]["recovered"] == 8
    assert said.headline == "8 of 8 training images recovered"
    assert "0 of 8 of the control have a good match" in said.found
    assert said.advice[0] == "Do not release the network as it is."
    assert "Weight decay did not help" in said.advice[1]
    assert "differential privacy" in said.advice[1]
    assert "are safe" not in said.unsaid


def test_where_nothing_came_back_that_is_said_and_that_it_is_no_permission(session):
    said = conclude(scored(session, 0))
    assert said.headline == "Nothing was found: 0 of 8 training images recovered"
    assert "does not say that the network gives nothing away" in said.unsaid
    assert not any(words.startswith("Do not release") for words in said.advice)
    assert any("no permission to release" in words for words in said.advice)


def test_so_few_that_chance_would_do_are_called_a_hint(session):
    one, many = conclude(scored(session, 1)), conclude(scored(session, 8))
    assert "no more than a hint" in one.found
    assert "hint" not in many.found


def test_chance_is_that_of_the_first_of_a_shuffled_pack():
    """Against all orders of three training images and two of the control."""
    orders = list(itertools.permutations("tttcc"))
    for above in range(4):
        share = sum(order[:above] == ("t",) * above for order in orders) / len(orders)
        assert chance_of_above(above, 3, 2) == pytest.approx(share)


def test_a_run_that_was_stopped_says_so_and_what_to_do(make_network):
    network = learnt(make_network(64, 30, 20, 1, shape=(1, 8, 8), mean=torch.zeros(1, 8, 8)))
    run = Reconstruction(network, replace(fast(), candidates=9, steps=1000, device="cpu"))
    next(snapshot for snapshot in run.iterate() if snapshot.step >= 3)
    session = session_of(run, "cpu")
    report = results.make_report(session)
    assert conclude(report).headline == "Nothing can be said: no reference images"
    as_of = f"as of step {session.state.step:,} of 1,000"
    assert as_of in conclude(report).advice[0]
    assert conclude(scored(session, 8)).headline == f"8 of 8 training images recovered, {as_of}"


def test_the_page_begins_with_date_conclusion_and_what_was_attacked(session):
    report = scored(session, 8)
    page = report_page(session, report, None)
    assert report["date"].endswith(" UTC")
    order = [
        page.index(words)
        for words in (
            report["date"],
            conclude(report).headline,
            "What to do next",
            "What was attacked",
            "SHA-256",
            "Scores",
        )
    ]
    assert order == sorted(order)
    assert "gives away" not in page.split("</h1>")[0]


def test_the_command_says_first_that_there_is_no_chance(make_network, tmp_path, capsys):
    for name, network in (
        ("untrained", untrained(make_network, "normal", "first", 64, 50, 30, 1)),
        ("learnt", learnt(make_network(64, 30, 20, 1, shape=(1, 8, 8)))),
    ):
        state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
        torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / f"{name}.pth")
        out = ["--out", str(tmp_path / name), "--steps", "3", "--candidates", "6", "--quiet"]
        assert main(["reconstruct", str(tmp_path / f"{name}.pth"), *out]) == 0
        assert ("No chance" in capsys.readouterr().err) == (name == "untrained")
