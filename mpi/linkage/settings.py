"""Thresholds, limits and rules of a model in the form the kernels read."""

from __future__ import annotations

import math
from typing import NamedTuple

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import ROLES, Model
from mpi.linkage.scoring import fixed

GIVEN, FAMILY, BIRTH, SEX, NATIONAL = range(len(ROLES))


class Settings(NamedTuple):
    """Thresholds and limits in kernel form (weights in fixed point)."""

    upper: int
    lower: int
    floor: int  # candidates below are not kept
    margin: int
    common: int  # log2 of the strangers allowed to share name, birth date and sex
    further: int  # weight of other traits that makes a case of more than these three
    different_given: int  # bit set of levels
    unique: int  # bit set of identifier kinds
    block_limit: int
    candidate_limit: int
    twin_class: int  # index of the class named "twin", −1 without one
    twins: int  # 1 where the twins rule holds
    roles: tuple[int, int, int, int, int]  # columns of ROLES, −1 where the model has none


def compile_settings(model: Model) -> Settings:
    """Settings of a fitted model."""
    decision = model.decision
    roles = tuple(next((i for i, f in enumerate(model.features) if f.source == role), -1) for role in ROLES)
    assert len(roles) == len(ROLES)
    lower = fixed(math.log2(decision.lower / (1 - decision.lower)))
    names = [c.name for c in model.classes]
    return Settings(
        upper=fixed(math.log2(decision.upper / (1 - decision.upper))),
        lower=lower,
        floor=lower - fixed(decision.near_miss_bits),
        margin=fixed(decision.margin_bits),
        common=fixed(math.log2(decision.common_limit)),
        further=fixed(decision.further_bits),
        different_given=sum(1 << LEVELS["name"].index(name) for name in decision.different_given),
        unique=sum(1 << kind for kind in decision.unique_identifiers),
        block_limit=decision.block_limit,
        candidate_limit=decision.candidate_limit,
        twin_class=names.index("twin") if "twin" in names else -1,
        twins=int("twin" in names or decision.twins),
        roles=(roles[0], roles[1], roles[2], roles[3], roles[4]),
    )
