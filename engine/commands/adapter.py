"""`main.py adapter`: which records an adapter (LoRA) was trained on, where its factors show it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.files import read_tensors
from engine.base.plain_text import counted, percent, plain
from engine.evidence.adapters import Certificate, certificate_of, rank_records
from engine.network.adapter import load_adapter
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

ABOUT = "which records was an adapter (LoRA) trained on by SGD?"

_HOW = (
    "Give an .npz or a safetensors file with one array (n, in) a module, by the module's name, or "
    "(n, t, in) of t tokens each; or an .npy and --module."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `adapter`."""
    parser.add_argument("adapter", metavar="FILE", type=Path, help="with lora_A and lora_B")
    parser.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="what modules read of the records in question: arrays by the names of modules",
    )
    parser.add_argument(
        "--control", type=Path, metavar="FILE", help="the same of records that it never saw"
    )
    parser.add_argument(
        "--module", metavar="NAME", help="the module that the array of an .npy is what it reads"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Looks at each module, and ranks the records.

    Raises:
        UnusableInput: adapter or records cannot be used, or do not belong together.
    """
    if options.control is not None and options.records is None:
        raise UnusableInput("--control needs --records: a control is compared with records.")
    certificates = [certificate_of(module) for module in load_adapter(options.adapter)]
    found = {}
    if options.records is not None:
        records = _records(options.records, certificates, options.module)
        control = None
        if options.control is not None:
            control = _records(options.control, certificates, options.module)
        _check_together(records, control, options)
        found = rank_records(certificates, records, control)
    return {
        "adapter": options.adapter.name,
        "modules": [_about(each) for each in certificates],
        "records": {name: ranked.as_dict() for name, ranked in found.items()},
        "has_control": options.control is not None,
    }


def lines(summary: dict[str, Any], _options: argparse.Namespace) -> list[str]:
    """Whether there is room in each module, and how records fare beside the control."""
    modules = summary["modules"]
    able = [each for each in modules if each["why_empty"] is None]
    said = [
        f"{summary['adapter']}: {counted(len(modules), 'modules')}, {len(able):,} of them with "
        "room for a certificate."
    ]
    for each in modules:
        room = f"–, {each['why_empty']}"
        if each["why_empty"] is None:
            room = f"B has rank {each['b_rank']} of {each['rank']}: it annihilates what was seen"
        said.append(f"{each['name']}  {room}")
    said += [_fares(name, each) for name, each in summary["records"].items()]
    if able:
        said.append(
            "A certificate holds for SGD from B = 0, with momentum and weight decay, without "
            "dropout, and is exact where what a module reads did not change in training."
        )
    if summary["records"] and not summary["has_control"]:
        said.append("Without a control this is no claim.")
    return said


def _fares(name: str, ranked: dict[str, Any]) -> str:
    median = f"median remainder {ranked['median']:.2g}"
    if ranked["area"] is None:
        return f"{name}: {median}"
    rate = "–, a control of 100 and more shows it"
    if ranked["interval"] is not None:
        low, high = ranked["interval"]
        shown = percent(ranked["tpr_at_1_percent_fpr"], 1)
        rate = f"{shown} ({percent(low, 1)} to {percent(high, 1)})"
    return (
        f"{name}: {median}, of the control {ranked['median_control']:.2g}; area "
        f"{ranked['area']:.2f}, found at 1 % false positives {rate}"
    )


def _about(certificate: Certificate) -> dict[str, Any]:
    module, cliff = certificate.module, certificate.cliff
    return {
        "name": module.name,
        "rank": module.rank,
        "in": int(module.down.shape[1]),
        "out": int(module.up.shape[0]),
        "b_rank": certificate.rank,
        "cliff": cliff if np.isfinite(cliff) else None,
        "why_empty": certificate.why_empty or None,
    }


def _records(
    path: Path, certificates: Sequence[Certificate], module: str | None
) -> dict[str, Tensor]:
    """What modules read, by name, float64, (n, in) or (n, t, in), n alike."""
    arrays = _arrays(path)
    if set(arrays) == {""}:
        names = [each.module.name for each in certificates]
        if module is None and len(names) > 1:
            raise UnusableInput(f"{path.name} does not say which module reads it.", _HOW)
        arrays = {module or names[0]: arrays[""]}
    found = {}
    for each in certificates:
        name, reads = each.module.name, int(each.module.down.shape[1])
        if name not in arrays:
            continue
        array = arrays[name]
        if array.ndim not in (2, 3) or array.shape[-1] != reads or not len(array):
            raise UnusableInput(
                f"“{name}” in {path.name} has shape {array.shape}, but the module reads "
                f"{reads:,} numbers.",
                _HOW,
            )
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise UnusableInput(f"“{name}” in {path.name} has values that are no finite numbers.")
        found[name] = torch.from_numpy(array.astype(np.float64))
    if not found:
        there, wanted = (
            ", ".join(plain(name) for name in list(some)[:4])
            for some in (arrays, [each.module.name for each in certificates])
        )
        raise UnusableInput(
            f"{path.name} holds {there}, and no array that is called like a module of the adapter: "
            f"{wanted}.",
            _HOW,
        )
    if len({len(each) for each in found.values()}) > 1:
        raise UnusableInput(f"The arrays in {path.name} are of different numbers of records.")
    return found


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    check_file(path)
    try:
        if path.suffix.lower() == ".safetensors":
            return {n: t.double().numpy() for n, t in read_tensors(path)[1].items()}
        if path.suffix.lower() == ".npz":
            archive_entries(path)
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        if path.suffix.lower() == ".npy":
            return {"": np.load(path, allow_pickle=False)}
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(f"{path.name} is damaged, cut short, or no arrays.", _HOW) from error
    raise UnusableInput(f"{path.name} holds no records that are read here.", _HOW)


def _check_together(
    records: dict[str, Tensor], control: dict[str, Tensor] | None, options: argparse.Namespace
) -> None:
    if control is not None and set(control) != set(records):
        raise UnusableInput(
            f"{options.records.name} and {options.control.name} are of different modules.",
            "Give what the same modules read of both.",
        )
