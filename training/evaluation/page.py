"""Sections with charts and tables → one HTML file that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.evaluation.charts import Chart, save_pictures

TEMPLATE = "page.html.jinja"


class Card(NamedTuple):
    """A key figure: what it is, its value, its interval or what it is of."""

    name: str
    value: str
    note: str


class Rows(NamedTuple):
    """A table. The first ``words`` columns are words, the others numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it; ``paired`` charts stand two in a row."""

    name: str
    title: str
    text: str = ""
    charts: Sequence[Chart] = ()
    tables: Sequence[Rows] = ()
    paired: bool = False


@dataclass(frozen=True)
class Page:
    """A report. ``verdict`` says in two sentences what the figures mean."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    verdict: str = ""
    cards: Sequence[Card] = ()
    notes: Sequence[str] = ()
    footer: str = field(default="Pairs are named by their hospitals' own numbers. No name, date, number or address is shown.")


def write_page(page: Page, out: Path, pictures: Path | None = None) -> None:
    """Write the page, and its charts as PNG to ``pictures`` or OUT_files beside it. Raises OSError."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    text = environment.get_template(TEMPLATE).render(vars(page))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    save_pictures(
        [chart for section in page.sections for chart in section.charts], pictures or out.with_name(f"{out.stem}_files")
    )
