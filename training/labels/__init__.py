"""What stewards decided, as part of an estimate: labels weigh in, are versioned, and a bad labeller is noticed.

    label_file.py  LABELS.csv → labels, each a pair of records, a decision and who made it
    pairs.py       labels → pairs of a table with their level patterns; several decisions on one pair become one
    weighing.py    pairs → the labelled part of an estimation problem
    stewards.py    whose decisions go against the others' and the model's more often than an honest one's would
    crossing.py    how well held-out labels are met, with and without the other labels
    refining.py    all of it in order: judge the stewards, check, fit
    view.py        what came of it, for a person to read

A label is never used to judge a fit it went into.
"""
