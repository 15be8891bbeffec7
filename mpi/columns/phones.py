"""Telephone numbers in kernels as ``standardise.phones`` reads them: one in a field, without country code but for 86."""

from __future__ import annotations

from mpi.columns.characters import Bytes
from mpi.columns.documents import LONGEST, digits_from, full_width, is_filler
from mpi.columns.jit import inner, leaf, wide

IRREGULAR, FILLER = -1, 0  # what ``read_phone`` says beside a number
_MOBILE = 11
_LONGEST = 13  # 0, three digits, a dash, eight digits
_FEWEST_DIGITS, _MOST_DIGITS = 6, 15
_WORD = 7  # digits that make a word a number of its own, and from which on a dash may begin an extension
_BLANK, _DASH, _POINT, _OPENING, _CLOSING = (ord(character) for character in " -.()")


@leaf
def _number(data: Bytes, offset: int, length: int) -> int:
    value = wide(0)
    for k in range(length):
        value = value * 10 + (wide(data[offset + k]) - 48)
    return value


@leaf
def _is_mobile_filler(data: Bytes, offset: int) -> bool:
    """Eight equal digits behind the prefix, or 1380013800x."""
    for k in range(4, _MOBILE):
        if data[offset + k] != data[offset + 3]:
            return _number(data, wide(offset), wide(_MOBILE)) // 10 == 1380013800
    return True


@inner
def _landline(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """Area code and number, perhaps with a dash between."""
    if length > _LONGEST or data[offset + 1] == 48 or (data[offset + 1] == 56 and data[offset + 2] == 54):
        return IRREGULAR
    count, dash = 0, 0
    for k in range(1, length):
        character = data[offset + k]
        if character == 45 and dash == 0 and (k == 3 or k == 4):
            dash = k
        elif 48 <= character <= 57:
            form[count] = character
            count += 1
        else:
            return IRREGULAR
    behind = count - (dash - 1) if dash else count
    if not (7 <= behind <= 8 if dash else 9 <= count <= 11):
        return IRREGULAR
    if is_filler(form, count) or _is_filler_number(form, count):
        return FILLER
    return _number(form, wide(0), wide(count))


@leaf
def _is_filler_number(form: Bytes, length: int) -> bool:
    """What counts as a filler among landline numbers too: 123456789 and anything, or a mobile filler that begins with 1."""
    if length >= 9 and _number(form, wide(0), wide(9)) == 123456789:
        return True
    return length == _MOBILE and form[0] == 49 and 51 <= form[1] <= 57 and _is_mobile_filler(form, wide(0))


@inner
def _apart(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """A mobile number in full-width digits, with blanks or dashes between, or with the country code: 86, +86."""
    at, end, count, run, dash = offset, offset + length, 0, 0, False
    while at < end:
        character = wide(data[at])
        if character >= 0x80:
            character = full_width(data, at, end)
            at += 2
        at += 1
        if 48 <= character <= 57:
            if count == _MOBILE + 2:
                return IRREGULAR
            form[count] = character
            count, run = count + 1, run + 1
        elif character == 45 and run < 7:  # seven digits and a dash: an extension might follow
            dash, run = True, 0
        elif character == 32 and (run < 7 or not dash):
            run = 0
        elif not (character == 43 and count == 0 and at == offset + 1):  # +
            return IRREGULAR
    start = count - _MOBILE
    if not (start == 2 and form[0] == 56 and form[1] == 54) and not (start == 0 and data[offset] != 43):
        return IRREGULAR
    if form[start] != 49 or not 51 <= form[start + 1] <= 57:
        return IRREGULAR
    return FILLER if _is_mobile_filler(form, start) else _number(form, wide(start), wide(_MOBILE))


@inner
def _digits_of(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """The digits of ASCII with blanks, dashes, points and brackets between; IRREGULAR where they may be more than one number.

    That is where each word has digits for one, or a dash behind seven may begin an extension.
    """
    count, word, words, long_words = 0, 0, 0, 0
    for k in range(length + 1):
        character = wide(data[offset + k]) if k < length else wide(_BLANK)
        if 48 <= character <= 57:
            if count == _MOST_DIGITS:
                return IRREGULAR
            form[count] = character
            count, word = count + 1, word + 1
        elif character == _BLANK:
            words += word > 0
            long_words += word >= _WORD
            word = 0
        elif character == _DASH:
            if _run_before(data, offset, k) >= _WORD:
                return IRREGULAR
        elif character not in (_POINT, _OPENING, _CLOSING):
            return IRREGULAR
    return IRREGULAR if words > 1 and words == long_words else count


@leaf
def _run_before(data: Bytes, offset: int, at: int) -> int:
    """Digits that stand before a place, with blanks between or not."""
    while at > 0 and data[offset + at - 1] == _BLANK:
        at -= 1
    run = 0
    while at - run > 0 and 48 <= data[offset + at - run - 1] <= 57:
        run += 1
    return run


@inner
def _national(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """A number of six to fifteen digits without country code; zeros in front do not count."""
    count = _digits_of(data, offset, length, form)
    if count < _FEWEST_DIGITS:
        return IRREGULAR
    if form[0] == 48 and form[1] == 48:  # 00, an international prefix
        return IRREGULAR
    if form[0] == 56 and form[1] == 54 and count >= _MOBILE:  # 86
        return IRREGULAR
    start = 1 if form[0] == 48 else 0
    if count - start < _FEWEST_DIGITS:
        return IRREGULAR
    for k in range(count - start):
        form[k] = form[start + k]
    count -= start
    if is_filler(form, count) or _is_filler_number(form, count):
        return FILLER
    return _number(form, wide(0), wide(count))


@inner
def read_phone(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """The number; FILLER for a placeholder, IRREGULAR where it needs the ordinary way (an empty field too)."""
    if length == _MOBILE and data[offset] == 49 and 51 <= data[offset + 1] <= 57 and digits_from(data, offset, length):
        return FILLER if _is_mobile_filler(data, offset) else _number(data, offset, length)
    if length >= 10 and data[offset] == 48:
        number = _landline(data, offset, length, form)
    else:
        number = _apart(data, offset, length, form)
    return _national(data, offset, length, form) if number == IRREGULAR and length <= LONGEST else number
