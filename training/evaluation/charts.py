"""What all charts share: style, colours that the colour-blind can tell apart, and the way to SVG and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, PALE, INK = "#0b62a4", "#c8500a", "#00805e", "#6b7280", "#c9ced6", "#1f2937"
WIDTH = 8.8  # inches; the page shows it at most at 960 pixels
PICTURE_DPI = 150

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and copied
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.0,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "grid.color": "#e5e7eb",
    "legend.frameon": False,
}
_SIZE = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>')


class Chart(NamedTuple):
    """A drawn chart: file name without suffix, title, the sentence that says what it means, SVG element, PNG bytes."""

    name: str
    title: str
    meaning: str
    svg: str
    png: bytes


def drawn(name: str, title: str, meaning: str, *, size: tuple[float, float], draw: Callable[[Figure], None]) -> Chart:
    """A chart of ``size`` inches, drawn by ``draw`` on an empty figure."""
    style: Any = {**STYLE, "svg.hashsalt": name}  # ids in one page must differ from chart to chart
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        vector, pixels = io.StringIO(), io.BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(pixels, format="png", dpi=PICTURE_DPI)
    return Chart(name, title, meaning, _element(vector.getvalue(), title), pixels.getvalue())


def _element(document: str, title: str) -> str:
    """The svg element of a document, as wide as its place and named for those who do not see it."""
    element = document[document.index("<svg") :]
    metadata = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
    label = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return _SIZE.sub(rf'<svg viewBox="\1" role="img" aria-label="{label}">', metadata.sub("", element), count=1)


def save_pictures(charts: list[Chart], folder: Path) -> None:
    """One PNG a chart. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        (folder / f"{chart.name}.png").write_bytes(chart.png)


def bars_across(axes: Axes, labels: list[str]) -> list[int]:
    """Places of horizontal bars from top to bottom, labelled on the left."""
    places = list(range(len(labels)))
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return places
