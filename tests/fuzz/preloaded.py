"""What reading processes have in common, loaded once before they part."""

from __future__ import annotations

import torch
import torchvision  # noqa: F401

from tests.fuzz import running  # noqa: F401

torch.set_num_threads(1)
