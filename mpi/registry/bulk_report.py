"""What a bulk load says of itself, while it works and at its end. Knows nothing of kernels: commands show it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

Advance = Callable[[str, float, int], None]  # phase, how much of it is done (0 to 1), records or pairs so far


class BulkReport(msgspec.Struct):
    """What a bulk load did. ``seconds`` by phase; ``problems`` are rows that were not taken."""

    records: int = 0
    persons: int = 0
    unchanged: int = 0  # rows that say what was received last under their local number
    pairs: int = 0
    edges: int = 0
    reviews: int = 0
    cut: int = 0  # rows that were not compared with all of their blocks
    outcomes: dict[str, int] = {}
    reasons: dict[str, int] = {}
    seconds: dict[str, float] = {}
