"""How good a model is: records with known truth through the index itself, and what came of it.

    labelled.py   files of records with their truth and strata
    linking.py    the way of every record through a registry of its own: who ended with whom, and what a steward was asked

A model is never judged on records it was fitted or refined on.
"""
