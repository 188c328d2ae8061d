"""`membership --shadows`: what recipe it takes, what it refuses, and where the score goes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.commands import command_line
from engine.commands.membership import lines
from engine.commands.shadow_options import recipe_of_shadows
from engine.data.datasets import load_images, save_images
from engine.evidence.membership import ask
from engine.network.checkpoints import load_network
from engine.training.recipe import Recipe
from engine.training.shadow_images import halves
from engine.training.shadows import Shadows
from tests.conftest import ROOT
from tests.engine.commands.test_command_line import call
from tests.engine.training.test_training import points

BRIEF = ("--recipe", "usual", "--hidden", "6", "--epochs", "3", "--batch", "4")
SAID = ("--optimizer", "sgd", "--rate", "0.05", "--batch", "4", "--weight-decay", "0.001",
        "--epochs", "3")  # fmt: skip


@pytest.fixture
def files(tmp_path, capsys):
    """A network of this program's own, its images, and a control."""
    save_images(points(), tmp_path / "data.npz")
    model = tmp_path / "own.safetensors"
    given = ("--dataset", tmp_path / "data.npz", "--per-class", "0")
    assert call(capsys, "train", *given, *BRIEF, "--out", model)[0] == 0
    control = tmp_path / "others.npz"
    save_images(points(14, seed=1), control)
    return model, tmp_path / "own_images.npz", control


def foreign(model: Path) -> Path:
    """The same network as a file that says nothing of its making."""
    network = load_network(model)
    state = {}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        state |= {f"{2 * layer}.weight": weight, f"{2 * layer}.bias": bias}
    path = model.with_suffix(".pth")
    torch.save(state, path)
    return path


def asked(files, *more):
    return ("membership", files[0], "--images", files[1], "--control", files[2], *more)


def options_of(*arguments):
    return command_line._parser().parse_args([str(each) for each in arguments])


def test_the_score_is_that_of_networks_made_by_the_recipe_in_the_file(capsys, files, tmp_path):
    table, folder = tmp_path / "table.csv", tmp_path / "shadows"
    given = asked(files, "--shadows", 4, "--seed", 3, "--shadow-dir", folder, "--csv", table)
    status, out, err = call(capsys, *given)
    assert (status, err) == (0, "")
    told = json.loads(out)
    network, images, control = (load_network(files[0]), *map(load_images, files[1:]))
    recipe = Recipe((6,), "one", "all", "pytorch", "plain", "sgd", True, until_exponent=0,
                    epochs=3, rate=0.05, batch=4, weight_decay=1e-3)  # fmt: skip
    drawn = halves(network.classes, images, control, 4, seed=3)
    shadows = Shadows(network, recipe, drawn, 3).confidences()
    expected = ask(network, images, control, shadows=shadows)
    assert told["scores"]["shadows"] == json.loads(
        json.dumps(expected.shadows.as_dict(with_values=True))
    )
    about = told["shadow_networks"]
    assert (about["networks"], about["attack"], about["assumed"]) == (4, "online", "")
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    written = [float(row["shadows"]) for row in rows]
    both = [*expected.shadows.images, *expected.shadows.control]
    assert written == pytest.approx(both, rel=1e-8)
    again = json.loads(call(capsys, *given, "--overwrite")[1])
    assert again["shadow_networks"]["kept_from_before"] == 4
    assert again["scores"] == told["scores"]
    for_people = lines(again, options_of(*given))
    assert f"area under the curve {told['scores']['shadows']['area']:.2f}" in for_people[5]
    assert for_people[5].startswith("shadows ")
    assert for_people[6].startswith("4 shadow networks (online), each of a random half of the 26 ")
    assert for_people[7] == "4 of them were there already."


def test_without_shadow_networks_the_score_is_missing_and_says_what_it_needs(capsys, files):
    told = json.loads(call(capsys, *asked(files))[1])
    assert told["scores"]["shadows"] is told["shadow_networks"] is None
    row = "shadows     –, it needs shadow networks, trained as this one was"
    assert row in lines(told, options_of(*asked(files)))


def test_images_of_their_own_make_it_the_offline_attack(capsys, files, tmp_path):
    pool = tmp_path / "pool.npz"
    save_images(points(40, seed=2), pool)
    told = json.loads(call(capsys, *asked(files, "--shadows", 4, "--shadow-images", pool))[1])
    about = told["shadow_networks"]
    assert about["attack"] == "offline"
    assert about["made_of"] == f"12 of 40 other images ({pool.name})"
    assert min(told["scores"]["shadows"]["values"]) > 0  # −ln of a probability.


def test_what_a_file_does_not_say_has_to_be_said_and_what_is_assumed_is_shown(capsys, files):
    others = (foreign(files[0]), *files[1:])
    status, out, err = call(capsys, *asked(others, "--shadows", 4))
    assert (status, out) == (2, "")
    assert (
        "own.pth does not say how it was trained, and shadow networks are to be trained as it was: "
        "--optimizer, --rate, --batch, --weight-decay and --epochs or --most-steps are missing."
    ) in err
    _, _, err = call(capsys, *asked(others, "--shadows", 4, *SAID[2:]))
    assert "--optimizer is missing" in err
    told = json.loads(call(capsys, *asked(others, "--shadows", 4, *SAID))[1])
    assert told["shadow_networks"]["assumed"] == (
        "start pytorch, momentum 0.9, cosine yes, images less their mean"
    )
    more = ("--start", "pytorch", "--momentum", "0.5", "--no-cosine", "--preprocessing", "none")
    told = json.loads(call(capsys, *asked(others, "--shadows", 4, *SAID, *more))[1])
    assert told["shadow_networks"]["assumed"] == ""
    assert "784" not in told["shadow_networks"]["made_by"]
    assert told["shadow_networks"]["made_by"].startswith("64–6–1, bias on every layer, sgd at 0.05")
    _, _, err = call(capsys, *asked(others, "--shadows", 4, "--schedule", "fast"))
    assert "--weight-decay and --until or --most-steps are missing" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--shadows", 3), "3 shadow networks were asked for; a score takes from 4 to 1,000."),
        (("--shadows", -1), "-1 shadow networks were asked for"),
        (("--epochs", 3, "--shadow-dir", "x"), "--shadow-dir and --epochs say how shadow networks"),
        (("--recipe", "usual"), "--recipe says how shadow networks are trained, and none are"),
        (("--shadows", 4, "--hidden", "7"), "--hidden says another architecture than own.saf"),
        (("--shadows", 4, "--recipe", "fine-tune"), "needs a network to begin with"),
        (("--shadows", 4, "--shadow-images", "nowhere.npz"), "nowhere.npz"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_two(capsys, files, more, said):
    status, out, err = call(capsys, *asked(files, *more))
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_one_is_refused_before_any_training(capsys, files):
    status, out, err = call(capsys, *asked(files, "--shadows", 4, "--shadow-dir", files[1]))
    assert (status, out) == (2, "")
    assert str(files[1]) in err
    assert err.count("\n") == 1


def test_they_need_a_control(capsys, files):
    status, _, err = call(capsys, "membership", files[0], "--images", files[1], "--shadows", 4)
    assert status == 2
    assert "without a control nobody knows what it is worth" in err


def test_the_options_overrule_the_file_and_layers_are_the_networks(files):
    network = load_network(files[0])
    options = options_of(*asked(files, "--shadows", 4, "--rate", "0.01", "--hidden", "6"))
    recipe, assumed = recipe_of_shadows(options, network)
    assert (recipe.rate, recipe.weight_decay, recipe.epochs) == (0.01, 1e-3, 3)
    assert (recipe.hidden, recipe.biases, recipe.outputs) == ((6,), "all", "one")
    assert assumed == ""


def test_a_limit_of_time_becomes_the_steps_that_were_taken_within_it(files):
    network = load_network(files[0])
    made = {**json.loads(network.origin.details["recipe"]), "seconds": 60.0, "steps": 7}
    details = {"recipe": json.dumps(made)}
    network = replace(network, origin=replace(network.origin, details=details))
    recipe, assumed = recipe_of_shadows(options_of(*asked(files, "--shadows", 4)), network)
    assert (recipe.seconds, recipe.most_steps) == (0, 7)
    assert assumed == "7 steps, which is how many it took within its limit of time"


def test_a_fine_tuned_network_needs_its_base_and_its_shadows_begin_there(capsys, files, tmp_path):
    tuned = tmp_path / "tuned.safetensors"
    given = ("--dataset", files[2], "--per-class", "0", "--from", files[0], "--most-steps", "5")
    assert call(capsys, "train", *given, "--out", tuned)[0] == 0
    question = (tuned, tmp_path / "tuned_images.npz", files[1])
    status, _, err = call(capsys, *asked(question, "--shadows", 4))
    assert status == 2
    assert "was fine-tuned from own.safetensors" in err
    assert "Give it with --base." in err
    told = json.loads(call(capsys, *asked(question, "--shadows", 4, "--base", files[0]))[1])
    assert "from own.safetensors, sgd at 0.05" in told["shadow_networks"]["made_by"]
    given = asked(question, "--shadows", 4, "--base", files[0], "--base-head", "new")
    assert "is said to have begun with a new one" in call(capsys, *given)[2]


def test_a_network_with_convolutions_is_refused(capsys, files):
    state = {"0.weight": torch.ones(4, 1, 3, 3), "2.weight": torch.ones(2, 4 * 64)}
    path = files[0].with_name("conv.pth")
    torch.save(state, path)
    status, _, err = call(
        capsys, *asked((path, *files[1:]), "--shadows", 4, *SAID, "--shape", "1x8x8",
                       "--architecture", "conv padding 1, relu, flatten, linear"),
    )  # fmt: skip
    assert status == 2
    assert "conv.pth has convolutions" in err
    assert "Leave shadow networks out." in err


def test_a_report_shows_the_score(capsys, files, tmp_path):
    folder, page = tmp_path / "run", tmp_path / "a.html"
    call(capsys, "reconstruct", files[0], "--out", folder, "--candidates", 8, "--steps", 3,
         "--device", "cpu", "--quiet")  # fmt: skip
    given = ("report", folder, "--images", files[1], "--control", files[2], "--html", page)
    status, _, err = call(capsys, *given, "--shadows", 4)
    assert status == 2
    assert "Give --membership as well." in err
    assert call(capsys, *given, "--membership", "--shadows", 4)[0] == 0
    told = json.loads(call(capsys, *asked(files, "--shadows", 4))[1])
    text = page.read_text(encoding="utf-8")
    assert f"<td>{told['scores']['shadows']['area']:.2f}</td>" in text
    assert "4 shadow networks (online)" in text


def test_an_interruption_keeps_those_that_are_trained(files, tmp_path):
    folder = tmp_path / "shadows"
    arguments = asked(files, "--shadows", "400", "--shadow-dir", folder, "--epochs", "20")
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    while not list(folder.glob("shadow-002-*")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Interrupted." in err
    kept = sorted(folder.glob("*"))
    assert 2 <= len(kept) < 400
    assert [path.name[:11] for path in kept] == [
        f"shadow-{k + 1:03}-"[:11] for k in range(len(kept))
    ]
    for path in kept:
        assert load_network(path).layer_sizes == (64, 6, 1)
