"""docs/accuracy.md: the table of all data sets, written by the benchmark that measured it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- table: written by python -m benchmarks.accuracy --sets -->", "<!-- end of table -->"
HEAD = (
    "| data | records | system | threshold | precision | recall | F1 | wrong pairs | missed pairs | seconds |\n"
    "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"
)


def write_table(path: Path, lines: list[dict[str, Any]]) -> None:
    """Replace the table between the marks in ``path``; sets that were not measured now keep the rows they have."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    measured = {line["data"] for line in lines}
    kept = [row for row in old.splitlines() if row.startswith("| ") and _data_of(row) not in measured | {"data"}]
    rows = sorted([*kept, *map(_row, lines)], key=_data_of)  # stable: systems stay in the order of the run
    path.write_text(f"{before}{BEGIN}\n{HEAD}\n" + "\n".join(rows) + f"\n{END}{after}", encoding="utf-8")


def _data_of(row: str) -> str:
    return row.split("|")[1].strip()


def _row(line: dict[str, Any]) -> str:
    threshold = line["threshold"] if isinstance(line["threshold"], str) else f"{line['threshold']:.4g}"
    if "failed" in line:
        cells = [line["data"], "", line["system"], threshold, f"did not finish ({line['failed']})", *[""] * 5]
    else:
        cells = [
            line["data"],
            f"{line['records']:,}" if "records" in line else "",
            line["system"],
            threshold,
            f"{line['precision']:.4f}",
            f"{line['recall']:.4f}",
            f"**{line['f1']:.4f}**" if line["system"] == "ours" else f"{line['f1']:.4f}",
            f"{line['wrong_pairs']:,}",
            f"{line['missed_pairs']:,}",
            f"{line['seconds']:.1f}",
        ]
    return "| " + " | ".join(cells) + " |"
