"""Runs first in the frozen program: lets torchvision be loaded without its compiled operators.

Afterimage reads data sets with it and needs none of them. Their descriptions are all that asks for
them when torchvision is loaded.
"""

import sys
from types import ModuleType

_DESCRIPTIONS = "torchvision._meta_registrations"
sys.modules[_DESCRIPTIONS] = ModuleType(_DESCRIPTIONS)
