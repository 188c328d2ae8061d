"""What a GPU does: `python -m tests.benchmarks.gpu [--out FOLDER]`, in five minutes at most.

First whether it works: the formulas, float32 and float64, sessions that change devices, too little
memory, a device that is lost, the same images as the CPU. Then how fast it is. Writes `gpu.json`,
and `gpu.md` with a table that names the card. Exits with 1 where something is not as it should be,
and with 2 where there is no GPU; `--device cpu --quick` tries the script itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from engine.runtime.devices import describe_device, free_cached_memory
from tests.benchmarks import gpu_speed, gpu_works

MINUTES = 5.0
_NO_GPU = "There is no CUDA GPU that PyTorch can use here; --device cpu tries this on the CPU."
_WORDS = {True: "yes", False: "NO", None: "–"}

Rows = dict[str, dict[str, Any]]


def measure(device: str, quick: bool, minutes: float) -> Rows:
    """All checks in turn; what would begin after the time is over is left out, and says so."""
    rows: Rows = {}
    ends = time.monotonic() + 60 * minutes
    for name, check in {**gpu_works.CHECKS, **gpu_speed.CHECKS}.items():
        if time.monotonic() > ends:
            rows[name] = {"passes": None, "why": "left out: the time is over"}
            continue
        began = time.monotonic()
        try:
            rows[name] = check(device, quick)
        except Exception as error:  # One that fails must not take the others with it.
            rows[name] = {"passes": False, "why": f"{type(error).__name__}: {error}"}
        rows[name]["took"] = round(time.monotonic() - began, 1)
        free_cached_memory(torch.device(device))
        print(json.dumps({name: rows[name]}, ensure_ascii=False), flush=True)
    return rows


def table(card: str, rows: Rows) -> str:
    """Two tables in Markdown: what works, and how fast it is; what is not known is “–”."""
    works = [f"| {name} | {_WORDS[rows[name].get('passes')]} |" for name in gpu_works.CHECKS]
    works.append(f"| never waited for | {_WORDS[rows['never waited for'].get('passes')]} |")
    columns = ("steps_per_second", "seconds", "recovered", "control", "peak_gigabytes")
    speeds = [
        f"| {name} | {' | '.join(_shown(rows[name].get(column)) for column in columns)} |"
        for name in gpu_speed.CHECKS
        if name != "never waited for"
    ]
    return "\n".join(
        [
            f"Measured on {card}, PyTorch {torch.__version__}:",
            "",
            "| check | as it should be |",
            "| --- | --- |",
            *works,
            "",
            "| run | steps a second | seconds | recovered | good control images | GiB |",
            "| --- | --- | --- | --- | --- | --- |",
            *speeds,
            "",
        ]
    )


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"


def main(arguments: list[str] | None = None) -> int:
    """Measures, and writes both files."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: tries the script")
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="X")
    parser.add_argument("--out", type=Path, default=Path.cwd(), metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print(_NO_GPU, file=sys.stderr)
        return 2
    card = describe_device(torch.device(options.device))
    rows = measure(options.device, options.quick, options.minutes)
    options.out.mkdir(parents=True, exist_ok=True)
    report = {"card": card, "torch": torch.__version__, "quick": options.quick, "checks": rows}
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (options.out / "gpu.json").write_text(text + "\n", encoding="utf-8")
    (options.out / "gpu.md").write_text(table(card, rows), encoding="utf-8")
    return int(any(row.get("passes") is False for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
