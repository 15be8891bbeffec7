"""How often which error happens: one number each, as shares of records, and three levels."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class ErrorRates:
    """Shares of all records unless said otherwise; the mean over hospitals and ways of entry.

    Entry by card reader makes a sixth of the errors of the mean, hasty typing several times as many, and errors cluster in
    records. Base values: national number wrong on 5 % of admission pages and missing for 9 % of adults, 60–65 % of wrong name
    characters homophones and 20–25 % look-alikes (figures from the published audits named in the data notes). Names, birth
    dates and sexes are scaled together so that pairs of one person agree as they do in such a city: same name, birth date and
    sex in 87 % of them, the same number in 64 % (docs/decisions/population.md). The rest are judgements, to be varied with
    ``level``.
    """

    # names
    name_character: float = 0.0155  # one wrong character; its kind by the four shares below
    share_homophone: float = 0.62
    share_look_alike: float = 0.22
    share_dialect: float = 0.10  # the rest is any other character
    name_pinyin: float = 0.003  # only in pinyin
    name_traditional: float = 0.003
    name_truncated: float = 0.0014
    name_swapped: float = 0.002  # family and given name in each other's field (Latin, and split fields)
    name_misplaced: float = 0.007  # whole name in the given-name field of a hospital that splits names
    name_spacing: float = 0.01  # blanks inside, full-width blank, trailing dot
    name_placeholder: float = 0.003  # 无名氏, 未知
    name_old: float = 0.3  # of the records after a change of name: still under the old one
    name_variant: float = 0.25  # Tibetan and Uyghur: another usual transcription
    name_shortened: float = 0.10  # Tibetan: four syllables written as two
    # national number
    number_missing_adult: float = 0.09
    number_missing_child: float = 0.22
    number_typo: float = 0.030  # of the numbers given, one digit or two neighbours
    number_relative: float = 0.021
    number_stranger: float = 0.002
    number_placeholder: float = 0.004
    number_legacy: float = 0.25  # 15 digits, of those issued before 1999 and recorded before 2014
    number_format: float = 0.012  # full-width digits, lower-case x, blanks
    newborn_under_mother: float = 0.6  # the mother's number given as the newborn's own
    # birth date and sex
    date_missing: float = 0.0055
    date_digit: float = 0.004
    date_swapped: float = 0.0018
    date_first_of_january: float = 0.0035
    date_lunar: float = 0.0085  # doubled for those born before 1970
    date_partial: float = 0.004
    date_year: float = 0.003  # one year off (age counted the old way)
    sex_missing: float = 0.003
    sex_wrong: float = 0.003
    # contact
    phone_missing: float = 0.13
    phone_relative: float = 0.32
    phone_landline: float = 0.05
    phone_typo: float = 0.012
    phone_placeholder: float = 0.006
    phone_agent: float = 0.004  # of a village doctor or ward clerk, shared by many patients
    phone_format: float = 0.03
    phone_second: float = 0.12
    address_missing: float = 0.06
    address_registered: float = 0.18  # the household register's address in place of the present one
    address_both: float = 0.06
    address_old: float = 0.08  # not updated after a move
    address_typo: float = 0.025
    address_truncated: float = 0.03
    ethnicity_missing: float = 0.25
    ethnicity_wrong: float = 0.006

    def scaled(self, factor: float) -> ErrorRates:
        """All errors ``factor`` times as frequent (at most 0.6); kinds of wrong characters and ways of writing stay."""
        kept = {"newborn_under_mother", "number_legacy", "phone_second"}
        scaled = [f.name for f in fields(self) if f.name not in kept and not f.name.startswith("share_")]
        changed = {name: min(0.6, getattr(self, name) * factor) for name in scaled}
        return replace(self, **changed)


LEVELS: dict[str, ErrorRates] = {"low": ErrorRates().scaled(0.4), "base": ErrorRates(), "high": ErrorRates().scaled(2.0)}


def error_rates(level: ErrorRates | str) -> ErrorRates:
    """The rates of a named level, or the given rates. Raises ValueError for an unknown name."""
    if isinstance(level, ErrorRates):
        return level
    if level not in LEVELS:
        raise ValueError(f"errors must be one of {', '.join(LEVELS)}, or an ErrorRates")
    return LEVELS[level]
