"""torch, loaded when it is first used and not before.

Loading it takes seconds, which nobody should wait who opens the window or asks for help. The engine
therefore says `from engine.lazy import torch`, and means what `import torch` means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
else:

    class _Torch:
        """Stands for torch; the first look at anything in it loads it, on whatever thread."""

        def __getattr__(self, name: str) -> Any:
            import torch

            return getattr(torch, name)

    torch = _Torch()

__all__ = ["load_torch", "torch"]


def load_torch() -> None:
    """Loads torch now; done before, it takes no time."""
    import torch  # noqa: F401
