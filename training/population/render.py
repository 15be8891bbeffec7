"""From draft columns to text: the last step, and the only one that makes strings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mpi.records import NameUse
from training.population.contact_errors import spoil_address_texts
from training.population.history import Draft, Facts
from training.population.numbers import as_yyyymmdd
from training.population.persons import FIRST_DAY, Bools, Group, Ints
from training.population.places import Addresses, PlaceNames, address_text
from training.population.rates import ErrorRates
from training.population.strata import Stratum
from training.population.streams import Streams
from training.population.tables import divisions, sources

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def render(
    draft: Draft, facts: Facts, places: tuple[Addresses, PlaceNames], rates: ErrorRates, streams: Streams
) -> dict[str, Any]:
    """Columns of ``population.SCHEMA``."""
    rng = streams.numpy("writing")
    addresses, names = places
    died = (facts.death[draft.person] - draft.day < 60) & (rng.random(len(draft)) < 0.5)
    columns: dict[str, Any] = {
        "source": pa.array(sources().code).take(pa.array(draft.source)),
        "local_id": _local_ids(draft.source),
        "sex": draft.sex,
        "birth_date": iso_dates(draft.birth),
        "deceased_date": iso_dates(np.where(died, as_yyyymmdd(facts.death[draft.person]), 0)),
        "ethnicity": facts.names.vocabulary.text(draft.ethnicity),
        "recorded_at": moments(draft.day, rng),
        "truth_person": draft.person,
        "strata": draft.strata,
        "multiple_birth_order": np.where(draft.newborn, facts.persons.twin_order[draft.person], 0),
    }
    columns |= _names(draft, facts, rates, rng)
    columns |= _numbers(draft, rates, rng)
    columns |= _guardians(draft, facts, rng)
    phone = _phones(draft.phone).to_pylist()
    for i in np.flatnonzero(rng.random(len(draft)) < rates.phone_format).tolist():
        phone[i] = _phone_style(phone[i], i % 5)
    text = address_text(addresses, names, draft.address, draft.style).to_pylist()
    spoil_address_texts(text, draft, rates, streams)
    coded = (draft.source % 5 < 3) & (draft.address >= 0)
    place = addresses.division[np.maximum(draft.address, 0)]
    columns |= {
        "phone": pa.array(phone),
        "phone2": _phones(draft.phone2),
        "address": pa.array(text),
        "address2": address_text(addresses, names, draft.address2, draft.style),
        "division": _where(coded, pa.array(divisions().code.astype(str).tolist()).take(pa.array(place))),
        "postcode": _where(
            (draft.source % 3 == 1) & (draft.address >= 0),
            pa.array(divisions().postcode.astype(str).tolist()).take(pa.array(place)),
        ),
    }
    return columns


def _where(condition: Bools, text: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(condition), text, pa.scalar(""))


def _local_ids(source: Ints) -> pa.Array:
    """Running numbers of each hospital in the order of recording, in its own pattern."""
    order = np.argsort(source, kind="stable")
    ordered = source[order]
    start = np.searchsorted(ordered, ordered, side="left")
    running = np.empty(len(source), np.int64)
    running[order] = np.arange(len(source)) - start
    patterns = sources().pattern
    step = 1 + source % 3  # numbers are not handed out without gaps
    base = 1000 + source * 137
    return pa.array([patterns[s].format(n) for s, n in zip(source.tolist(), (base + running * step).tolist(), strict=True)])


def iso_dates(dates: Ints) -> pa.Array:
    """yyyymmdd integers as ISO 8601, partial where month or day is 0; "" for 0."""
    year, month, day = dates // 10000, dates // 100 % 100, dates % 100
    tens = pa.array([f"-{n:02d}" if n else "" for n in range(100)])
    year_text, month_text, day_text = pa.array(year).cast(pa.string()), tens.take(pa.array(month)), tens.take(pa.array(day))
    text = pc.binary_join_element_wise(year_text, month_text, day_text, "")
    return _where(dates > 0, text)


def moments(days: Ints, rng: np.random.Generator, *, zone: str = "+08:00") -> pa.Array:
    """Recording times between 7:30 and 18:00, local time."""
    minute = 450 + (630 * rng.beta(1.3, 2.0, len(days))).astype(np.int64)
    moment = (days * 1440 + minute).astype("datetime64[m]").astype("datetime64[s]")
    text = pc.strftime(pa.array(moment), format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(text, pa.scalar(zone), "")


def _whole(family: pa.Array, given: pa.Array, latin: Bools) -> pa.Array:
    western = pc.binary_join_element_wise(given, family, " ")
    return pc.if_else(pa.array(latin), western, pc.binary_join_element_wise(family, given, ""))


def _names(draft: Draft, facts: Facts, rates: ErrorRates, rng: np.random.Generator) -> dict[str, Any]:
    """Whole in one field, or split, by hospital; foreigners' names keep a blank."""
    words = facts.names.vocabulary
    family, given = words.text(draft.family), words.text(draft.given)
    latin = facts.persons.group[draft.person] == Group.FOREIGN
    whole = _whole(family, given, latin & (draft.family > 0))
    split = sources().split_names[draft.source] & (draft.family > 0)
    misplaced = split & (rng.random(len(draft)) < rates.name_misplaced)
    upper = pc.if_else(pa.array(latin & (draft.source % 2 == 0)), pc.utf8_upper(whole), whole)
    former = np.where((draft.strata & Stratum.CHANGED_NAME.value) != 0, facts.old_given[draft.person], 0)
    former = np.where((former != draft.given) & (rng.random(len(draft)) < 0.15) & ~draft.newborn, former, 0).astype(np.int32)
    former_name = pc.binary_join_element_wise(words.text(facts.names.family[draft.person]), words.text(former), "")
    return {
        "name_text": _where(~split, upper),
        "family": _where(split & ~misplaced, family),
        "given": pc.if_else(pa.array(misplaced), whole, _where(split, given)),
        "name_use": np.where(draft.newborn, NameUse.TEMPORARY.value, 0),
        "other_name": _where(former > 0, former_name),
        "other_name_use": np.where(former > 0, NameUse.OLD.value, 0),
    }


def _numbers(draft: Draft, rates: ErrorRates, rng: np.random.Generator) -> dict[str, Any]:
    number = pa.array(draft.number.astype("U20")).to_pylist()
    for i in np.flatnonzero(rng.random(len(draft)) < rates.number_format).tolist():
        number[i] = _number_style(number[i], i % 4)
    insured = (draft.source % 4 == 2) & (draft.day > FIRST_DAY + 700) & (rng.random(len(draft)) < 0.6) & ~draft.newborn
    card = 10**9 + (draft.person * 7919 + 104729) % 900_000_007
    return {
        "id_number": pa.array(number),
        "id_type": np.where(draft.number != b"", draft.number_type, 0),
        "id2_number": _where(insured, pa.array(card).cast(pa.string())),
        "id2_type": np.where(insured, 5, 0),
    }


def _number_style(number: str, style: int) -> str:
    if style == 0:
        return number.translate(FULL_WIDTH)
    if style == 1:
        return f"{number[:6]} {number[6:14]} {number[14:]}" if len(number) == 18 else number
    return number.lower() if style == 2 else f"{number} "


def _phones(numbers: Ints) -> pa.Array:
    """Mobiles as digits, landlines as 023-…; "" for 0."""
    text = pa.array(numbers).cast(pa.string())
    line = (numbers >= 23 * 10**8) & (numbers < 24 * 10**8)
    area, local = pc.utf8_slice_codeunits(text, 0, 2), pc.utf8_slice_codeunits(text, 2)
    written = pc.binary_join_element_wise(pa.scalar("0"), area, pa.scalar("-"), local, "")
    return _where(numbers > 0, pc.if_else(pa.array(line), written, text))


def _phone_style(phone: str, style: int) -> str:
    if len(phone) != 11 or not phone.isdigit():
        return phone.replace("023-", "") if style == 0 else phone
    if style == 0:
        return f"+86 {phone}"
    if style == 1:
        return f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"
    if style == 2:
        return phone.translate(FULL_WIDTH)
    return f"86{phone}" if style == 3 else f"{phone[:3]} {phone[3:7]} {phone[7:]}"


def _guardians(draft: Draft, facts: Facts, rng: np.random.Generator) -> dict[str, Any]:
    """Name, telephone and number of the guardian as far as the form asked for them."""
    words = facts.names.vocabulary
    has = draft.guardian >= 0
    holder = np.maximum(draft.guardian, 0)
    latin = facts.persons.group[holder] == Group.FOREIGN
    said = has & (rng.random(len(draft)) < 0.85)
    name = _whole(words.text(facts.names.family[holder]), words.text(facts.names.given[holder]), latin)
    number = pa.array(facts.number[holder].astype("U18"))
    return {
        "guardian_name": _where(said, name),
        "guardian_phone": _where(said & (rng.random(len(draft)) < 0.6), _phones(draft.phone)),
        "guardian_id": _where(said & (draft.newborn | (rng.random(len(draft)) < 0.3)), number),
        "guardian_relationship": _where(said, _relationship(draft, facts, said)),
    }


def _relationship(draft: Draft, facts: Facts, said: Bools) -> pa.Array:
    mother = facts.persons.mother[draft.person] == draft.guardian
    father = facts.persons.father[draft.person] == draft.guardian
    kind: NDArray[np.int64] = np.where(~said, 0, np.where(mother, 1, np.where(father, 2, 3)))
    return pa.array(["", "母亲", "父亲", "祖父母"]).take(pa.array(kind))
