"""A GPU for machines that have none: PyTorch believes in it, and it fails when it is told to.

Its tensors are the CPU's, so it computes the same numbers. What is real about it is what matters
here: a tensor that does not fit raises `torch.OutOfMemoryError`, and once it is lost nothing can be
read back from it: every operation on any of its tensors raises `torch.AcceleratorError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

LOST = (
    "CUDA error: unspecified launch failure\n"
    "CUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace "
    "below might be incorrect."
)
_GPU = torch.device("cuda")


class PretendGpu:
    """Set what is to go wrong, at any time, from any thread.

    Attributes:
        room: the most numbers that a tensor may have; None where there is room for all.
        is_lost: whether nothing answers any more.
    """

    def __init__(self) -> None:
        self.room: int | None = None
        self.is_lost = False

    def touch(self) -> None:
        """Something is asked of the GPU."""
        if self.is_lost:
            raise torch.AcceleratorError(LOST)

    def stream(self) -> PretendGpu:
        """Its one stream of work."""
        self.touch()
        return self

    def is_capturing(self) -> bool:
        """No graph is recorded."""
        return False

    def check_room(self, result: Any) -> None:
        """A tensor was made on the GPU."""
        if isinstance(result, OnGpu) and self.room is not None:
            count = int(torch.Size.numel(_plain(result).shape))
            if count > self.room:
                raise torch.OutOfMemoryError(
                    f"CUDA out of memory. Tried to allocate {count} numbers. GPU 0 has a total "
                    f"capacity of {self.room} numbers of which none is free."
                )


class OnGpu(torch.Tensor):
    """A tensor on it."""

    gpu: PretendGpu

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Every operation on such a tensor comes through here."""
        kwargs = kwargs or {}
        if func == torch.Tensor.device.__get__:
            return _GPU
        if func == torch.Tensor.shape.__get__:
            return super().__torch_function__(func, types, args, kwargs)
        cls.gpu.touch()
        if func is torch.Tensor.to:
            func = _to
        result = super().__torch_function__(func, types, args, kwargs)
        if func is torch.Tensor.cpu or (func is _to and _names(args, kwargs, "cpu")):
            return _plain(result)
        cls.gpu.check_room(result)
        return result


_to = torch.Tensor.to


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(torch.Tensor)


def _names(args: Any, kwargs: Any, kind: str) -> bool:
    given = [*args, *kwargs.values()]
    return any(isinstance(each, str | torch.device) and str(each) == kind for each in given)


def install(monkeypatch: pytest.MonkeyPatch) -> PretendGpu:
    """From here on PyTorch has a GPU."""
    gpu = PretendGpu()
    OnGpu.gpu = gpu

    def is_gpu(value: Any) -> bool:
        return isinstance(value, str | torch.device) and str(value) == "cuda"

    def move(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if not _names(args, kwargs, "cuda"):
            return _to(tensor, *args, **kwargs)
        gpu.touch()
        rest = [each for each in args if not is_gpu(each)]
        moved = _to(tensor, *rest, **kwargs) if rest or kwargs else tensor.clone()
        moved = moved.as_subclass(OnGpu)
        gpu.check_room(moved)
        return moved

    def made_there(make: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def made(*args: Any, device: Any = None, **kwargs: Any) -> torch.Tensor:
            if not is_gpu(device):
                return make(*args, device=device, **kwargs)
            return move(make(*args, **kwargs), _GPU)

        return made

    monkeypatch.setattr(torch.Tensor, "to", move)
    monkeypatch.setattr(torch, "zeros", made_there(torch.zeros))
    monkeypatch.setattr(torch, "ones", made_there(torch.ones))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _device: gpu.touch())
    monkeypatch.setattr(torch.cuda, "empty_cache", gpu.touch)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _device: "Pretender 3000")
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_kwargs: _GPU)
    monkeypatch.setattr(torch.accelerator, "current_stream", gpu.stream)
    return gpu
