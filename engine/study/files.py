"""Where the files lie that the tasks of a study need, on this machine."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.study.store import NETWORKS, Store
from engine.study.study import File, Study, network_key


@dataclass
class Files:
    """Where the files of a study lie on this machine."""

    study: Study
    store: Store
    _keys: dict[str, str] = field(default_factory=dict)
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def __post_init__(self) -> None:
        self._known: dict[str, File] = {file.sha256: file for file in self.study.files}

    def key_of(self, network: str) -> str:
        """The SHA-256 of a run's network."""
        return self._keys.get(network, network)

    def name_of(self, sha256: str) -> str:
        """What a file is called."""
        return self._known[sha256].name

    def path_of(self, sha256: str) -> Path:
        """Where it lies; one of elsewhere is brought here first.

        Raises:
            OSError: it cannot be read or written.
        """
        place, folder = self._known[sha256].place, self.store.place.folder
        if Path(place).is_absolute():
            return Path(place)
        if folder is not None:
            return folder / place
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        path = Path(self._folder.name) / f"{sha256}{Path(place).suffix}"
        if not path.exists():
            path.write_bytes(self.store.place.read(place))
        return path

    def put_network(self, training: str, epochs: int, content: bytes) -> None:
        """Writes what a training has made.

        Raises:
            OSError: it cannot be written.
        """
        self.store.place.write(_place(training, epochs), content)
        self._note(training, epochs, content)

    def take_over(self, training: str, epochs: int) -> bool:
        """Whether a training has made a network, now or at an earlier time."""
        if network_key(training, epochs) in self._keys:
            return True
        try:
            content = self.store.place.read(_place(training, epochs))
        except OSError:
            return False
        self._note(training, epochs, content)
        return True

    def close(self) -> None:
        """Removes what was brought here."""
        if self._folder is not None:
            with suppress(OSError):
                self._folder.cleanup()

    def _note(self, training: str, epochs: int, content: bytes) -> None:
        sha256, place = hashlib.sha256(content).hexdigest(), _place(training, epochs)
        self._keys[network_key(training, epochs)] = sha256
        self._known[sha256] = File(place.rpartition("/")[2], sha256, place)


def _place(training: str, epochs: int) -> str:
    return f"{NETWORKS}/{network_key(training, epochs)}.safetensors"
