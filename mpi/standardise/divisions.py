"""Administrative divisions (GB/T 2260): names and former codes → today's six-digit code.

Names and codes with their years come from the table that python-stdnum installs (``stdnum/cn/loc.dat``); former divisions of
the catchment that changed their name from ``tables/division_successors.tsv``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from mpi.standardise.hanzi import simplify
from mpi.standardise.table_files import table_rows

# A district name that several cities share (江北区) and nothing else tells apart is taken for the catchment's.
_HOME_PROVINCES = (50, 54)
_MOVED = {51: 50, 44: 46}  # provinces parted from another one: Chongqing 1997, Hainan 1988
_NO_NAME = frozenset({"市辖区", "县", "市", "市区", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"})
_ENTRY = re.compile(r"(?:\[(\d*)-(\d*)\])?([^,\[\]]+)")
_CURRENT_SINCE = 2020  # a division that existed then or later counts as today's
_PROVINCE_ENDING = re.compile("省|市|(?:维吾尔|壮族|回族)?自治区|特别行政区")
_COUNTY_ENDING = re.compile("区|县|市|旗|林区|特区|地区|盟|自治(?:县|州|旗)")
_SHORTEST_STEM = 2
_CACHED_BEGINNINGS = 1 << 14


class Match(NamedTuple):
    code: int
    length: int  # characters of the name in the text


class Divisions(NamedTuple):
    """``by_start``: first two characters → names that begin so, longest first, each with its codes and "is a short form"."""

    by_start: dict[str, list[tuple[str, tuple[int, ...], bool]]]
    successor: dict[int, int]  # any code there ever was → today's code
    name: dict[int, str]  # today's code → full name


@cache
def divisions() -> Divisions:
    entries = list(_entries())
    name = {code: text for code, text, end in entries if end >= _CURRENT_SINCE}
    by_province: dict[tuple[int, str], int] = {}
    for code, text in name.items():
        by_province.setdefault((code // 10_000, text), code)
        by_province.setdefault((code // 10_000, _level(code) + _stem(text)), code)
    successor = {code: code for code in name}
    own = {(int(code), former): int(today) for code, former, today in table_rows("division_successors")}
    codes: dict[tuple[str, bool], set[int]] = {}
    for code, text, _ in entries:
        today = own.get((code, text)) or _today(code, text, name, by_province)
        if successor.get(code, code) == code:  # not yet known, or known only as itself
            successor[code] = today
        codes.setdefault((text, False), set()).add(today)
        short = _stem(text)
        if len(short) >= _SHORTEST_STEM and short != text:
            codes.setdefault((short, True), set()).add(today)
    for (code, _), today in own.items():
        successor.setdefault(code, today)
    return Divisions(_by_start(codes), successor, name)


def _entries() -> list[tuple[int, str, int]]:
    """(code, name, last year) of every division there ever was, named as then."""
    found: list[tuple[int, str, int]] = []
    province = ""
    for line in (files("stdnum") / "cn" / "loc.dat").read_text(encoding="utf-8").splitlines():
        digits, _, rest = line.strip().partition(" ")
        if line.startswith("#") or "=" not in rest:
            continue
        value = rest.split('"')[1]
        if line[0] != " ":
            province = digits
            found.append((int(digits) * 10_000, value, 9999))
            continue
        for _, end, name in _ENTRY.findall(value):
            if name not in _NO_NAME:
                found.append((int(province + digits), simplify(name), int(end or 9999)))
    return found


def _stem(name: str) -> str:
    """昌都市 → 昌都, 彭水苗族土家族自治县 → 彭水, 内蒙古自治区 → 内蒙古."""
    match = re.fullmatch(f"(.+?)(?:{_PROVINCE_ENDING.pattern}|{_COUNTY_ENDING.pattern})", name)
    stem = match[1] if match else name
    return _peoples().sub("", stem) or stem


@cache
def _peoples() -> re.Pattern[str]:
    """Peoples in the name of an autonomous division, at its end: 土家族苗族, 蒙古."""
    names = "|".join(name for _, name, _ in table_rows("ethnic_groups"))
    return re.compile(f"(?<=..)(?:(?:{names})族|蒙古|哈萨克|柯尔克孜|各族)+$")


def _level(code: int) -> str:
    """A mark that keeps a city apart from a county of the same short name (金华市, 金华县)."""
    return "=" if code % 100 else "-"


def _today(code: int, name: str, current: dict[int, str], by_province: dict[tuple[int, str], int]) -> int:
    if current.get(code) == name:
        return code
    own = code // 10_000
    for province in (own, _MOVED.get(own, own)):
        found = by_province.get((province, name)) or by_province.get((province, _level(code) + _stem(name)))
        if found:
            return found
    return code


def _by_start(codes: dict[tuple[str, bool], set[int]]) -> dict[str, list[tuple[str, tuple[int, ...], bool]]]:
    starts: dict[str, list[tuple[str, tuple[int, ...], bool]]] = {}
    for (name, short), found in codes.items():
        starts.setdefault(name[:2], []).append((name, tuple(sorted(found)), short))
    for names in starts.values():
        names.sort(key=lambda entry: -len(entry[0]))
    return starts


_AFTER_SHORT = re.compile("[^\\d]?[一二三四五六七八九十]?(?:路|街|大道|巷)|村|小区|花园|苑|城(?!关)|桥|广场|大厦|公馆|豪庭")

_LONGEST_AFTER_SHORT = 4  # characters


def match_division(text: str, start: int, known: int) -> Match | None:
    """The division whose name begins at ``start``; None where none does.

    It lies inside the division ``known`` (0: anywhere), or repeats a part of what is known (重庆市重庆市); the code is the
    finer of both. Short forms (重庆, 昌都, 渝中) count only for provinces and cities, or inside one, and not where a street
    or an estate bears the name (南京路).
    """
    for name, short, match in _names(text[start : start + 2], known):
        if text.startswith(name, start) and not (short and _AFTER_SHORT.match(text, start + len(name))):
            return match
    return None


def looked_at(text: str, start: int, known: int) -> int:
    """How many characters of ``text`` decide ``match_division(text, start, known)``, whatever follows them."""
    end = start + 2
    for name, short, _ in _names(text[start : start + 2], known):
        common = next((n for n, character in enumerate(name) if text[start + n : start + n + 1] != character), len(name))
        if common == len(name):
            end = max(end, start + common + (_LONGEST_AFTER_SHORT if short else 0))
            if not (short and _AFTER_SHORT.match(text, start + common)):
                break
        end = max(end, start + common + 1)
    return end


@lru_cache(_CACHED_BEGINNINGS)
def _names(beginning: str, known: int) -> tuple[tuple[str, bool, Match | None], ...]:
    """Names that begin so: (name, "is a short form", its match), longest first; those inside ``known`` come before others.

    Among the others a name has no match where it contradicts what is known.
    """
    inside = [(name, short, Match(code, len(name))) for name, code, short in _names_within(beginning, known)]
    province = _names_within(beginning, known // 10_000 * 10_000) if known else []
    again = [(name, short, Match(known, len(name)) if is_within(known, code) else None) for name, code, short in province]
    return (*inside, *again)


def _names_within(beginning: str, within: int) -> list[tuple[str, int, bool]]:
    """Names that begin so and mean one division inside ``within``: (name, code, "is a short form"), longest first."""
    found = []
    for name, codes, short in divisions().by_start.get(beginning, ()):
        code = _choose([code for code in codes if _fits(code, within) and (not short or within or code % 100 == 0)])
        if code:
            found.append((name, code, short))
    return found


def _choose(codes: list[int]) -> int:
    if len(codes) <= 1:
        return codes[0] if codes else 0
    whole = [code for code in codes if code % 100 == 0]
    if len(whole) == 1:
        return whole[0]
    for province in _HOME_PROVINCES:
        at_home = [code for code in codes if code // 10_000 == province]
        if len(at_home) == 1:
            return at_home[0]
    return 0


def _fits(code: int, within: int) -> bool:
    """Inside ``within``, or moved out of it since: 四川省重庆市."""
    return is_within(code, within) or (within % 10_000 == 0 and _MOVED.get(within // 10_000) == code // 10_000)


def is_within(code: int, outer: int) -> bool:
    """``code`` is ``outer`` or lies in it. 0 contains all."""
    if outer % 10_000 == 0:
        return outer == 0 or code // 10_000 == outer // 10_000
    return code // 100 == outer // 100 if outer % 100 == 0 else code == outer


@cache
def division_code(digits: str) -> int:
    """Today's six-digit code for a GB/T 2260 code of 2 to 12 digits as written; 0 where it is none."""
    if not digits.isdigit() or not 2 <= len(digits) <= 12:
        return 0
    code = int(digits[:6].ljust(6, "0"))
    known = divisions().successor.get(code)
    if known is None:
        return code // 10_000 * 10_000 if code // 10_000 * 10_000 in divisions().name else 0
    return known


@cache
def division_names(code: int) -> tuple[str, str]:
    """Short names of (province, city) of a code; a municipality is its own city; "" where only the province is known."""
    names = divisions().name
    province = _stem(names.get(code // 10_000 * 10_000, ""))
    if code // 10_000 in (11, 12, 31, 50):
        return province, province
    return province, _stem(names.get(code // 100 * 100, "")) if code % 10_000 else ""
