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
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_COLOURS = {"fast": "#c2410c", "paper": "#475569"}
_NAMES = {"fast": "Afterimage, default settings", "paper": "published procedure and settings"}


def draw(race: dict[str, Any], path: Path) -> None:
    """Good digits over time, on a logarithmic axis."""
    pg.setConfigOptions(antialias=True, background="w", foreground="#334155")
    plot = pg.PlotWidget()
    plot.resize(720, 380)
    plot.setLabel("left", "good digits of 100")
    plot.setLabel("bottom", "seconds of computing")
    plot.setLogMode(x=True)
    plot.showGrid(x=True, y=True, alpha=0.15)
    plot.getAxis("bottom").setTicks([[(math.log10(s), f"{s}") for s in _TICKS]])
    legend = plot.addLegend(offset=(20, 10))
    legend.setLabelTextSize("12pt")
    for name, colour in _COLOURS.items():
        seconds = [row["seconds"] for row in race[name]]
        good = [row["good"] for row in race[name]]
        pen = pg.mkPen(colour, width=2, style=Qt.PenStyle.SolidLine)
        plot.plot(seconds, good, pen=pen, symbol="o", symbolSize=5, symbolBrush=colour,
                  symbolPen=None, name=_NAMES[name])  # fmt: skip
    plot.setYRange(-1, max(row["good"] for row in race["fast"]) + 3)
    plot.show()
    QApplication.processEvents()
    exporter = ImageExporter(plot.plotItem)
    exporter.parameters()["width"] = 1440
    exporter.export(str(path))


if __name__ == "__main__":
    application = QApplication([])
    draw(json.loads(Path(sys.argv[1]).read_text())["race"], Path(sys.argv[2]))
