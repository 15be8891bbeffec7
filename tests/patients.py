"""Records to feed a registry with. All of them are made up."""

from __future__ import annotations

from collections.abc import Callable

from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord, Sex
from mpi.registry.registry import Limits, Registry

OpenRegistry = Callable[..., Registry]
LIMITS = Limits(catchment=1000, capacity_rows=100_000)


def resident_number(seventeen: str) -> str:
    """Append the check character of GB 11643."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return seventeen + "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, weights, strict=True)) % 11]


def patient(local_id: str, *, source: str = "cqmu1", **more: object) -> PatientRecord:
    """A record of 欧阳修竹, born 1980-05-03, without any number; ``more`` replaces traits."""
    traits: dict[str, object] = {
        "names": (HumanName(family="欧阳", given="修竹"),),
        "sex": Sex.FEMALE,
        "birth_date": "1980-05-03",
    }
    traits.update(more)
    return PatientRecord(source=source, local_id=local_id, **traits)  # type: ignore[arg-type]  # traits by name


def resident_id(seventeen: str) -> Identifier:
    return Identifier(type=IdentifierType.RESIDENT_ID, value=resident_number(seventeen))


def home(text: str) -> tuple[Address, ...]:
    return (Address(text=text),)
