"""The text world: one record at a time, from what a hospital wrote to what can be compared.

    record.py       the way of a record, top to bottom
    validation.py   what is refused before anything is stored
    names.py        Han names and the choice of script; latin_names.py, tibetan.py, newborns.py, illegible.py
    hanzi.py        characters, readings; pinyin.py: syllables, dialect folding; latin.py: tokens, phonetic code, nicknames
    dates.py, identifiers.py, numbers.py (what a resident number tells of its bearer), phones.py
    addresses.py    given parts and free text; divisions.py, han_addresses.py, latin_addresses.py
    words.py        localities, attributes, ethnic groups
    placeholders.py what means "not known"; characters.py: compatibility forms
    tables/         facts that are no library's: surnames, readings, variants, Tibetan elements, nicknames; by table_files.py

Pure functions. What repeats (words, parts of names, days, streets) has a bounded cache. What is nearly always new (whole
addresses and names, numbers) has none: a cache that misses costs more than it saves.
"""

from mpi.standardise.record import standardise
from mpi.standardise.validation import validate

__all__ = ["standardise", "validate"]
