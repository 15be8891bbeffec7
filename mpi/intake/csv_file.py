"""CSV, as hospitals export it: one wrong row must not cost the others.

Read with Python's own parser rather than pyarrow's, for three reasons measured on small files: pyarrow gives up the whole
file where a short row holds wrong UTF-8; it lets a quote that is never closed swallow all rows after it without a word; and
it names no row for either. Python's reads 260,000 rows of eleven columns a second, which is not where a load spends its time.

Lines are read as Latin-1, so that every byte passes through the parser unchanged, and each cell is decoded by itself.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from mpi.errors import InputError
from mpi.intake.blocks import RowBlock, blocks_of_rows
from mpi.intake.mapping import DOUBLE_BYTE, FileOptions
from mpi.intake.rows import Column, Row, RowProblem

MAX_LINE_CHARACTERS = 8_000_000  # a longer line is no row of a table; it is not read into memory
MAX_LINES_PER_ROW = 200  # a quoted cell may hold line breaks; more than this is a quote that was not closed
MAX_CELL_CHARACTERS = 65_536  # far above every field's own limit, and low enough that a batch of them fits one message
TOO_LONG = f"is longer than {MAX_CELL_CHARACTERS:,} characters"
DELIMITERS = ",\t;|"
_BOM = "\xef\xbb\xbf"  # the UTF-8 byte order mark, read as Latin-1


class _RowTooLong(Exception):
    """Raised through the parser by its own source of lines."""


class _Lines(Iterator[str]):
    """Lines for the parser, which can be taken back: after a row that went wrong, its later lines are read as rows again."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="latin-1", newline="")
        self._again: deque[str] = deque()
        self.number = 0  # of the last line handed out
        self.taken: list[str] = []  # since the last row began
        self.position = 0  # characters = bytes read

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_PER_ROW:
            raise _RowTooLong
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) > MAX_LINE_CHARACTERS:
            raise _RowTooLong
        return line

    def _read(self) -> str:
        line = self._file.readline(MAX_LINE_CHARACTERS + 1)
        self.position += len(line)
        if len(line) > MAX_LINE_CHARACTERS:
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self._file.readline(MAX_LINE_CHARACTERS)
                self.position += len(rest)
        return line

    def peek(self) -> str:
        """The next line, which stays the next line; "" at the end of the file."""
        line = next(self, "")
        if line:
            self.number -= 1
            self._again.appendleft(self.taken.pop())
        return line

    def begin_row(self) -> None:
        self.taken.clear()

    def take_back(self) -> None:
        """All lines of this row but its first will be handed out again."""
        self.number -= len(self.taken) - 1
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken.clear()

    def close(self) -> None:
        self._file.close()


class CsvTable:
    """An open CSV file with a header. Raises InputError naming the file where there is no readable header."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        self._path = path
        self._encoding = options.encoding.lower()
        self._size = max(1, path.stat().st_size)
        self._lines = _Lines(path)
        try:
            first = self._lines.peek().removeprefix(_BOM)
            self._delimiter = options.delimiter or max(self._delimiters(), key=first.count)
            header = next(self._parser(self._lines), []) or [""]
            header[0] = header[0].removeprefix(_BOM)
            self._names = [self._decode(cell).strip() for cell in header]
        except UnicodeDecodeError:
            self._fail(
                f'row 1: the header is not {self._encoding}; name the encoding in the map ([file] encoding = "gb18030")'
            )
        except (csv.Error, _RowTooLong):
            self._fail("row 1: the header is not a line of CSV")
        if "\x00" in first:
            self._fail("row 1: the header holds NUL; this is no CSV file")
        if not any(self._names):
            self._fail("row 1: there is no header")

    def _fail(self, problem: str) -> NoReturn:
        self.close()
        raise InputError(str(self._path), problem) from None

    def _delimiters(self) -> str:
        """Those that cannot be half of a character in the file's encoding, the likeliest first."""
        return DELIMITERS.replace("|", "") if self._encoding in DOUBLE_BYTE else DELIMITERS

    def _parser(self, lines: Iterator[str] | list[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, strict=True, skipinitialspace=True)

    def _decode(self, cell: str) -> str:
        return cell if cell.isascii() else cell.encode("latin-1").decode(self._encoding)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name) for name in self._names)

    @property
    def fraction_read(self) -> float:
        return min(1.0, self._lines.position / self._size)

    def close(self) -> None:
        self._lines.close()

    def blocks(self, columns: Sequence[str]) -> Iterator[RowBlock]:
        """As ``Table.blocks``."""
        return blocks_of_rows(self.rows(columns), len(columns))

    def rows(self, columns: Sequence[str], *, after_row: int = 0) -> Iterator[Row | RowProblem]:
        """As ``Table.rows``; can be called once. Empty lines are passed over."""
        places = [self._names.index(name) for name in columns]
        parser = self._parser(self._lines)
        while True:
            self._lines.begin_row()
            number = self._lines.number + 1
            try:
                cells = next(parser)
            except StopIteration:
                return
            except (csv.Error, _RowTooLong) as error:
                problem = RowProblem(row=number, problem=_sentence(error, self._lines.taken))
                self._lines.take_back()
                parser = self._parser(self._lines)
                if number > after_row:
                    yield problem
                continue
            if number > after_row and cells:
                yield self._row(number, cells, places)

    def _row(self, number: int, cells: list[str], places: list[int]) -> Row | RowProblem:
        if len(cells) != len(self._names):
            return RowProblem(row=number, problem=f"has {len(cells)} fields, the header has {len(self._names)}")
        made = []
        for place in places:
            try:
                text = self._decode(cells[place]).strip()
            except UnicodeDecodeError:
                return RowProblem(row=number, column=self._names[place], problem=f"is not valid {self._encoding}")
            if len(text) > MAX_CELL_CHARACTERS:
                return RowProblem(row=number, column=self._names[place], problem=TOO_LONG)
            made.append(text)
        return Row(number=number, cells=tuple(made))


def _sentence(error: Exception, taken: list[str]) -> str:
    if isinstance(error, _RowTooLong) and len(taken) < MAX_LINES_PER_ROW:
        return f"is longer than {MAX_LINE_CHARACTERS:,} characters"
    if "field larger" in str(error) and len(taken) == 1:
        return f"has a field of more than {csv.field_size_limit():,} characters"
    if len(taken) > 1 or "end of data" in str(error):
        return "has a quote that is opened and not closed, or text after a closing quote"
    return "is not a row of CSV (text after a closing quote)"
