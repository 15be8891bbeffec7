"""From records to a model file, without labels, with the service's own kernels: what is learnt is what will be computed.

encode.py      records → rows and distinct values
rules.py       the template's blocking rules as conditions on agreement levels
keys.py        pairs of records that satisfy a rule
patterns.py    pairs → agreement levels → counted patterns
values.py      value counts: exact agreement by chance, term frequencies, neighbours of values
assemble.py    all of it as an estimation problem, and the estimate as a model
thresholds.py  thresholds from a stated aim
writing.py     the TOML file and its sidecar
"""
