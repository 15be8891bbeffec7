"""A fitted model as a page, without any truth: what it believes, and how the records it was fitted on look to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mpi.linkage.features import Encoded
from mpi.linkage.model import Model, TermFrequencies
from training.evaluation.blocking import Keys, blocking_recall
from training.evaluation.candidates import weigh_candidates
from training.evaluation.evaluate import bits
from training.evaluation.missing import missing_shares
from training.evaluation.model_charts import (
    agreement_shares,
    blocking_rules,
    match_weights,
    missing_values,
    weight_distribution,
)
from training.evaluation.page import Page, Section, write_page
from training.evaluation.terminal import percent
from training.modelling.weighing import Weigher


def write_fit_report(model: Model, frequencies: TermFrequencies, encoded: Encoded, out: Path, *, persons: int) -> None:
    """Write the page and its pictures. ``persons``: population the weights are taken for. Raises OSError."""
    records = len(encoded.starts) - 1
    keys = Keys(model, encoded)
    blocking = blocking_recall(keys, np.zeros(0, np.uint64), np.zeros(0, np.bool_))
    spread = weigh_candidates(Weigher(model, frequencies, encoded), keys, np.arange(records), persons=persons)
    upper, lower = bits(model.decision.upper), bits(model.decision.lower)
    sections = [
        Section(
            "weights",
            "Thresholds",
            charts=[weight_distribution(spread, upper=upper, lower=lower, known=False)],
        ),
        Section("model", "The model", charts=[match_weights(model), agreement_shares(model)]),
        Section(
            "records",
            "The records",
            charts=[blocking_rules(blocking.rules), missing_values(missing_shares(model, encoded))],
        ),
    ]
    page = Page(
        title=f"What the model {model.name} learnt",
        subtitle=(
            f"Model {model.reference}, fitted without labels on {records:,} records; automatic from probability "
            f"{model.decision.upper:.6g}, review from {model.decision.lower:.4g}; weights for {persons:,} persons."
        ),
        verdict=_verdict(model),
        sections=sections,
        notes=[str(note) for note in _listed(model.provenance.get("notes"))],
        footer="Nothing here was checked against a truth: python -m training evaluate does that. No patient value is shown.",
    )
    write_page(page, out)


def _verdict(model: Model) -> str:
    """What the model expects of its own thresholds."""
    expected = model.provenance
    wrong, linked = expected.get("expected_wrong_links"), expected.get("expected_links_per_record")
    reviews, missed = expected.get("expected_reviews_per_record"), expected.get("expected_missed_links")
    if not (isinstance(wrong, float) and isinstance(linked, float)):
        return ""
    if not (isinstance(reviews, float) and isinstance(missed, float)):
        return ""
    return (
        f"By its own probabilities the model expects to link {percent(linked, 1)} of the records automatically, "
        f"{1e5 * wrong:.1f} in 100,000 of these links wrongly, to ask a steward about {percent(reviews, 1)} of the records, "
        f"and to miss {percent(missed, 1)} of the links that its blocking rules see. These are beliefs: an evaluation on "
        "records with known truth tests them."
    )


def _listed(notes: object) -> list[object]:
    return list(notes) if isinstance(notes, list) else []
