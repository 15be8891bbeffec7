"""How good a model is: records with known truth through the index itself, and what came of it.

    command.py     ``python -m training evaluate``
    labelled.py    files of records with their truth and strata
    linking.py     the way of every record through a registry of its own: who ended with whom, and what a steward was asked
    evaluate.py    all of it in order: link, judge, weigh, explain
    metrics.py     link edges, missed links, reviews, pairs (pairs.py) and B-cubed, by stratum; intervals.py
    traits.py      the ceiling: links in which two independent traits agree
    blocking.py    what the blocking rules bring together, apart from what scoring makes of it
    candidates.py  all candidate pairs weighed (weighing.py); curves.py and calibration.py read them
    explained.py   the worst errors, level by level
    terminal.py    tables
    report.py      the page: page.py and its template, charts.py, model_charts.py, truth_charts.py
    fit_report.py  the page of a fit, which has no truth

A model is never judged on records it was fitted or refined on.
"""
