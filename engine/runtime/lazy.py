"""torch, loaded when it is first used and not before, and so that a window answers meanwhile.

Loading it takes seconds, which nobody should wait who opens the window or asks for help. The engine
therefore says `from engine.runtime.lazy import torch`, and means what `import torch` means.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

_LOADING = Lock()
_loaded: ModuleType | None = None

if TYPE_CHECKING:
    import torch
else:

    class _Torch:
        """Stands for torch; the first look at anything in it loads it, on whatever thread."""

        def __getattr__(self, name: str) -> Any:
            return getattr(_loaded or load_torch(), name)

    torch = _Torch()

__all__ = ["load_torch", "torch"]


def load_torch() -> ModuleType:
    """Loads torch, unless that is done; whoever comes meanwhile waits for the same load.

    Raises:
        ImportError, OSError: it is not there, or one of its libraries cannot be loaded.
    """
    global _loaded
    with _LOADING:
        if _loaded is None:
            _bind_libraries()
            _loaded = _import_without_collecting()
    return _loaded


def _bind_libraries() -> None:
    """Has torch's libraries bound while other threads of Python run.

    An import binds them, too, but lets no other thread run for some tenths of a second. What does
    not succeed here is left to the import, which says what is wrong.
    """
    found = find_spec("torch")
    if sys.platform == "win32" or found is None or found.origin is None:
        return
    libraries = Path(found.origin).parent / "lib"
    suffix = "dylib" if sys.platform == "darwin" else "so"
    bind = ctypes.CDLL(None).dlopen  # Unlike `CDLL(path)`, a call into C lets other threads run.
    bind.argtypes, bind.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    # As torch itself does it: first what all others need, for all to see.
    bind(os.fsencode(libraries / f"libtorch_global_deps.{suffix}"), os.RTLD_LAZY | os.RTLD_GLOBAL)
    bind(os.fsencode(libraries / f"libtorch.{suffix}"), os.RTLD_NOW)


def _import_without_collecting() -> ModuleType:
    """Imports torch, whose quarter of a million objects nobody need search for garbage: they stay.

    Each search takes a tenth of a second in which nothing else runs.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        import torch
    finally:
        if was_on:
            gc.enable()
    gc.freeze()
    return torch
