"""A hundred thousand mutated files, read as the application reads them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from tests.fuzz.running import fuzz
from tests.fuzz.seeds import make_seeds

_FILES = 100_000


def bench_fuzz() -> dict[str, Any]:
    """Files that fail stay in the folder that is named (FILES: how many; FIRST: from which)."""
    first, count = int(os.environ.get("FIRST", 0)), int(os.environ.get("FILES", _FILES))
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    seeds = make_seeds()
    found = fuzz(seeds, range(first, first + count), folder, workers=os.cpu_count() or 2)
    return {
        "files": count,
        "kinds": len(seeds),
        **found.outcomes,
        "failures": {number: text[-500:] for number, text in sorted(found.failures.items())},
        "highest_megabytes": round(found.megabytes),
        "longest_seconds": round(found.seconds, 2),
        "failed_files": str(folder / "failed"),
    }
