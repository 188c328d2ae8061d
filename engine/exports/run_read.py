"""A run as a network of others sees it: its reconstructions, whichever file they lie in."""

from __future__ import annotations

from pathlib import Path

from engine.base.plain_text import plain
from engine.data.inputs import is_vector
from engine.evidence.other_run import OtherRun
from engine.exports import results, results_read
from engine.session.session import SUFFIX
from engine.session.session_file import load_session


def read_run(path: Path) -> OtherRun:
    """The reconstructions of a run, and whose they are.

    Args:
        path: a session, or a folder of results.

    Raises:
        UnusableInput: it cannot be read.
    """
    if path.suffix == SUFFIX:
        session = load_session(path)
        images, mean, origin = session.images(), session.network.mean, session.network.origin
        name, sha256 = origin.name, origin.sha256
    else:
        images, mean = results_read.read_reconstructions(path)
        name, sha256 = path.name, ""
        if (path / results.REPORT).exists():
            model = results_read.read_report(path).get("model")
            if isinstance(model, dict):
                name, sha256 = str(model.get("file", name)), str(model.get("sha256", ""))
    # Vectors are what a network reads, and no mean was taken from them to show them.
    return OtherRun(plain(name), images, None if is_vector(images.shape[1:]) else mean, sha256)
