"""Personal names: which script, which part is the family name, and what only holds the place of a name."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mpi.records import HumanName, Private, RecordFlag, StandardName
from mpi.standardise.characters import HAN, clean, has_han, letters_and_digits
from mpi.standardise.hanzi import han_text, han_value, usual_characters
from mpi.standardise.illegible import MARKS, WHOLE_GIVEN, WHOLE_NAME, is_legible, marked_form, with_marks, without_remark
from mpi.standardise.latin_names import is_romanised, latin_name
from mpi.standardise.newborns import called_after, masked_family, newborn_of, one_of_several
from mpi.standardise.placeholders import is_placeholder_letters, is_placeholder_name
from mpi.standardise.table_files import word_lists
from mpi.standardise.tibetan import is_tibetan_element, tibetan_han

_CACHED_VALUES = 1 << 14
_LONGEST_WITH_FAMILY = 4  # characters; longer names are transcriptions, unless the family name has two or more characters
_LONGEST_COMPOUND = 4
OF_NO_NAME = "之的婴某儿宝毛生士姐"  # a newborn's or masked name holds one of them
_PLAIN = re.compile(f"(?:(?![{OF_NO_NAME}])[\u4e00-\u9fff]){{2,4}}")
_DOT = re.compile(f"(?<=[{HAN}])\\s?[·•‧∙⋅・.．●﹒゠ꞏ-]\\s?(?=[{HAN}])")
_BRACKETS = re.compile(r"[(\[{<（【《].*?[)\]}>）】》]|[(\[{<（【《].*$")
_LATIN_RUN = re.compile(r"[^\W\d_]+(?:[\s'’.,-]+[^\W\d_]+)*")


class NameReading(Private, frozen=True, gc=False):
    names: tuple[StandardName, ...] = ()
    flags: RecordFlag = RecordFlag.NONE


_PLACEHOLDER = NameReading(flags=RecordFlag.PLACEHOLDER_NAME)
_NEWBORN = RecordFlag.NEWBORN | RecordFlag.PLACEHOLDER_NAME


def _surnames() -> dict[str, frozenset[str]]:
    """Kinds "single" and "compound"."""
    return word_lists("surnames")


def read_name(name: HumanName) -> NameReading:
    """Standard names of one name as received: none (missing, placeholder), one, or two where two are written in one field."""
    text, family, given = name.text, name.family, name.given
    if text and not (family or given) and _plain_and_simplified().fullmatch(text):  # the common case
        return _PLACEHOLDER if is_placeholder_letters(text) else NameReading((_standard(*_split(text)),))
    if not text and family and given and _plain_and_simplified().fullmatch(family + given):
        if is_placeholder_letters(family) or is_placeholder_letters(given) or is_placeholder_letters(family + given):
            return _read(text, family, given)
        return NameReading((_standard(*_parts(family, given)),))
    return _read(text, family, given)


@cache
def _plain_and_simplified() -> re.Pattern[str]:
    return re.compile(f"{usual_characters(without=OF_NO_NAME)}{{2,4}}")


def read_childs_name(name: HumanName, mother: str, *, just_born: bool) -> NameReading:
    """``read_name`` for a record that names a guardian or was written within days of the birth (see ``called_after``)."""
    reading = read_name(name)
    if reading.flags:  # it is no name by its text alone
        return reading
    text = han_text(name.text or name.family + name.given)
    mothers = called_after(text, han_text(mother), just_born)
    return reading if mothers is None else NameReading(_family_only(mothers), _newborn_flags(text[len(mothers) :]))


@lru_cache(_CACHED_VALUES)
def _read(text: str, family: str, given: str) -> NameReading:
    if text and not (family or given) and _PLAIN.fullmatch(text):  # perhaps in traditional characters
        form = han_text(text)
        return _PLACEHOLDER if is_placeholder_name(form) else NameReading((_standard(*_split(form)),))
    flags = RecordFlag.NONE
    parts = [clean(part) if part else "" for part in (text, family, given)]
    if not parts[0] and parts[1] and parts[2] and (reading := _placeholder_in_two_fields(parts[1], parts[2])):
        return reading
    for position, part in enumerate(parts):
        if part and is_placeholder_name(part):
            parts[position], flags = "", RecordFlag.PLACEHOLDER_NAME
    text, family, given = parts
    if text and not (family and given):
        family, given = ("", "") if not flags else (family, given)
    else:
        text = ""
    if not (text or family or given):
        return NameReading(flags=flags)
    reading = _han_or_latin(text, family, given)
    if reading.names and not has_han(text + family + given) and all(map(is_romanised, reading.names)):
        flags |= RecordFlag.ROMANISED_NAME
    return NameReading(reading.names, reading.flags | flags)


def _placeholder_in_two_fields(family: str, given: str) -> NameReading | None:
    """The reading of parts that are a placeholder only together (无名, 氏; 女, 婴; Doe, Jane); letters in either order."""
    first, second = letters_and_digits(family), letters_and_digits(given)
    if not has_han(first):
        found = is_placeholder_letters(second + first) or is_placeholder_letters(first + second)
        return _PLACEHOLDER if found else None
    joined = first + second
    if newborn_of(joined) == "" and first not in _surnames()["single"]:  # 毛毛 may be 毛 by family name
        return NameReading(flags=_newborn_flags(joined))
    return _PLACEHOLDER if is_placeholder_letters(joined) else None


def _han_or_latin(text: str, family: str, given: str) -> NameReading:
    if not has_han(text or family + given):
        return NameReading(*latin_name(text, family, given))
    if family and given and has_han(family) != has_han(given):
        return _mixed(family, given)
    reading = _han_name(text, family, given)
    latin = _LATIN_RUN.findall(_without_han(text)) if text else []
    if latin and len(latin[0]) > 3:  # 王小明 WANG XIAOMING; a shorter rest is a mark of the hospital (王小明A)
        names, flags = latin_name(latin[0], "", "")
        return NameReading(reading.names + names, reading.flags | flags)
    return reading


def _mixed(family: str, given: str) -> NameReading:
    """One part in Han characters, the other in Latin letters (王, Xiaoming): each by its own rules."""
    families, givens = _han_or_latin("", family, ""), _han_or_latin("", "", given)
    flags = families.flags | givens.flags
    given_value = givens.names[0].given or givens.names[0].family if givens.names and not givens.flags else None
    family_value = families.names[0].family if families.names else None
    if (
        families.names and given_value is not None
    ):  # beside a given name the other part is the family name, whatever it looks like
        family_value = family_value or families.names[0].given
    name = StandardName(family=family_value, given=given_value)
    return NameReading((name,) if name != StandardName() else (), flags)


def _newborn_flags(text: str) -> RecordFlag:
    """Flags of a newborn's placeholder; ``text`` is it without the mother's name."""
    return _NEWBORN | RecordFlag.MULTIPLE_BIRTH if one_of_several(text) else _NEWBORN


def _without_han(text: str) -> str:
    return re.sub(f"[{HAN}]+", " ", text)


def _han_name(text: str, family: str, given: str) -> NameReading:
    text, family, given = with_marks(text), with_marks(family), with_marks(given)
    compact = (text or family + given).replace(" ", "").casefold()
    if (mother := newborn_of(compact)) is not None:
        return NameReading(_family_only(family or mother), _newborn_flags(compact[len(mother) :]))
    if (masked := masked_family(_BRACKETS.sub("", compact))) is not None:
        return NameReading(_family_only(masked), RecordFlag.PLACEHOLDER_NAME)
    if family and given and newborn_of(rest := given.replace(" ", "").casefold()) is not None:
        return NameReading(_family_only(family), _newborn_flags(rest))
    if text or not given or not family:
        whole = text or family or given
        dotted = _DOT.search(whole) is not None
        form = marked_form(_BRACKETS.sub("", whole)) or marked_form(whole)
        if dotted or (given and not text):
            return _legible("", without_remark(form, WHOLE_GIVEN))
        return _legible(*(_split_marked(form) if text else _split_family_field(form)))
    given = without_remark(marked_form(given), WHOLE_GIVEN)
    return _legible(*_parts(_family_without_remark(marked_form(family)), given))


def _legible(family: str, given: str) -> NameReading:
    """The parts of a name that can be read to the last character; a placeholder where none can."""
    family, given = family if is_legible(family) else "", given if is_legible(given) else ""
    return NameReading((_standard(family, given),)) if family or given else _PLACEHOLDER


def _family_without_remark(family: str) -> str:
    """A known family name stays one beside a mark (王*)."""
    if is_legible(family):
        return family
    name = family.strip(MARKS)
    return name if name in _surnames()["single"] or name in _surnames()["compound"] else family


def _split_marked(form: str) -> tuple[str, str]:
    """``_split`` of a form that may hold marks: each takes the place of a character, also that of the family name (*小明)."""
    if is_legible(form):
        return _split(form)
    if form[0] in MARKS:
        inside = without_remark(form, WHOLE_NAME)
        return (form[0], form[1:]) if inside == form else _split(inside)
    inside = form.rstrip(MARKS)
    family, given = _split(inside)
    if is_legible(inside) and len(given) >= WHOLE_GIVEN:
        return family, given
    family = _split(form)[0] or family
    return family, form[len(family) :]


def _split_family_field(form: str) -> tuple[str, str]:
    """Only the family field is filled: a family name, or a whole name put there."""
    if len(form) <= 1 or form in _surnames()["compound"]:
        return form, ""
    return _split_marked(form)


def _parts(family: str, given: str) -> tuple[str, str]:
    """Family and given as received, unless one field repeats the whole name or both together are a Tibetan name."""
    if family and given and tibetan_han(family + given):
        return "", family + given
    if len(given) > len(family) and given.startswith(family) and given != family * 2:
        given = given[len(family) :]
    elif len(family) > len(given) > 0 and family.endswith(given):
        family = family[: -len(given)]
    return family, given


def _split(form: str) -> tuple[str, str]:
    """Whole Han name in standard form → (family, given). A name that has no family name comes back as given only."""
    single, compound = _surnames()["single"], _surnames()["compound"]
    if tibetan_han(form):
        return "", form
    for size in range(min(_LONGEST_COMPOUND, len(form) - 1), 1, -1):
        if form[:size] in compound:
            return form[:size], form[size:]
    if len(form) == _LONGEST_WITH_FAMILY and (is_tibetan_element(form[:2]) or is_tibetan_element(form[2:])):
        return "", form
    if 2 <= len(form) <= _LONGEST_WITH_FAMILY and form[0] in single:
        return form[0], form[1:]
    return "", form


def _standard(family: str, given: str) -> StandardName:
    tibetan = tibetan_han(given) if not family else None
    return StandardName(
        family=han_value(family, family=True) if family else None,
        given=tibetan or (han_value(given) if given else None),
    )


def _family_only(text: str) -> tuple[StandardName, ...]:
    """The family name of a newborn's or masked name, where it can be read: the first characters of the mother's name."""
    form = marked_form(text.replace("某", ""))
    family = _split_family_field(form)[0]
    return (StandardName(family=han_value(family, family=True)),) if family and is_legible(family) else ()
