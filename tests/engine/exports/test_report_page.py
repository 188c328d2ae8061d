"""The report for people: it holds all it shows, agrees with the files beside it, and claims no more
than there is evidence for.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.colours import COLOURS, layer
from engine.base.errors import UnusableInput
from engine.base.plain_text import percent
from engine.commands.command_line import main
from engine.data.datasets import LabelledImages, load_images, save_images
from engine.data.inputs import Preprocessing
from engine.data.normalisation import parse_constants
from engine.evidence.lineup import lineup_of
from engine.evidence.membership import ask
from engine.evidence.references import References
from engine.exports import charts, results, results_read
from engine.exports.report_page import command, report_page
from engine.network.activation import parse_activation
from engine.network.network import Origin
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from engine.viewing.verdict import verdict_of
from tests.engine.networks import learnt

_BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
_BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def session(make_network):
    origin = Origin("/home/<b>me</b>/odd & even.pth", "ab" * 32)
    mean = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0))
    network = learnt(make_network(48, 12, 10, 1, shape=(3, 4, 4), mean=mean))
    network = replace(network, origin=origin)
    run = Reconstruction(network, replace(fast(), candidates=9, steps=30, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu (test)")


@pytest.fixture
def references(session):
    return References(
        torch.rand(6, 3, 4, 4), torch.rand(6, 3, 4, 4), session.network.mean, None, session.network
    )


def words_of(page):
    """The page without its markup."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", body))


def test_everything_is_in_the_one_file_and_nothing_runs(session, references):
    verdict = verdict_of(session, references)
    page = report_page(session, results.make_report(session, verdict), verdict)
    sources = re.findall(r'src="([^"]+)"', page)
    assert len(sources) > 15
    assert all(source.startswith("data:image/") for source in sources)
    for forbidden in ("<script", "<link", "http://", "https://", "url(", "javascript:"):
        assert forbidden not in page.lower()
    assert all('alt="' in tag for tag in re.findall(r"<img [^>]+>", page))


def test_a_line_up_stands_in_the_table_in_words_and_in_the_session(session, tmp_path):
    train, control = (torch.rand(n, 3, 4, 4) for n in (6, 12))
    sets = [LabelledImages(each, torch.zeros(len(each)), "some") for each in (train, control)]
    network = session.network
    asked = References(train, control, network.mean, sets[0].labels, network, tuple(sets))
    report = results.write_results(session, tmp_path, asked)
    lineup = lineup_of(report["evidence"])
    assert (lineup.fillers, lineup.train.count) == (9, 6)
    words = words_of((tmp_path / results.PAGE).read_text())
    assert lineup.words in words
    for by in ("NCC", "edges", "both"):
        assert f"first of 10 by {by}" in words
    kept = load_session(tmp_path / results.SESSION)
    assert kept.evidence["lineup"] == report["evidence"]["lineup"]
    assert kept.kept_score.lineup == lineup


def test_names_from_files_are_only_text(session):
    page = report_page(session, results.make_report(session, None))
    assert "odd &amp; even.pth" in page
    hostile = replace(
        session, network=replace(session.network, origin=Origin("<img onerror=x>.pth", "<i>"))
    )
    page = report_page(hostile, results.make_report(hostile, None))
    assert "<img onerror" not in page
    assert "<i>" not in page.split("SHA-256")[1][:60]


def test_page_json_and_csv_say_the_same(session, references, tmp_path):
    evidence = session.score(references)
    results.write_results(session, tmp_path, references)
    report = json.loads((tmp_path / "report.json").read_text())
    words = words_of((tmp_path / "report.html").read_text())
    train = report["evidence"]["train"]
    assert f"{train['recovered']} of {train['count']} training images recovered" in words
    assert f"best SSIM {train['ssim'][0]:.3f}" in re.sub(r"\s+", " ", words)
    with (tmp_path / "losses.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    shown = ", ".join(f"{float(last[f'relative_{layer}']):.3f}" for layer in (1, 2, 3))
    assert re.sub(r"\s+", " ", words).count(f"Residual {shown}") == 1
    assert f"{report['steps']} of {report['planned_steps']}" in words
    assert "ab" * 32 in words
    for pair in range(3):
        assert f"{np.sort(evidence.train.ssim)[::-1][pair]:.2f}" in words


def test_a_run_is_scored_once_whoever_asks(session, references):
    """Whoever writes or shows a run is given the score that it has."""
    again = replace(references, train=references.train, network=None)
    assert session.score(references) is session.score(again)
    assert session.score(references) is verdict_of(session, references).evidence
    assert session.with_evidence({}).score(references) is session.score(references)
    others = replace(references, control=references.control.flip(0))
    assert session.known_score(others) is None
    assert session.score(others) is not session.score(again)


def test_without_images_no_claim_is_made(session):
    words = words_of(report_page(session, results.make_report(session, None)))
    assert "Nothing can be said: no reference images" in words
    assert "nothing here is evidence" in words
    assert "training images recovered" not in words
    assert "Matches" not in words


def test_without_a_control_good_matches_are_no_claim(session, references):
    alone = replace(references, control=None)
    verdict = verdict_of(session, alone)
    words = words_of(report_page(session, results.make_report(session, verdict), verdict))
    assert "Nothing can be said: no control" in words
    assert "this is no claim" in words
    assert "images recovered" not in words
    assert "✓ 0" not in words


def test_what_is_said_to_repeat_the_run_repeats_it(session, tmp_path, capsys):
    """Its own arguments are taken; the file is written anew beside it."""
    said = re.search(
        r"python main.py (reconstruct .*?--shape \S+)",
        re.sub(r"\s+", " ", words_of(report_page(session, results.make_report(session, None)))),
    )[1]
    assert "'odd & even.pth'" in said
    state = {f"layers.{i}.weight": w for i, w in enumerate(session.network.weights)}
    torch.save({**state, "layers.0.bias": session.network.biases[0]}, tmp_path / "again.pth")
    words = said.replace("'odd & even.pth'", str(tmp_path / "again.pth")).split()
    words[words.index("--out") + 1] = str(tmp_path / "again")
    assert main([*words, "--quiet"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["steps"], again["seed"]) == (session.state.steps, session.settings.seed)
    assert again["settings"]["candidates"] == session.settings.candidates


@pytest.mark.parametrize("training", ["margin", "free"])
def test_how_the_network_was_trained_is_said_in_words_with_the_reason(make_network, training):
    network = make_network(48, 12, 10, 1, shape=(3, 4, 4))
    run = Reconstruction(network, replace(fast(training), candidates=9, steps=3, device="cpu"))
    list(run.iterate())
    report = results.make_report(session_of(run, "cpu"), None)
    words = words_of(report_page(session_of(run, "cpu"), report))
    told = {
        "margin": "Towards a margin. One output, and no bias above the first layer: as in the "
        "paper.",
        "free": "Another loss (regression). It was set; the weights would be taken for “Towards a "
        "margin”. One output,",
    }
    assert told[training] in re.sub(r"\s+", " ", words)
    assert "training_why" not in words
    assert f"--training {training}" in command(report)
    assert "Also changed" not in words


def test_a_name_that_a_shell_would_run_is_quoted(session):
    name = "a$(touch x)`b`'c.pth"
    hostile = replace(session, network=replace(session.network, origin=Origin(name)))
    assert name in shlex.split(command(results.make_report(hostile, None)))


@pytest.mark.parametrize(
    ("activation", "preprocessing", "ends"),
    [
        ("relu", "none", ["--activation", "relu", "--preprocessing", "0,0,0/1"]),
        ("leaky_relu:0.1", "0.2,0.3,0.4/0.5", ["--preprocessing", "0.2,0.3,0.4/0.5,0.5,0.5"]),
    ],
)
def test_the_command_says_how_a_person_read_the_network(session, activation, preprocessing, ends):
    network = session.network.with_activation(parse_activation(activation), "user")
    said = parse_constants(preprocessing, network.input_shape)
    told = replace(session, network=network.with_preprocessing(said))
    words = shlex.split(command(results.make_report(told, None)))
    assert words[-len(ends) :] == ends
    assert words[words.index("--activation") + 1] == activation
    again = parse_constants(words[-1], network.input_shape)
    assert torch.equal(again.mean, said.mean)
    assert (again.std is None) == (said.std is None)


def test_the_layout_of_colour_images_is_in_the_command_and_the_page(session):
    assert "--layout" not in command(results.make_report(session, None))
    network = session.network.with_layout("hwc", "references")
    told = replace(session, network=network)
    words = shlex.split(command(results.make_report(told, None)))
    assert words[words.index("--layout") + 1] == "hwc"
    page = report_page(told, results.make_report(told, None))
    assert "H×W×C, pixel by pixel (found out from reference images)" in words_of(page)


def test_the_command_leaves_out_what_the_file_says(session):
    report = results.make_report(session, None)
    assert "--activation" not in command(report)
    assert "--preprocessing" not in command(report)
    mean = Preprocessing(torch.rand(session.network.input_shape), said_by="references")
    told = replace(session, network=session.network.with_preprocessing(mean))
    words = command(results.make_report(told, None))
    assert words.endswith("--preprocessing mean --mean-of SOURCE")


def test_the_command_writes_page_and_pdf(session, references, tmp_path, capsys):
    results.write_results(session, tmp_path, references)
    written = []
    path = tmp_path / "a.pdf"
    call = ["report", str(tmp_path), "--html", str(tmp_path / "a.html"), "--pdf", str(path)]
    assert main(call, lambda page, target: written.append((page, target))) == 0
    assert json.loads(capsys.readouterr().out) == {"html": call[3], "pdf": call[5]}
    page = (tmp_path / "a.html").read_text()
    assert written == [(page, path)]
    assert "Pictures of the pairs need the training images" in words_of(page)
    assert "training images recovered" in words_of(page)
    assert main(call) == 2
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_membership_is_in_the_report_where_somebody_asked(session, tmp_path, capsys):
    results.write_results(session, tmp_path / "run", None)
    files = [tmp_path / "images.npz", tmp_path / "control.npz"]
    for seed, file in enumerate(files):
        images = torch.rand(40, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
        save_images(LabelledImages(images, torch.arange(40) % 2, file.stem), file)
    given = [f"--{file.stem}={file}" for file in files]
    page = tmp_path / "a.html"
    call = ["report", str(tmp_path / "run"), "--html", str(page), "--overwrite"]
    assert main([*call, *given]) == 0
    assert "<h2>Membership</h2>" not in page.read_text()
    assert main([*call, *given, "--membership"]) == 0
    sets = [load_images(file) for file in files]
    found = ask(session.network, *sets, session.images()).as_dict()
    words = re.sub(r"\s+", " ", words_of(page.read_text()))
    assert [name for name, score in found["scores"].items() if score is None] == ["shadows"]
    for name, score in found["scores"].items():
        if score is None:
            continue
        rate, (low, high) = score["tpr_at_1_percent_fpr"], score["interval"]
        said = f"{percent(rate, 1)} ({percent(low, 1)} to {percent(high, 1)}) –"
        assert f"{name} {score['area']:.2f} {said}" in words
    first = found["most_exposed"][0]
    row = f"number {first['index'] + 1} {first['label']} {first['multiplier']:.3g}"
    assert f"{row} {first['control_above']}" in words
    capsys.readouterr()
    for missing in ([], given[:1]):
        assert main([*call, *missing, "--membership"]) == 2
        assert "needs images in question and a control" in capsys.readouterr().err


def test_a_session_carries_its_score_into_a_report(session, references, tmp_path, capsys):
    evidence = references.score(session.images())
    path = tmp_path / "run.afterimage"
    save_session(session.with_evidence(evidence.as_dict()), path)
    assert load_session(path).evidence == json.loads(json.dumps(evidence.as_dict()))
    assert main(["report", str(path), "--html", str(tmp_path / "a.html")]) == 0
    words = words_of((tmp_path / "a.html").read_text())
    assert f"{evidence.recovered} of 6 training images recovered" in words
    assert "Pictures of the pairs need the training images" in words


def test_a_score_of_another_run_is_not_taken_for_one_of_this(session, references, tmp_path, capsys):
    """A run that was killed leaves its session beside the report of what the folder held before."""
    results.write_results(session, tmp_path, references)
    later = Reconstruction(session.network, replace(session.settings, seed=1))
    list(later.iterate())
    unlike = session_of(later, "cpu (test)")
    at_once = replace(unlike, state=replace(unlike.state, seconds=session.state.seconds))
    save_session(at_once, tmp_path / results.SESSION)
    assert main(["report", str(tmp_path), "--html", str(tmp_path / "a.html")]) == 0
    assert "training images recovered" not in words_of((tmp_path / "a.html").read_text())
    capsys.readouterr()
    assert main(["compare", str(tmp_path), str(tmp_path), "--text"]) == 0
    assert "of 6" not in capsys.readouterr().out


@pytest.mark.parametrize("lie", [[1], {"train": {}}, "<script>", {"count": "<script>"}])
def test_a_score_that_is_none_is_refused(session, references, tmp_path, capsys, lie):
    """In a session as in a report.json: what goes onto the page are numbers."""
    scored = references.score(session.images()).as_dict()
    if isinstance(lie, dict) and "train" not in lie:
        lie = {**scored, "train": {**scored["train"], **lie}}
    path = tmp_path / "run.afterimage"
    save_session(session.with_evidence(lie), path)
    with pytest.raises(UnusableInput, match="damaged"):
        load_session(path)
    results.write_results(session, tmp_path / "out")
    report = results_read.read_report(tmp_path / "out")
    results.write_report({**report, "evidence": lie}, tmp_path / "out")
    assert main(["report", str(tmp_path / "out"), "--overwrite"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_curves_have_gaps_where_there_is_nothing_to_draw_and_keep_their_peaks():
    x = np.arange(1.0, 10_001)
    y = np.ones(10_000)
    y[5000], y[2000:2500] = 100.0, 0.0
    svg = charts.log_curves(x, y[:, None], {"layer 1": "layer 1"}, "step")
    lines = re.findall(r'<polyline points="([^"]+)"', svg)
    assert len(lines) == 2
    points = np.array([[float(v) for v in p.split(",")] for p in " ".join(lines).split()])
    assert len(points) <= 700
    assert points[:, 1].min() < points[:, 1].max() - 100
    assert charts.log_curves(np.empty(0), np.empty((0, 1)), {"a": "curve"}, "step").endswith(
        "</svg>"
    )


@pytest.mark.skipif(_BROWSER is None, reason="needs a Chromium browser, and none is here")
def test_a_browser_shows_it(session, references, tmp_path):
    results.write_results(session, tmp_path, references)
    picture = tmp_path / "page.png"
    where = [f"--user-data-dir={tmp_path / 'browser'}", "--window-size=800,1600"]
    page = (tmp_path / "report.html").as_uri()
    subprocess.run(
        [str(_BROWSER), *_BROWSER_FLAGS, *where, f"--screenshot={picture}", page],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(picture) as shown:
        pixels = np.asarray(shown.convert("RGB")).astype(int)
    is_ink = np.abs(pixels - 255).sum(2) > 60
    assert 0.02 < is_ink.mean() < 0.6
    # Nothing sticks out of the column: the outermost pixels are paper.
    assert not is_ink[:, :20].any()
    assert not is_ink[:, -20:].any()
    accent = (np.abs(pixels - [0xB3, 0x54, 0x1E]).sum(2) < 30).any(1)
    assert accent.sum() > 30


def test_a_loss_that_moves_little_has_numbers_beside_it():
    x = np.arange(1.0, 51.0)
    numbers = re.findall(
        r'text-anchor="end"[^>]*>([^<]+)<',
        charts.log_curves(x, 5330 + x[:, None], {"A": "curve"}, "step"),
    )
    assert numbers == ["5330", "5340", "5350", "5360", "5370", "5380"]
    wide = charts.log_curves(x, 10 ** (-x[:, None] / 10), {"A": "curve"}, "step")
    assert re.findall(r'text-anchor="end"[^>]*>([^<]+)<', wide) == [
        "1e-05",
        "0.0001",
        "0.001",
        "0.01",
        "0.1",
        "1",
    ]


def test_charts_and_window_take_their_colours_from_one_table():
    x = np.arange(1.0, 9)
    layers = {f"layer {index + 1}": layer(index) for index in range(5)}
    svg = charts.log_curves(x, np.exp(-np.outer(x, np.arange(1.0, 6))), layers, "step")
    drawn = re.findall(r'<polyline [^>]*stroke="(#\w+)"[^>]*>', svg)
    assert drawn == [COLOURS[meaning].light for meaning in layers.values()]
    dashed = re.findall(r'<polyline [^>]*stroke="(#\w+)"[^>]*dasharray', svg)
    assert dashed == [COLOURS["layer 1"].light]
    both = {"training images": "training", "control": "control"}
    shown = charts.histograms([x / 9, x / 20], both, "NCC", (0.5, "best"))
    assert re.findall(r'<polyline [^>]*stroke="(#\w+)"', shown) == [
        COLOURS["training"].light,
        COLOURS["control"].light,
    ]
