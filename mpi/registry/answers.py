"""Numbers of a decision → what a caller reads: reasons in words, candidates, links, persons."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVEL_DESCRIPTIONS, LEVELS
from mpi.linkage.model import STRANGER, Model
from mpi.linkage.scoring import SCALE
from mpi.records import DecisionReason, MatchReason, Person, PersonStatus
from mpi.registry.index import Index, Snapshot
from mpi.registry.master_id import format_code

PRIOR = "prior"

DECISION_TEXT: dict[DecisionReason, str] = {
    DecisionReason.ABOVE_UPPER_THRESHOLD: "the probability reaches the upper threshold",
    DecisionReason.BETWEEN_THRESHOLDS: "the probability lies between the two thresholds",
    DecisionReason.BELOW_LOWER_THRESHOLD: "no person is likely enough",
    DecisionReason.NO_CANDIDATE: "nobody in the index shares a blocking key",
    DecisionReason.NO_USABLE_TRAIT: "the record has no trait that could be searched by",
    DecisionReason.UNIQUE_DOCUMENT_AGREES: "a valid unique number agrees, and a second independent trait",
    DecisionReason.DOCUMENT_WITHOUT_SECOND_TRAIT: "a unique number agrees, but no second independent trait",
    DecisionReason.DOCUMENT_CONTRADICTED: "a unique number agrees, but name, birth date or sex speak against it",
    DecisionReason.DIFFERENT_VALID_NUMBERS: "the person holds a different valid national number",
    DecisionReason.SEX_AND_BIRTH_DATE_DIFFER: "sex and birth date both differ",
    DecisionReason.LIKELY_TWINS: "born the same day with the same family name and another given name: likely twins",
    DecisionReason.GUARDIAN_OR_NEWBORN: "a newborn or a guardian's number: never linked by the number alone",
    DecisionReason.COMMON_NAME_AND_BIRTH_DATE: "only name, birth date and sex agree, and strangers may share them",
    DecisionReason.RUNNER_UP_TOO_CLOSE: "a second person is nearly as likely",
    DecisionReason.POSSIBLE_DUPLICATE_PERSONS: "two persons are likely enough: they may be one",
    DecisionReason.DECEASED_BEFORE_RECORDED: "the person died before this patient was born",
    DecisionReason.SEARCH_WAS_CUT: "a very common key was not followed to its end",
    DecisionReason.LIKELY_RELATIVE: "more likely a relative than the same person",
    DecisionReason.LOOKS_LIKE_SOMEONE_ELSE: "the new content does not look like the same patient",
}


@lru_cache(4096)
def decision_reasons(bits: int) -> tuple[DecisionReason, ...]:
    """Reasons of a bit set, in the order of their numbers."""
    return tuple(r for r in DecisionReason if r and bits >> r & 1)


def probability(weight: int) -> float:
    """Match probability of a weight in fixed point."""
    bits = weight / SCALE
    if bits > 60:
        return 1.0
    odds = float(2.0 ** max(bits, -1000.0))
    return odds / (1 + odds)


def relationship(model: Model, winner: int) -> str:
    """Name of the relationship class that explains a pair best."""
    return model.classes[winner].name if winner < len(model.classes) else STRANGER


def match_reasons(
    model: Model, levels: npt.NDArray[np.uint8], explanation: npt.NDArray[np.int64], population: int
) -> tuple[MatchReason, ...]:
    """The explanation of one pair: prior first, then one line a feature that says something. Weights add up to the total."""
    lines = explanation.tolist()
    found = [
        MatchReason(
            feature=PRIOR,
            level="population",
            description=f"before anything is compared: one person among {population:,}",
            weight=lines[0][0] / SCALE,
        )
    ]
    for feature, level, (weight, frequency) in zip(model.features, levels.tolist(), lines[1:], strict=True):
        if level == 0 or not feature.scored:
            continue
        found.append(
            MatchReason(
                feature=feature.label or feature.name,
                level=LEVELS[feature.kind][level],
                description=LEVEL_DESCRIPTIONS[feature.kind][level],
                weight=weight / SCALE,
                term_frequency=frequency / SCALE,
            )
        )
    return tuple(found)


def person_view(index: Index, person: int, snapshot: Snapshot) -> Person:
    """A person as a caller sees it: every active record's source and local number, with the grade of its link."""
    code, version, reviews = index.person(person)
    links = tuple(index.links(person, snapshot))
    return Person(
        master_id=format_code(code),
        status=PersonStatus.ACTIVE if links else PersonStatus.EMPTY,
        links=links,
        version=version,
        open_reviews=reviews,
    )
