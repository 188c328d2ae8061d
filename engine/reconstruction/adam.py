"""PyTorch's Adam, without its question to a GPU that may be lost."""

from __future__ import annotations

import torch


class Adam(torch.optim.Adam):
    """Before each step PyTorch asks the GPU, also for tensors of the CPU, if it records a graph.

    A lost GPU answers that with an error, so that no step could be taken on the CPU any more. No
    graph is ever recorded here.
    """

    def _accelerator_graph_capture_health_check(self) -> None:
        return

    def _cuda_graph_capture_health_check(self) -> None:
        """Its name in earlier versions of PyTorch."""
        return
