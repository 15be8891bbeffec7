"""Output of the benchmarks: one JSON object per figure on standard output, progress in words on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

SIGNIFICANT_DIGITS = 6


def emit(line: dict[str, Any]) -> None:
    """Print one figure. Floats are cut to six significant digits, which is more than any run repeats."""
    print(json.dumps({key: tidy(value) for key, value in line.items()}, ensure_ascii=False), flush=True)


def tidy(value: Any) -> Any:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if isinstance(value, float) else value


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
