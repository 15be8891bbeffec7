"""A master patient index: which records of all hospitals are the same person, and under which numbers they know them.

The way of a record, and the file for each step, in order:

    bytes → PatientRecord          service/requests.py  (files: intake/)
    → StandardRecord               standardise/record.py
    → a row of int64               linkage/features.py, linkage/values.py
      (bytes → rows for plain records, without the objects in between: columns/)
    → blocking keys                linkage/blocking.py
    → candidates                   linkage/search.py
    → agreement levels             linkage/comparison.py
    → match weights                linkage/scoring.py
    → LINK | REVIEW | NEW          linkage/decision.py    (a batch of writes in one call: linkage/batch.py)
    → commit                       registry/writer.py, store/store.py
    → visible to readers           registry/index.py
    → response                     registry/answers.py, service/responses.py

The nouns stand in records.py in the order of their life, the errors in errors.py, every setting in config.py.
"""
