"""Draws the race of `fast` against `paper`: `python -m tests.benchmarks.plot RACE.json PLOT.png`.

RACE.json is the line that `make bench BENCH=race` prints.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from pyqtgraph.exporters import ImageExporter
from PySide6.QtWidgets import QApplication

_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_COLOURS = {"fast": "#c2410c", "paper": "#475569"}
_NAMES = {"fast": "Afterimage, default settings", "paper": "published procedure and settings"}


def draw(races: dict[str, Any], path: Path) -> None:
    """Images recovered over time, on a logarithmic axis; one panel a kind of network."""
    pg.setConfigOptions(antialias=True, background="w", foreground="#334155")
    panels = pg.GraphicsLayoutWidget()
    panels.resize(720, 260 * len(races))
    for row, (kind, race) in enumerate(races.items()):
        plot = panels.addPlot(row, 0, title=kind)
        plot.setLabel("left", "recovered")
        plot.setLogMode(x=True)
        plot.showGrid(x=True, y=True, alpha=0.15)
        plot.getAxis("bottom").setTicks([[(math.log10(s), f"{s}") for s in _TICKS]])
        if row == 0:
            plot.addLegend(offset=(20, 10)).setLabelTextSize("10pt")
        for name, colour in _COLOURS.items():
            seconds = [point["seconds"] for point in race[name]]
            recovered = [point["recovered"] for point in race[name]]
            pen = pg.mkPen(colour, width=2)
            plot.plot(seconds, recovered, pen=pen, symbol="o", symbolSize=5, symbolBrush=colour,
                      symbolPen=None, name=_NAMES[name])  # fmt: skip
    plot.setLabel("bottom", "seconds of computing")
    panels.show()
    QApplication.processEvents()
    exporter = ImageExporter(panels.scene())
    exporter.parameters()["width"] = 1440
    exporter.export(str(path))


if __name__ == "__main__":
    application = QApplication([])
    draw(json.loads(Path(sys.argv[1]).read_text())["race"], Path(sys.argv[2]))
