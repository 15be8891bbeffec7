"""Addresses in ASCII letters in kernels: what ``standardise.addresses`` makes of parts, of free text, or of both.

    parts ─ tidy ─┐
    text ─ latin_text ─▶ spans ─▶ a value for each field of StandardAddress ─▶ standard text

Left to the ordinary way: placeholders, long parts, and what only the blanks around it tell (a number of zeros).
"""

from __future__ import annotations

import numpy as np

from mpi.columns import layout as at
from mpi.columns.characters import Bytes
from mpi.columns.hashing import LONGEST
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_tables import (
    AS_ADDRESS,
    LONGEST_PLACEHOLDER,
    REGION_SHIFT,
    STREET_MASK,
    STREET_SHIFT,
    LatinTables,
    bits_of,
    is_letter,
    letters_bits,
    may_be_placeholder,
    placeholder_bits,
    put_spelling,
)
from mpi.columns.latin_text import has_underline, read_body, read_tail
from mpi.columns.latin_words import (
    BEGIN,
    BUILDING,
    CITY,
    COMMUNITY,
    DIVISION,
    END,
    FIELDS,
    FLAT,
    FOLD,
    FORM,
    HOUSE_NUMBER,
    JOINED,
    LENGTH,
    LOCALITY,
    LONGEST_PART,
    POSTCODE,
    REGION,
    ROAD,
    ROOM,
    SCRATCH,
    SOUND,
    SPANS,
    START,
    TEXT,
    TOKENS,
    WHOLE,
    Letters,
    is_alnum,
    is_ascii,
    is_digit,
    lower_case,
    phonetic,
    put_alnum,
    put_latin,
    read_tokens,
    tidy,
)
from mpi.columns.layout import Raw
from mpi.columns.line import span

READ, IRREGULAR, NOTHING = 0, 1, 2  # statuses
LONGEST_TEXT = 240  # bytes of a free text

# Where each field's span stands in a record's address, by the field's number; 0 where it has none of its own.
_COLUMNS = np.zeros(FIELDS, np.int64)
for _field, _column in (
    (REGION, at.REGION),
    (CITY, at.CITY),
    (LOCALITY, at.LOCALITY),
    (ROAD, at.ROAD),
    (HOUSE_NUMBER, at.HOUSE_NUMBER),
    (COMMUNITY, at.COMMUNITY),
    (BUILDING, at.BUILDING),
    (FLAT, at.ROOM),
):
    _COLUMNS[_field] = _column
_IN_TEXT = np.array([ROAD, HOUSE_NUMBER, COMMUNITY, BUILDING, FLAT])  # in the order of the standard text

_NUMBER_WORDS = ("no", "number", "unit", "flat", "apt", "apartment", "suite", "shop", "lot", "room", "rm", "building", "bldg")
_WIDEST = max(map(len, _NUMBER_WORDS))
_WORDS = np.array([[len(word), *word.encode().ljust(_WIDEST, b"\0")] for word in _NUMBER_WORDS], np.uint8)
_BLANK, _HYPHEN, _SLASH, _ZERO = 0x20, 0x2D, 0x2F, 0x30


@inner
def has_parts(raw: Raw, q: int, column: int) -> bool:
    """Whether an address of record ``q`` has more than text, division and postcode."""
    for part in range(column + at.REGION, column + at.ADDRESS_WIDTH, 2):
        if raw.cells[q, part + 1] > 0:
            return True
    return False


@inner
def is_latin(raw: Raw, q: int, column: int) -> bool:
    """Whether an address is written in ASCII and has no division."""
    cells = raw.cells[q]
    if cells[column + at.DIVISION + 1] > 0:
        return False
    for part in range(column, column + at.ADDRESS_WIDTH, 2):
        if cells[part + 1] > 0 and not is_ascii(raw.data, wide(cells[part]), wide(cells[part + 1])):
            return False
    return True


@inner
def _may_be_placeholder(tables: LatinTables, text: Bytes, start: int, end: int) -> bool:
    """Whether a part is a placeholder for all its letters say, or nothing but punctuation. None has a digit."""
    count, first = 0, wide(0)
    for k in range(start, end):
        if is_digit(text[k]):
            return False
        if is_letter(text[k]):
            first = wide(text[k]) if count == 0 else first
            count += 1
        if count > LONGEST_PLACEHOLDER:
            return False
    if count == 0 or not may_be_placeholder(tables, first, count):
        return end > start and count == 0
    behind = put_alnum(text, start, end, wide(SCRATCH * ROOM))
    return bool(placeholder_bits(tables, text, wide(SCRATCH * ROOM), behind) & AS_ADDRESS != 0)


@inner
def _put_forms(tables: LatinTables, letters: Letters, raw: Raw, q: int, column: int) -> bool:
    """Tidy the parts of an address, in lower case, and note where they stand in place of what its text says."""
    cells, text, end = raw.cells[q], letters.text, wide(FORM * ROOM)
    for field in range(REGION, POSTCODE):
        offset, length = span(cells, column + _COLUMNS[field])
        if length == 0:
            continue
        if length > LONGEST_PART:
            return False
        start = end
        end = tidy(raw.data, (offset, length), text, start, False)
        if _may_be_placeholder(tables, text, start, end):
            return False
        if end - start < length and _blanks_decide(text, start, end):
            return False
        if field == HOUSE_NUMBER:
            _put_house(letters, (start, end), cells[column + at.ROOM + 1] > 0)
        else:
            letters.cells[SPANS + field, BEGIN], letters.cells[SPANS + field, END] = start, end
    return True


@inner
def _blanks_decide(text: Bytes, start: int, end: int) -> bool:
    """Whether a number might be read otherwise without the blanks around it: zeros alone, perhaps beside a unit's."""
    zeros = True
    for k in range(start, end):
        if text[k] == _SLASH:
            return True
        zeros = zeros and text[k] == _ZERO
    return zeros


@inner
def _put_house(letters: Letters, form: tuple[int, int], has_room: bool) -> None:
    """The spans of a house number, perhaps with the unit before it: 3/12."""
    text = letters.text
    first = last = slashes = wide(0)
    for k in range(form[0], form[1]):
        if text[k] == _SLASH:
            first = k if slashes == 0 else first
            last, slashes = k, slashes + 1
    start = last + 1 if slashes > 0 else form[0]
    if form[1] > start:
        letters.cells[SPANS + HOUSE_NUMBER, BEGIN], letters.cells[SPANS + HOUSE_NUMBER, END] = start, form[1]
    if slashes == 1 and first > form[0] and not has_room:
        letters.cells[SPANS + FLAT, BEGIN], letters.cells[SPANS + FLAT, END] = form[0], first


@leaf
def _noted(letters: Letters, field: int, start: int, end: int) -> None:
    cells = letters.cells
    cells[field, START], cells[field, LENGTH], cells[field, SOUND], cells[field, FOLD] = start, end - start, 0, 0


@leaf
def _without_number_word(text: Bytes, start: int, end: int) -> int:
    """Where a number begins behind one word for what is numbered, or behind zeros."""
    for word in range(len(_WORDS)):
        size = wide(_WORDS[word, 0])
        if end - start <= size or not is_digit(text[start + size]):
            continue
        same = True
        for k in range(size):
            same = same and text[start + k] == _WORDS[word, 1 + k]
        if same:
            return start + size
    while end - start > 1 and text[start] == _ZERO and is_digit(text[start + 1]):
        start += 1
    return start


@inner
def _put_number(letters: Letters, field: int) -> None:
    """``_number``: No. 012A → 12a, 12 - 14 → 12-14."""
    text, start, end = letters.text, letters.cells[SPANS + field, BEGIN], letters.cells[SPANS + field, END]
    begin = behind = wide(field * ROOM)
    digits = True
    for k in range(start, end):
        digits = digits and is_digit(text[k])
        if is_alnum(text[k]) or text[k] == _HYPHEN:
            text[behind] = text[k]
            behind += 1
    if digits:
        while begin < behind and text[begin] == _ZERO:
            begin += 1
    else:
        begin = _without_number_word(text, _without_number_word(text, begin, behind), behind)
        while begin < behind and text[begin] == _HYPHEN:
            begin += 1
        while begin < behind and text[behind - 1] == _HYPHEN:
            behind -= 1
    _noted(letters, field, begin, behind)


@inner
def _put_word(tables: LatinTables, letters: Letters, field: int) -> bool:
    """``standard_word`` of a field's span; False where it is for the ordinary way."""
    text, start, end, begin = (
        letters.text,
        letters.cells[SPANS + field, BEGIN],
        letters.cells[SPANS + field, END],
        wide(field * ROOM),
    )
    _noted(letters, field, begin, begin)
    if end == start:
        return True
    if _may_be_placeholder(tables, text, start, end):
        return False
    count, _ = read_tokens(tables, letters, start, end, field)
    if count < 0:
        return False
    if count > 0:
        put_latin(tables, letters, field, (wide(0), count), wide(0))
    behind = put_alnum(text, start, end, begin)
    letters.cells[field, START], letters.cells[field, LENGTH] = begin, behind - begin
    return behind > begin


@leaf
def _street(tables: LatinTables, letters: Letters, word: int) -> int:
    """The type of street that a word of a road is; 0 for none."""
    start, end = letters.cells[TOKENS + word, BEGIN], letters.cells[TOKENS + word, END]
    return bits_of(tables, letters.text, wide(start), wide(end)) >> STREET_SHIFT & STREET_MASK


@inner
def _put_road(tables: LatinTables, letters: Letters) -> bool:
    """``latin_road``."""
    text, cells, count = letters.text, letters.cells, wide(0)
    start, end = letters.cells[SPANS + ROAD, BEGIN], letters.cells[SPANS + ROAD, END]
    for k in range(start, end):
        if is_alnum(text[k]):
            if k == start or not is_alnum(text[k - 1]):
                cells[TOKENS + count, BEGIN] = k
                count += 1
            cells[TOKENS + count - 1, END] = k + 1
    position = count - 1
    street = wide(0)
    while position > 0:
        street = _street(tables, letters, position)
        if street > 0:
            break
        position -= 1
    if street == 0:
        return _put_word(tables, letters, wide(ROAD))
    begin = behind = wide(ROAD * ROOM)
    first = at_letters = wide(ROAD * ROOM + JOINED)  # the letters alone, which are what is heard
    name = first
    for word in range(count):
        if word == position:
            name = at_letters
            behind = put_spelling(tables, street, text, behind)
            at_letters = put_spelling(tables, street, text, at_letters)
            continue
        for k in range(cells[TOKENS + word, BEGIN], cells[TOKENS + word, END]):
            text[behind] = text[k]
            behind += 1
            if is_letter(text[k]):
                text[at_letters] = text[k]
                at_letters += 1
    _noted(letters, wide(ROAD), begin, behind)
    letters.cells[ROAD, SOUND], letters.cells[ROAD, FOLD] = phonetic(text, first, at_letters), phonetic(text, first, name)
    return True


@inner
def _put_region(tables: LatinTables, letters: Letters) -> None:
    text, begin = letters.text, wide(REGION * ROOM)
    behind = put_alnum(text, letters.cells[SPANS + REGION, BEGIN], letters.cells[SPANS + REGION, END], begin)
    region = letters_bits(tables.words, text, begin, behind) >> REGION_SHIFT
    if region > 0:
        behind = put_spelling(tables, region, text, begin)
    _noted(letters, wide(REGION), begin, behind)


@inner
def _put_postcode(letters: Letters, raw: Raw, offset: int, length: int) -> None:
    """The given one in capitals, or else that of the text as it stands there."""
    text, begin = letters.text, wide(POSTCODE * ROOM)
    behind, zeros = begin, True
    for k in range(offset, offset + length):
        character = wide(raw.data[k])
        if 97 <= character <= 122:
            character -= 32
        if is_digit(character) or 65 <= character <= 90:
            text[behind] = character
            zeros = zeros and character == _ZERO
            behind += 1
    if zeros:
        begin, behind = letters.cells[SPANS + POSTCODE, BEGIN], letters.cells[SPANS + POSTCODE, END]
    _noted(letters, wide(POSTCODE), begin, behind)


@inner
def _put_text(letters: Letters) -> None:
    """What stands in the standard text, with blanks between."""
    text, begin = letters.text, wide(TEXT * ROOM)
    behind = begin
    for n in range(len(_IN_TEXT)):
        start, length = letters.cells[_IN_TEXT[n], START], letters.cells[_IN_TEXT[n], LENGTH]
        if length > 0 and behind > begin:
            text[behind] = _BLANK
            behind += 1
        for k in range(start, start + length):
            text[behind] = text[k]
            behind += 1
    _noted(letters, wide(TEXT), begin, behind)


@inner
def read_latin_address(tables: LatinTables, letters: Letters, raw: Raw, q: int, column: int) -> int:
    """The values of an address for which ``is_latin`` holds; NOTHING if it says nothing, IRREGULAR if it is not plain."""
    cells = raw.cells[q]
    for field in range(FIELDS):
        letters.cells[SPANS + field, BEGIN] = letters.cells[SPANS + field, END] = 0
    offset, length = span(cells, column)
    if length > LONGEST_TEXT or cells[column + at.POSTCODE + 1] > LONGEST_PART:
        return IRREGULAR
    if length > 0:
        start = wide(WHOLE * ROOM)
        end = tidy(raw.data, (offset, length), letters.text, start, True)
        rest = read_tail(letters, start, end)
        lower_case(letters.text, start, end)
        if has_underline(letters.text, start, end) or _may_be_placeholder(tables, letters.text, start, end):
            return IRREGULAR
        read_body(tables, letters, start, rest)
    if not _put_forms(tables, letters, raw, q, column):
        return IRREGULAR
    for field in (REGION, CITY, LOCALITY, ROAD, COMMUNITY):
        if letters.cells[SPANS + field, END] - letters.cells[SPANS + field, BEGIN] > LONGEST_PART:
            return IRREGULAR
    for field in (HOUSE_NUMBER, BUILDING, FLAT):
        _noted(letters, wide(field), wide(0), wide(0))
        if letters.cells[SPANS + field, END] > letters.cells[SPANS + field, BEGIN]:
            _put_number(letters, wide(field))
    if not (
        _put_road(tables, letters)
        and _put_word(tables, letters, wide(COMMUNITY))
        and _put_word(tables, letters, wide(LOCALITY))
    ):
        return IRREGULAR
    _put_region(tables, letters)
    _noted(
        letters,
        wide(CITY),
        wide(CITY * ROOM),
        put_alnum(letters.text, letters.cells[SPANS + CITY, BEGIN], letters.cells[SPANS + CITY, END], wide(CITY * ROOM)),
    )
    offset, length = span(cells, column + at.POSTCODE)
    _put_postcode(letters, raw, offset, length)
    _put_text(letters)
    known = wide(0)
    for field in range(FIELDS):
        known += letters.cells[field, LENGTH] if field != DIVISION else 0
    if known == 0:
        return NOTHING
    return READ if letters.cells[TEXT, LENGTH] <= LONGEST else IRREGULAR
