"""How often Latin-script records go wrong; FEBRL's error types and some more."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class PeopleRates:
    """Shares of records. ``severity`` gives the share of records with 0, 1, 2–3 and 4–8 modified fields."""

    severity: tuple[float, float, float, float] = (0.52, 0.28, 0.15, 0.05)
    nickname: float = 0.05
    middle_name: float = 0.08
    maiden_after_marriage: float = 0.06
    suffix_written: float = 0.4  # of juniors and seniors
    swapped_names: float = 0.012
    swapped_address: float = 0.012  # house name and street, or street and suburb
    missing_given: float = 0.02
    missing_family: float = 0.01
    missing_sex: float = 0.02
    missing_birth: float = 0.03
    missing_number: float = 0.06
    missing_phone: float = 0.2
    missing_house_number: float = 0.04
    missing_road: float = 0.02
    missing_community: float = 0.12
    missing_locality: float = 0.015
    missing_postcode: float = 0.01
    missing_region: float = 0.02
    relative_number: float = 0.003
    relative_phone: float = 0.1

    def scaled(self, factor: float) -> PeopleRates:
        _, one, few, many = self.severity
        factor_here = min(factor, 0.95 / (one + few + many))
        one, few, many = one * factor_here, few * factor_here, many * factor_here
        changed = {
            name: min(0.6, value * factor)
            for name, value in self.__dict__.items()
            if name not in ("severity", "middle_name", "suffix_written")
        }
        return replace(self, severity=(1.0 - one - few - many, one, few, many), **changed)


LEVELS: dict[str, PeopleRates] = {"low": PeopleRates().scaled(0.4), "base": PeopleRates(), "high": PeopleRates().scaled(2.0)}


def people_rates(level: PeopleRates | str) -> PeopleRates:
    """The rates of a named level, or the given rates. Raises ValueError for an unknown name."""
    if isinstance(level, PeopleRates):
        return level
    if level not in LEVELS:
        raise ValueError(f"errors must be one of {', '.join(LEVELS)}, or a PeopleRates")
    return LEVELS[level]
