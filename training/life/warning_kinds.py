"""Kinds of what a fit says it could not tell, so that a gate can name them. The sentences stand in estimation/checks.py."""

from __future__ import annotations

from collections.abc import Iterable

# kind → words that every note of the kind contains
KINDS = {
    "not converged": "did not converge",
    "asked by all rules": "every blocking rule asks for",
    "few pairs": "its parameters are hardly known",
    "number of pairs vague": "the number of its pairs is known to a factor of",
    "classes alike": "look the same",
    "no pair to learn from": "no pair to learn from for",
    "poor blocking recall": "the blocking rules see only",
    "not one person": "is class 1 really one person?",
    "better level says less": "speaks more for the same person than the better level before it",
}


def kinds_in(notes: Iterable[str]) -> list[str]:
    """Kinds of the notes, in the order of KINDS, each once."""
    text = list(notes)
    return [kind for kind, words in KINDS.items() if any(words in note for note in text)]
