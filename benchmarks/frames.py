"""Files of byte strings, each behind its length: requests to send, replies to check. One process writes, another reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LENGTH_BYTES = 4


def write_frames(path: Path, frames: Iterable[bytes]) -> int:
    """Write the frames in order and return their number."""
    count = 0
    with path.open("wb") as file:
        for frame in frames:
            file.write(len(frame).to_bytes(LENGTH_BYTES, "little"))
            file.write(frame)
            count += 1
    return count


def read_frames(path: Path) -> list[bytes]:
    """All frames of a file. Raises ValueError when the last one is cut short."""
    content = path.read_bytes()
    frames: list[bytes] = []
    place = 0
    while place < len(content):
        start = place + LENGTH_BYTES
        place = start + int.from_bytes(content[place:start], "little")
        if place > len(content):
            raise ValueError(f"{path.name} is cut short after {len(frames)} frames")
        frames.append(content[start:place])
    return frames
