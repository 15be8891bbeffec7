"""docs/accuracy.md: the tables of all data sets, written by the benchmark that measured them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- table: written by python -m benchmarks.accuracy --sets -->", "<!-- end of table -->"
HEAD = (
    "| data | records | system | threshold | precision | recall | F1 | wrong pairs | missed pairs | seconds |\n"
    "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"
)
DECISIONS_BEGIN = "<!-- decisions: written by python -m benchmarks.accuracy --sets -->"
DECISIONS_END = "<!-- end of decisions -->"
KINDS = ("right_links", "wrong_links", "hasty_links", "right_reviews", "cautious_reviews", "needless_reviews", "missed")
DECISIONS_HEAD = (
    "| data | system | link from | review from | match | possible match | no match | "
    + " | ".join(kind.replace("_", " ") for kind in KINDS)
    + " | AUC | seconds |\n|---|---|--:|--:|--:|--:|--:|"
    + "--:|" * (len(KINDS) + 2)
)


def write_table(path: Path, lines: list[dict[str, Any]]) -> None:
    """Replace the table between the marks in ``path``; sets that were not measured now keep the rows they have."""
    _write(path, (BEGIN, HEAD, END), {line["data"] for line in lines}, [_row(line) for line in lines])


def write_decisions(path: Path, lines: list[dict[str, Any]]) -> None:
    """As ``write_table``, for graded sets: what was decided of the cases of each grade, as link / review / new."""
    marks = (DECISIONS_BEGIN, DECISIONS_HEAD, DECISIONS_END)
    _write(path, marks, {line["data"] for line in lines}, [_decisions_row(line) for line in lines])


def _write(path: Path, marks: tuple[str, str, str], measured: set[str], new: list[str]) -> None:
    begin, head, end = marks
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    old, _, after = rest.partition(end)
    kept = [row for row in old.splitlines() if row.startswith("| ") and _data_of(row) not in measured | {"data"}]
    rows = sorted([*kept, *new], key=_data_of)  # stable: systems stay in the order of the run
    path.write_text(f"{before}{begin}\n{head}\n" + "\n".join(rows) + f"\n{end}{after}", encoding="utf-8")


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


def _decisions_row(line: dict[str, Any]) -> str:
    start = [line["data"], line["system"], f"{line['threshold']:.4g}", f"{line['review_from']:.4g}"]
    if "failed" in line:
        cells = [*start, f"did not finish ({line['failed']})", *[""] * (len(KINDS) + 4)]
    else:
        cells = [
            *start,
            *(" / ".join(str(count) for count in decided.values()) for decided in line["table"].values()),
            *(str(line[kind]) for kind in KINDS),
            f"{line['auc']:.3f}" if "auc" in line else "",
            f"{line['seconds']:.1f}",
        ]
    return "| " + " | ".join(cells) + " |"
