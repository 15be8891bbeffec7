"""From records to a model file, without labels, with the service's own kernels: what is learnt is what will be computed.

encode.py      records → rows and distinct values, by the service's kernels where they serve the model
rules.py       the template's blocking rules as conditions on agreement levels
keys.py        pairs of records that satisfy a rule
patterns.py    pairs → agreement levels → counted patterns
values.py      value counts: exact agreement by chance, term frequencies, neighbours of values
automatic.py   a template for records nobody has described
rulechoice.py  blocking rules from the data; classchoice.py: the relationship classes that are needed
assemble.py    all of it as an estimation problem, and the estimate as a model
weighing.py    pairs weighed and explained by a fitted model; candidates.py: every record's best earlier one
thresholds.py  thresholds from a stated aim
writing.py     the TOML file and its sidecar
"""
