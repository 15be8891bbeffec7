"""Names of ASCII letters in kernels: what ``standardise.latin_names`` does with family and given name, or a whole name.

    as received ─ read_tokens ─▶ tokens ─ put_latin ─▶ family and given name

Left to be learnt: placeholders, newborns, titles, maiden names, what may be Tibetan, whole names of one word or in pinyin.
"""

from __future__ import annotations

from mpi.columns import layout as at
from mpi.columns.characters import Bytes
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_tables import (
    AS_NAME,
    LONGEST_PLACEHOLDER,
    PARTICLE,
    PREFIX,
    SPECIAL,
    SURNAME,
    LatinTables,
    bits_of,
    placeholder_bits,
)
from mpi.columns.latin_words import (
    AS_CHINESE,
    AS_GIVEN,
    BEGIN,
    BITS,
    END,
    FAMILY,
    FORM,
    GIVEN,
    LENGTH,
    ROOM,
    SCRATCH,
    TOKENS,
    WHOLE,
    Letters,
    is_alnum,
    put_alnum,
    put_latin,
    read_tokens,
    tidy,
)
from mpi.columns.layout import Raw
from mpi.columns.line import span
from mpi.columns.pinyin_letters import LONGEST_PINYIN, is_tibetan, put_syllables, reads_plainly
from mpi.records import RecordFlag

UNREAD = -1
_ROMANISED = int(RecordFlag.ROMANISED_NAME)
_LONGEST = 60  # bytes of a field
_BLANK, _HYPHEN, _APOSTROPHE, _GRAVE, _POINT, _COMMA = 0x20, 0x2D, 0x27, 0x60, 0x2E, 0x2C
_B, _O = ord("b") - 96, ord("o") - 96


@inner
def _is_plain(text: Bytes, start: int, end: int, comma: bool) -> bool:
    """Letters, digits, blanks, hyphens and apostrophes, points behind a word; at most one comma, where one may stand."""
    commas = 0
    for k in range(start, end):
        character = text[k]
        if is_alnum(character) or character in (_BLANK, _HYPHEN, _APOSTROPHE, _GRAVE):
            continue
        if character == _COMMA and comma and commas == 0:
            commas = 1
        elif character != _POINT or (k + 1 < end and is_alnum(text[k + 1])):
            return False
    return True


@inner
def _form(data: Bytes, field: tuple[int, int], text: Bytes, at: int, comma: bool) -> int:
    """A field tidied, in lower case; returns where it ends, UNREAD where it is not plain or says nothing."""
    if field[1] > _LONGEST:
        return wide(UNREAD)
    end = tidy(data, field, text, at, False)
    return end if end > at and _is_plain(text, at, end, comma) else wide(UNREAD)


@inner
def _is_placeholder(tables: LatinTables, text: Bytes, start: int, end: int) -> bool:
    """Whether the letters and digits are a placeholder, or there are none."""
    behind = put_alnum(text, start, end, wide(SCRATCH * ROOM))
    return behind == SCRATCH * ROOM or placeholder_bits(tables, text, wide(SCRATCH * ROOM), behind) & AS_NAME != 0


@inner
def _are_placeholder(tables: LatinTables, text: Bytes, fields: tuple[int, int, int, int]) -> bool:
    """Whether the letters of two fields are a placeholder together, in either order."""
    start = wide(SCRATCH * ROOM)
    first = put_alnum(text, fields[0], fields[1], start)
    second = put_alnum(text, fields[2], fields[3], first)
    if second - start > LONGEST_PLACEHOLDER:
        return False
    third = put_alnum(text, fields[0], fields[1], second)
    bits = placeholder_bits(tables, text, start, second) | placeholder_bits(tables, text, first, third)
    return bool(bits & AS_NAME != 0)


@leaf
def _stretch(letters: Letters, first: int, count: int) -> tuple[int, int]:
    """Where tokens (at least one) begin and end."""
    return wide(letters.cells[TOKENS + first, BEGIN]), wide(letters.cells[TOKENS + first + count - 1, END])


@leaf
def _one_letter(letters: Letters, token: int, letter: int) -> bool:
    begin = letters.cells[TOKENS + token, BEGIN]
    return bool(letters.cells[TOKENS + token, END] == begin + 1 and letters.text[begin] == letter + 96)


@inner
def _tokens(tables: LatinTables, letters: Letters, start: int, end: int, place: int) -> int:
    """Tokens of a part; UNREAD where none are left or a word among them is not for kernels."""
    count, seen = read_tokens(tables, letters, start, end, place)
    if count < 1 or seen & SPECIAL != 0:
        return wide(UNREAD)
    if count > 1 and _one_letter(letters, wide(0), wide(_B)) and _one_letter(letters, wide(1), wide(_O)):  # b/o
        return wide(UNREAD)
    return count


@inner
def _is_surname(tables: LatinTables, letters: Letters, start: int, end: int) -> bool:
    """Whether letters read as a Chinese family name in pinyin."""
    text, at = letters.text, wide(SCRATCH * ROOM)
    if end - start > LONGEST_PINYIN:
        return False
    if bits_of(tables, text, start, end) & SURNAME:
        return True
    if not _may_be_respelled(text, start, end):
        return False
    count, behind = put_syllables(tables, text, (start, end), letters.cells, at, wide(0))
    return bool(count > 0 and bits_of(tables, text, at, behind) & SURNAME != 0)


@leaf
def _may_be_respelled(text: Bytes, start: int, end: int) -> bool:
    """Whether lyu, nyu, lue or nue is written: without them the sound of pinyin is its letters."""
    for k in range(start, end - 2):
        first, second, third = text[k], text[k + 1], text[k + 2]
        if (first == 108 or first == 110) and ((second == 121 and third == 117) or (second == 117 and third == 101)):
            return True
    return False


@inner
def _put_family(tables: LatinTables, letters: Letters, first: int, count: int) -> bool:
    """The family name's value; returns whether it is a Chinese one."""
    start, end = _stretch(letters, first, count)
    chinese = _is_surname(tables, letters, start, end)
    put_latin(tables, letters, wide(FAMILY), (first, count), wide(AS_CHINESE if chinese else 0))
    return chinese


@inner
def _put_given(tables: LatinTables, letters: Letters, span: tuple[int, int], family: tuple[bool, bool]) -> int:
    """The given name's value, of tokens (first, how many); flags or UNREAD. ``family``: if there is one, a Chinese one."""
    first, count = span
    start, end = _stretch(letters, first, count)
    if is_tibetan(tables, letters.text, start, end):
        return wide(UNREAD)
    chinese = family[1] or (not family[0] and reads_plainly(tables, letters.text, (start, end), letters.cells))
    how = wide(AS_GIVEN | AS_CHINESE if chinese else AS_GIVEN)
    pinyin = put_latin(tables, letters, wide(GIVEN), span, how)
    return wide(_ROMANISED if pinyin and (family[1] or not family[0]) else 0)


@inner
def _read_parts(tables: LatinTables, letters: Letters, family: tuple[int, int], given: tuple[int, int]) -> int:
    """Family and given name of forms at spans (start, end), one of which may be empty; flags, or UNREAD."""
    chinese, flags = False, wide(0)
    if family[1] > family[0]:
        count = _tokens(tables, letters, family[0], family[1], wide(FAMILY))
        if count < 0:
            return wide(UNREAD)
        chinese = _put_family(tables, letters, wide(0), count)
    if given[1] > given[0]:
        count = _tokens(tables, letters, given[0], given[1], wide(GIVEN))
        if count < 0:
            return wide(UNREAD)
        flags = _put_given(tables, letters, (wide(0), count), (family[1] > family[0], chinese))
    return flags


@inner
def _all_pinyin(tables: LatinTables, letters: Letters, count: int) -> bool:
    for n in range(count):
        token = _stretch(letters, n, wide(1))
        if put_syllables(tables, letters.text, token, letters.cells, wide(SCRATCH * ROOM), wide(0))[0] == 0:
            return False
    return True


@inner
def _read_whole(tables: LatinTables, letters: Letters, start: int, end: int) -> int:
    """A whole name in the western order, the given names first; flags, or UNREAD."""
    count = _tokens(tables, letters, start, end, wide(WHOLE))
    if count < 2:
        return wide(UNREAD)
    whole, last = _stretch(letters, wide(0), count), _stretch(letters, count - 1, wide(1))
    if is_tibetan(tables, letters.text, whole[0], whole[1]) or is_tibetan(tables, letters.text, last[0], last[1]):
        return wide(UNREAD)
    if _all_pinyin(tables, letters, count):
        return wide(UNREAD)
    first = count - 1
    while first > 1 and letters.cells[TOKENS + first - 1, BITS] & (PARTICLE | PREFIX):
        first -= 1
    chinese = _put_family(tables, letters, first, count - first)
    return _put_given(tables, letters, (wide(0), first), (True, chinese))


@inner
def _read_text(tables: LatinTables, letters: Letters, start: int, end: int) -> int:
    """A whole name in one field; flags, or UNREAD."""
    text = letters.text
    if _is_placeholder(tables, text, start, end):
        return wide(UNREAD)
    for k in range(start, end):
        if text[k] == _COMMA:
            behind = k + 2 if k + 1 < end and text[k + 1] == _BLANK else k + 1
            before = k - 1 if k > start and text[k - 1] == _BLANK else k
            return (
                _read_parts(tables, letters, (start, before), (behind, end))
                if start < before and behind < end
                else wide(UNREAD)
            )
    return _read_whole(tables, letters, start, end)


@inner
def read_latin_name(tables: LatinTables, letters: Letters, raw: Raw, q: int) -> int:
    """The name of record ``q``, which is written in ASCII: values of FAMILY and GIVEN and the flags, or UNREAD."""
    cells, text, at_form = raw.cells[q], letters.text, wide(FORM * ROOM)
    whole, family, given = span(cells, at.TEXT), span(cells, at.FAMILY), span(cells, at.GIVEN)
    letters.cells[FAMILY, LENGTH] = letters.cells[GIVEN, LENGTH] = 0
    if whole[1] > 0:
        end = _form(raw.data, whole, text, at_form, True)
        return _read_text(tables, letters, at_form, end) if end > 0 and family[1] == 0 and given[1] == 0 else wide(UNREAD)
    first = second = at_form
    if family[1] > 0:
        first = second = _form(raw.data, family, text, at_form, False)
        if first < 0 or _is_placeholder(tables, text, at_form, first):
            return wide(UNREAD)
    if given[1] > 0:
        second = _form(raw.data, given, text, first, False)
        if second < 0 or _is_placeholder(tables, text, first, second):
            return wide(UNREAD)
    if first > at_form and second > first and _are_placeholder(tables, text, (at_form, first, first, second)):
        return wide(UNREAD)
    return _read_parts(tables, letters, (at_form, first), (first, second))
