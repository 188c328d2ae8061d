"""A study's work on a Ray cluster (docs.ray.io): one of other machines, or one started here.

Ray decides where a task runs and brings its files there, each once. Nothing is sent anywhere else:
its usage statistics and its dashboard are off.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.study.pool import Ended, processors
from engine.study.work import Done, Task, perform

LOCAL = "local"
"""In place of an address: a cluster of this machine, which ends with the study."""

_KEPT = 100
"""Files that stay with Ray for tasks to come: thousands of networks would fill its memory."""

_ANSWER_SECONDS = 5.0

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}


class RayCluster:
    """Ray's workers."""

    def __init__(
        self, address: str = LOCAL, count: int | None = None, device: str = "auto"
    ) -> None:
        """
        Args:
            address: of a cluster, as Ray takes it; or `LOCAL`.
            count: tasks at a time; None takes a processor for each, or a GPU where there are some.
            device: that the runs ask for.

        Raises:
            UnusableInput: Ray is not installed, or there is no cluster at that address.
        """
        self._is_local = address == LOCAL
        if self._is_local:
            _lock_the_door()
        self._ray = _ray()
        self._connect(address, count)
        resources: dict[str, float] = self._ray.cluster_resources()
        gpus = 0 if device == "cpu" else int(resources.get("GPU", 0))
        self.count = count or gpus or max(1, int(resources.get("CPU", 1)))
        self._work = self._ray.remote(max_retries=0, num_cpus=1, num_gpus=1 if gpus else 0)(_work)
        self._objects: dict[str, Any] = {}
        self._begun: dict[Any, str] = {}

    def begin(self, task: Task, files: Mapping[str, Path]) -> None:
        """Has a task done; a file that no task has asked for yet is handed to Ray."""
        for key, path in files.items():
            # What was asked for last stands last.
            self._objects[key] = self._objects.pop(key, None) or self._ray.put(path.read_bytes())
        # Elsewhere there is no folder of this machine to keep a copy in.
        sent = task if self._is_local else replace(task, copy=None)
        contents = [self._objects[key] for key in files]
        self._begun[self._work.remote(sent, list(files), *contents)] = task.work.id
        for key in list(self._objects)[:-_KEPT]:  # Ray keeps it as long as a task needs it.
            del self._objects[key]

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, after so many seconds at most."""
        if not self._begun:
            return []
        begun = list(self._begun)
        ready, _ = self._ray.wait(begun, num_returns=1, timeout=seconds)
        more, _ = self._ray.wait(begun, num_returns=len(begun), timeout=0)
        return [self._ended(each) for each in dict.fromkeys([*ready, *more])]

    def stop(self) -> None:
        """Ends all tasks at once, and leaves the cluster; one that was started here ends."""
        for each in self._begun:
            with suppress(Exception):  # A cluster that is gone has no tasks, either.
                self._ray.cancel(each, force=True)
        self._begun, self._objects = {}, {}
        self._ray.shutdown()

    def _ended(self, reference: Any) -> Ended:
        id_ = self._begun.pop(reference)
        try:
            done: Done = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return Ended(id_, None, f"as Ray says: {str(error).splitlines()[0]}")
        return Ended(id_, done)

    def _connect(self, address: str, count: int | None) -> None:
        settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if self._is_local:
            settings |= {
                "num_cpus": count or processors(),
                "include_dashboard": False,
            }
        try:
            _knock_at(address)
            self._ray.init(address=address, **settings)
        except Exception as error:  # Each kind of address has errors of its own.
            why = str(error).splitlines()[0]
            if self._is_local:
                raise UnusableInput(
                    f"Ray does not start here: {why}",
                    "Leave --ray out: processes of this machine do the same work.",
                ) from error
            raise UnusableInput(
                f"No Ray cluster can be reached at {address}: {why}.",
                f"Start one there, or say {LOCAL}.",
            ) from error


def _knock_at(address: str) -> None:
    """Ray waits for minutes where nobody is.

    Raises:
        OSError: nobody answers at such an address.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()


def _lock_the_door() -> None:
    """Ray listens on the network, also when it is alone: nobody without the token is heard."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _ray() -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise UnusableInput(
            "Ray is not installed, and the study is to run on a Ray cluster.",
            "Install what requirements-cluster.txt names, or leave --ray out.",
        ) from error
    return ray


def _work(task: Task, keys: list[str], *contents: bytes) -> Done:
    """What Ray has a worker do."""
    return perform(task, dict(zip(keys, contents, strict=True)))
