"""Addresses: parts as given, or read from free text, in comparison form."""

from __future__ import annotations

from typing import NamedTuple

from mpi.records import Address, StandardAddress
from mpi.standardise.characters import capitals_and_digits, clean, letters_and_digits
from mpi.standardise.words import standard_word


class AddressReading(NamedTuple):
    address: StandardAddress | None = None
    placeholder: bool = False


def read_address(address: Address) -> AddressReading:
    parts = (address.text, address.road, address.house_number, address.community, address.building, address.room)
    value = StandardAddress(
        text=letters_and_digits(clean(" ".join(parts))),
        region=letters_and_digits(clean(address.region)),
        city=letters_and_digits(clean(address.city)),
        locality=standard_word(address.locality),
        road=standard_word(address.road),
        house_number=letters_and_digits(clean(address.house_number)),
        community=standard_word(address.community),
        building=letters_and_digits(clean(address.building)),
        room=letters_and_digits(clean(address.room)),
        postcode=capitals_and_digits(address.postcode),
    )
    return AddressReading(value if value != StandardAddress() else None)
