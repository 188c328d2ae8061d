"""An adapter's file, looked at from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.base.errors import UnusableInput
from engine.commands import adapter as command
from engine.commands import command_line
from engine.network.adapter import load_adapter
from engine.network.checkpoints import load_network
from tests.engine.evidence.test_adapters import OTHERS, RECORDS, SEEN, R, sgd, trained

NAME = "base_model.model.fc1"


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in ("adapter", *arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapter")
    module = trained(sgd())
    full = torch.randn(10, R, generator=torch.Generator().manual_seed(0))
    save_file(
        {
            f"{NAME}.lora_A.weight": module.down.float().contiguous(),
            f"{NAME}.lora_B.weight": module.up.float().contiguous(),
            "base_model.model.fc2.lora_A.default.weight": torch.randn(R, 9),
            "base_model.model.fc2.lora_B.default.weight": full,
        },
        folder / "adapter_model.safetensors",
    )
    np.savez(folder / "seen.npz", **{NAME: RECORDS.numpy()})
    np.savez(folder / "others.npz", **{NAME: OTHERS.numpy()})
    np.save(folder / "seen.npy", RECORDS.numpy())
    return folder


def test_each_module_says_whether_there_is_room(capsys, folder):
    status, out, _ = call(capsys, folder / "adapter_model.safetensors")
    assert status == 0
    first, second = json.loads(out)["modules"]
    assert (first["name"], first["rank"], first["b_rank"]) == (NAME, R, SEEN)
    assert first["why_empty"] is None
    assert first["cliff"] > 1000
    assert second["name"] == "base_model.model.fc2"
    # Ten outputs give B a rank of ten, whatever was seen.
    assert second["why_empty"].startswith("the rank of B is that of its outputs")


def test_records_are_told_from_a_control(capsys, folder):
    status, out, _ = call(
        capsys,
        folder / "adapter_model.safetensors",
        *("--records", folder / "seen.npz", "--control", folder / "others.npz"),
    )
    assert status == 0
    summary = json.loads(out)
    found = summary["records"][NAME]
    assert found["area"] == 1
    assert found["tpr_at_1_percent_fpr"] == 1
    assert len(found["records"]) == SEEN
    assert max(found["records"]) < 1e-4
    said = "\n".join(command.lines(summary, None))
    assert "2 modules, 1 of them with room" in said
    assert "area 1.00, found at 1 % false positives 100.0 %" in said
    assert "no claim" not in said


def test_without_a_control_it_is_no_claim(capsys, folder):
    given = ("--records", folder / "seen.npy", "--module", NAME)
    status, out, _ = call(capsys, folder / "adapter_model.safetensors", *given)
    assert status == 0
    assert "Without a control this is no claim." in command.lines(json.loads(out), None)
    assert json.loads(out)["records"][NAME]["area"] is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--control", "others.npz"), "--control needs --records"),
        (("--records", "seen.npy"), "does not say which module"),
        (("--records", "wrong.npz"), "the module reads 40"),
        (
            ("--records", "none.npz"),
            "holds x, and no array that is called like a module of the adapter: ",
        ),
        (("--records", "nan.npz"), "no finite numbers"),
        (("--records", "cut.npz"), "damaged"),
    ],
)
def test_records_that_do_not_fit_are_refused_in_one_line(capsys, folder, given, why):
    np.savez(folder / "wrong.npz", **{NAME: np.ones((3, 7))})
    np.savez(folder / "none.npz", x=np.ones((3, 40)))
    np.savez(folder / "nan.npz", **{NAME: np.full((3, 40), np.nan)})
    (folder / "cut.npz").write_bytes((folder / "seen.npz").read_bytes()[:300])
    options = [folder / each if "." in each else each for each in given]
    status, _, err = call(capsys, folder / "adapter_model.safetensors", *options)
    assert status == 2
    assert why in err
    assert "\n" not in err.strip()


def test_a_file_of_pytorch_is_read_and_half_a_pair_is_refused(tmp_path):
    torch.save({"m.lora_A.weight": torch.ones(2, 5)}, tmp_path / "half.pth")
    with pytest.raises(UnusableInput, match="lora_A alone"):
        load_adapter(tmp_path / "half.pth")
    both = {"m.lora_down.weight": torch.ones(2, 5), "m.lora_up.weight": torch.ones(3, 2)}
    torch.save(both, tmp_path / "both.pth")
    (module,) = load_adapter(tmp_path / "both.pth")
    assert (module.name, module.rank, module.up.shape) == ("m", 2, (3, 2))
    torch.save({"m.weight": torch.ones(2, 5)}, tmp_path / "none.pth")
    with pytest.raises(UnusableInput, match="holds no adapter"):
        load_adapter(tmp_path / "none.pth")


def test_opening_an_adapter_as_a_network_names_the_command(folder):
    with pytest.raises(UnusableInput) as found:
        load_network(folder / "adapter_model.safetensors")
    assert "main.py adapter" in found.value.instead
