"""Runs the frozen application before it is called built.

    python packaging/smoke_test.py dist/Afterimage

Inspects the bundled sample, reconstructs and scores it for a few steps, writes every kind of file,
and opens the window offscreen and closes it again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_WINDOW_SECONDS = 15


def main() -> int:
    """Returns 0 if all is well."""
    folder = Path(sys.argv[1]).resolve()
    program = folder / ("Afterimage.exe" if os.name == "nt" else "Afterimage")
    samples = next(folder.rglob("mnist_odd_even.safetensors")).parent
    with tempfile.TemporaryDirectory() as out:
        check_command_line(program, samples, Path(out))
        check_window(program, samples / "mnist_odd_even.safetensors", Path(out))
    print(f"{program} works")
    return 0


def run(program: Path, *arguments: object) -> dict[str, object]:
    """One command of the frozen program; its summary."""
    command = [str(program), *(str(a) for a in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


def check_command_line(program: Path, samples: Path, out: Path) -> None:
    """Every command once."""
    model = samples / "mnist_odd_even.safetensors"
    assert run(program, "inspect", model, "--json")["layers"] == [784, 1000, 1000, 1]
    report = run(
        program, "reconstruct", model, "--out", out / "run", "--steps", 5, "--candidates", 50,
        "--images", samples / "mnist_odd_even_images.npz",
        "--control", samples / "mnist_odd_even_control_images.npz", "--quiet",
    )  # fmt: skip
    assert report["steps"] == 5
    assert isinstance(report["evidence"], dict)
    made = run(
        program, "train", "--dataset", samples / "mnist_odd_even_images.npz", "--hidden", "50,50",
        "--per-class", 10, "--out", out / "made.safetensors", "--quiet",
    )  # fmt: skip
    assert made["end"] == "The loss is reached."
    run(program, "export", out / "run", "--mp4", out / "drift.mp4", "--quiet")
    assert (out / "drift.mp4").stat().st_size > 1000


def check_window(program: Path, model: Path, out: Path) -> None:
    """The window opens, stays open, and closes when asked to."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(out),
        "XDG_STATE_HOME": str(out),
    }
    with subprocess.Popen([str(program), str(model)], env=environment) as window:
        deadline = time.monotonic() + _WINDOW_SECONDS
        while time.monotonic() < deadline:
            if window.poll() is not None:
                raise SystemExit(f"The window ended by itself with status {window.returncode}.")
            time.sleep(0.2)
        if os.name == "nt":
            window.terminate()
        else:
            window.send_signal(signal.SIGINT)
            assert window.wait(30) == 0


if __name__ == "__main__":
    sys.exit(main())
