"""The life of a model after its fit: what a new one would change, whether it may be published, and what stewards teach it.

records.py      files of records, and the truth where a column holds it
partition.py    who is with whom under two models, counted without listing pairs
changes.py      links and reviews gained and lost, and which pairs show them best
explain.py      one pair of records, level by level, under a model
difference.py   what differs between two model files
comparison.py   two models over the same records
compare.py      the command ``compare``
compare_view.py its report
"""
