"""Runs the frozen application before it is called built.

    python packaging/smoke_test.py dist/Afterimage

Runs every command of the frozen command line and looks at what it writes. Then presses keys in the
frozen window, as a person would: opens the sample, reconstructs, exports a GIF, closes. Last it
holds sizes and the time to the window against their limits (docs/packaging.md).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageSequence
from remote_window import RemoteWindow, free_port

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 300.0
_RUN_SECONDS = 8.0
_OPEN_SECONDS = 15.0

LARGEST_FOLDER = 1200e6
"""Bytes that a package with the CPU's torch may have on the disk."""

LARGEST_ARCHIVE = 355e6
"""Bytes that people may have to download for it."""

LONGEST_START = 1.5
"""Time until the window is there, over the time in which Python loads torch on the same machine."""


def main() -> int:
    """Returns 0 if all is well."""
    folder = Path(sys.argv[1]).resolve()
    suffix = ".exe" if os.name == "nt" else ""
    program = folder / f"Afterimage{suffix}"
    command = folder / "afterimage-command.exe" if os.name == "nt" else program
    samples = next(folder.rglob("mnist_odd_even.safetensors")).parent
    with tempfile.TemporaryDirectory() as out:
        check_command_line(command, samples, Path(out))
        check_known_dataset(command, Path(out))
        if sys.platform == "linux":
            check_window(program, samples / "mnist_odd_even.safetensors", Path(out))
            check_on_a_screen(program, Path(out))
        else:
            check_that_it_stays_open([str(program)], dict(os.environ))
    check_size(folder)
    print(f"{program} works")
    return 0


# --- the command line -----------------------------------------------------------------------


def run(command: Path | list[str], *arguments: object) -> dict[str, object]:
    """One command; its summary."""
    start = command if isinstance(command, list) else [str(command)]
    line = [*start, *(str(a) for a in arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(line)} failed:\n{done.stderr}")
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


def check_command_line(command: Path, samples: Path, out: Path) -> None:
    """Every command once."""
    model, run_folder = samples / "mnist_odd_even.safetensors", out / "run"
    images = samples / "mnist_odd_even_images.npz"
    references = ["--images", images, "--control", samples / "mnist_odd_even_control_images.npz"]
    assert run(command, "inspect", model, "--json")["layers"] == [784, 1000, 1000, 1]
    report = run(
        command, "reconstruct", model, "--out", run_folder, "--steps", 60, "--candidates", 200,
        *references, "--quiet",
    )  # fmt: skip
    assert report["steps"] == 60
    assert isinstance(report["evidence"], dict)
    run(command, "score", run_folder, *references)
    run(command, "membership", model, *references, "--run", run_folder)
    run(
        command, "export", run_folder, "--gif", out / "drift.gif", "--mp4", out / "drift.mp4",
        "--quiet",
    )  # fmt: skip
    check_gif(out / "drift.gif")
    assert (out / "drift.mp4").read_bytes()[4:8] == b"ftyp"
    made = run(
        command, "train", "--dataset", images, "--hidden", "50,50", "--per-class", 10,
        "--out", out / "made.safetensors", "--quiet",
    )  # fmt: skip
    assert made["end"] == "The loss is reached."
    check_report(command, run_folder, references, out)


def check_report(command: Path, run_folder: Path, references: list[object], out: Path) -> None:
    """The frozen program writes the PDF that the source writes, charts and images and all."""
    source = [sys.executable, str(_ROOT / "main.py")]
    run(command, "report", run_folder, *references, "--pdf", out / "a.pdf", "--html", out / "a.htm")
    run(source, "report", run_folder, *references, "--pdf", out / "b.pdf", "--html", out / "b.htm")
    frozen, wanted = (out / "a.pdf").read_bytes(), (out / "b.pdf").read_bytes()
    assert b"<svg" in (out / "a.htm").read_bytes() or b"svg+xml" in (out / "a.htm").read_bytes()
    # What it says to type is what there is to type.
    for page, program in (("a.htm", "Afterimage reconstruct"), ("b.htm", "main.py reconstruct")):
        assert program in (out / page).read_text(encoding="utf-8")
    for part in (b"/Subtype /Image", b"/Type /Page\n", b"/Type /Font"):
        assert frozen.count(part) == wanted.count(part), part
    assert frozen.count(b"/Subtype /Image")
    assert abs(len(frozen) - len(wanted)) < 0.02 * len(wanted)


def check_known_dataset(command: Path, out: Path) -> None:
    """torchvision reads what it reads, without the operators that the package leaves out."""
    raw = out / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 200), ("t10k", 20)):
        labels = bytes(n % 10 for n in range(count))
        pixels = b"".join(
            bytes((37 * n + i * (n % 10)) % 256 for i in range(784)) for n in range(count)
        )
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels)
        head = struct.pack(">IIII", 0x803, count, 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(head + pixels)
    made = run(
        command, "train", "--dataset", "mnist", "--data-root", out / "data",
        "--classes", "odd/even", "--hidden", "50,50", "--per-class", 10,
        "--out", out / "known.safetensors", "--quiet",
    )  # fmt: skip
    assert made["end"] == "The loss is reached."


def check_gif(path: Path) -> None:
    """It holds a film in which something drifts, and the last frame shows something."""
    frames = [frame.convert("L") for frame in ImageSequence.Iterator(Image.open(path))]
    assert len(frames) >= 3, f"{path} holds {len(frames)} frames"
    assert min(frames[-1].size) >= 100
    low, high = frames[-1].getextrema()
    assert high - low > 100, "the last frame is nearly empty"
    assert frames[0].tobytes() != frames[-1].tobytes(), "nothing drifts"


# --- the window -----------------------------------------------------------------------------


def check_window(program: Path, model: Path, out: Path) -> None:
    """Opens the sample, reconstructs for some seconds, exports a GIF, and closes, all by keys."""
    home = out / "home"
    home.mkdir()
    state, film = home / "Afterimage", home / "mnist_odd_even-drift.gif"
    port = free_port()
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": f"vnc:port={port}:size=1280x820",
        **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(home)),
    }
    started = time.monotonic()
    with subprocess.Popen([str(program), str(model)], env=environment, cwd=home) as process:
        try:
            with RemoteWindow(port) as window:
                until(window.shows_something, "the window is there")
                check_start(time.monotonic() - started)
                under_way = state / "run-under-way.lock"
                until(under_way.exists, "the run is on", lambda: window.press("F5"), pause=5)
                time.sleep(_RUN_SECONDS)
                until((state / "last-run.afterimage").exists, "the run is kept")
                until(film.exists, "the GIF is there", lambda: ask_and_accept(window))
                until(lambda: not under_way.exists(), "it stops", lambda: stop(window))
                until(lambda: process.poll() is not None, "it ends", lambda: leave(window))
        finally:
            process.kill()
    assert process.returncode == 0, f"The window ended with status {process.returncode}."
    check_gif(film)


def ask_and_accept(window: RemoteWindow) -> None:
    """Asks for the GIF's dialog; where that or the question for a name is open, accepts it."""
    window.press("Ctrl+E")
    window.press("Return")


def stop(window: RemoteWindow) -> None:
    """Stops the run; a dialog that is still open goes first."""
    window.press("Escape")
    window.press("Shift+F5")


def leave(window: RemoteWindow) -> None:
    """Quits by its shortcut, not by the menu: Qt's VNC crashes over menus that follow dialogs."""
    with suppress(OSError):  # It has just ended.
        window.press("Escape")
        window.press("Ctrl+Q")


def until(
    condition: Callable[[], bool],
    what: str,
    meanwhile: Callable[[], object] = lambda: None,
    pause: float = 1.0,
) -> None:
    """Waits for something that will come, and does something about it again and again."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"In {_PATIENCE_SECONDS:.0f} s it did not come about that {what}.")
        meanwhile()
        time.sleep(pause)


def check_on_a_screen(program: Path, out: Path) -> None:
    """The same program on an X server, where there is one to start."""
    if shutil.which("Xvfb") is None:
        print("There is no Xvfb here; the window was tried without X only.")
        return
    with subprocess.Popen(["Xvfb", "-displayfd", "1"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            display = f":{server.stdout.readline().strip()}"
            check_that_it_stays_open(
                [str(program)],
                {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": str(out)},
            )
        finally:
            server.terminate()


def check_that_it_stays_open(command: list[str], environment: dict[str, str]) -> None:
    """The window opens, stays open, and closes when asked to."""
    with subprocess.Popen(command, env=environment) as window:
        try:
            status = window.wait(_OPEN_SECONDS)
            raise SystemExit(f"The window ended by itself with status {status}.")
        except subprocess.TimeoutExpired:
            pass
        if os.name == "nt":
            window.terminate()
        else:
            window.send_signal(signal.SIGINT)
            assert window.wait(_PATIENCE_SECONDS) == 0


# --- limits ---------------------------------------------------------------------------------


def check_start(seconds: float) -> None:
    """The window is there soon, by the measure of this machine and moment."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    measure = time.monotonic() - started
    print(f"start to window: {seconds:.1f} s; Python loads torch in {measure:.1f} s")
    assert seconds < LONGEST_START * measure, "The window comes late."


def check_size(folder: Path) -> None:
    """The folder, and the archives beside it, are no larger than they may be."""
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder.name}: {size / 1e6:.0f} MB")
    if any(folder.rglob("*torch_cuda*")):
        print("It holds CUDA, for which there is no limit.")
        return
    assert size < LARGEST_FOLDER, "The folder is too large."
    for archive in (*folder.parent.glob("*.tar.xz"), *folder.parent.glob("*.deb")):
        print(f"{archive.name}: {archive.stat().st_size / 1e6:.0f} MB")
        assert archive.stat().st_size < LARGEST_ARCHIVE, "The archive is too large."


if __name__ == "__main__":
    sys.exit(main())
