"""What all tests share: real checkpoints where they are, and small networks made here."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Tests run beside each other, one on each core: threads of one would wait for those of another.
# Libraries read this as they are loaded, and programs that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from hypothesis import Phase, settings

from engine.data.inputs import InputShape, InputSpec, Preprocessing
from engine.evidence import confidence
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.session.session import Session

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# For who wants to know only whether a test fails; a smaller example can take minutes to find.
settings.register_profile("first-failure", phases=(Phase.explicit, Phase.generate))


def shared_file(name: str) -> Path:
    """A file of the folder of real data; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {name} of the folder of real checkpoints, which is not here")
    return path


def going_on(session: Session) -> Reconstruction:
    """The run of a session, ready to go on."""
    return Reconstruction(session.network, session.settings, session.state)


@pytest.fixture(scope="session")
def make_network() -> Callable[..., Network]:
    """Makes random float64 networks: layer sizes, with or without a first-layer bias."""

    def make(
        *sizes: int,
        bias: bool = True,
        seed: int = 0,
        shape: InputShape | None = None,
        mean: torch.Tensor | None = None,
    ) -> Network:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        weights = tuple(draw(n, k) / k**0.5 for k, n in itertools.pairwise(sizes))
        parameters = Parameters.of(weights, draw(sizes[1]) if bias else None)
        return Network(parameters, InputSpec(shape or (1, sizes[0], 1), Preprocessing(mean)))

    return make


@pytest.fixture(scope="session", autouse=True)
def narrow_networks_count_as_wide() -> Iterator[int]:
    """Networks of tests are small; those that a confidence is given for are not. Gives the rule."""
    fewest, confidence.FEWEST_NEURONS = confidence.FEWEST_NEURONS, 1
    yield fewest
    confidence.FEWEST_NEURONS = fewest


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch as it is outside of tests, where numbers are summed by several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def qapp_args(pytestconfig) -> list[str]:
    """What Qt starts with; on X there is a screen before, of its own for each of several workers.

    On a common one they would take the keyboard and the clipboard from each other.
    """
    needs_one = hasattr(pytestconfig, "workerinput") or not os.environ.get("DISPLAY")
    if os.environ.get("QT_QPA_PLATFORM") == "xcb" and needs_one:
        os.environ["DISPLAY"] = _new_screen(pytestconfig)
    return [pytestconfig.getini("qt_qapp_name")]


_SERVER = pytest.StashKey[subprocess.Popen]()


def _new_screen(config: pytest.Config) -> str:
    """Starts an X server on a display that is free; it ends when this process leaves it."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-terminate", "-nolisten", "tcp"]
    config.stash[_SERVER] = subprocess.Popen(
        [*command, "-screen", "0", "1280x900x24"], pass_fds=[writer], stderr=subprocess.DEVNULL
    )
    os.close(writer)
    with os.fdopen(reader) as answer:
        number = answer.readline().strip()
    if not number:
        pytest.exit("Xvfb does not start, and without it there is no screen.", returncode=1)
    return f":{number}"


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable():
    """Reports of workers can be sent, also where a file's name in them is no text."""
    return _sendable((yield))


def _sendable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _sendable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_sendable, value))
    return value
