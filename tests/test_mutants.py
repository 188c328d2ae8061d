"""The table of mutants follows the engine: each names a line that is there, once."""

from __future__ import annotations

import pytest

from tests.benchmarks.mutants import mutated
from tests.benchmarks.mutants_table import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_line_that_is_there(mutant):
    assert mutant.new in mutated(mutant)
