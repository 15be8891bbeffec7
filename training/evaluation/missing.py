"""What records do not say: the share of them without a value, by feature."""

from __future__ import annotations

import numpy as np

from mpi.linkage.comparison import DERIVED_BIT
from mpi.linkage.features import Encoded
from mpi.linkage.model import Model
from training.evaluation.intervals import Share, share


def missing_shares(model: Model, encoded: Encoded) -> dict[str, Share]:
    """Records without a value of each scored feature. A value read off an identity number counts as missing: no evidence."""
    records = len(encoded.starts) - 1
    record = np.repeat(np.arange(records), np.diff(encoded.starts))
    found = {}
    for column, feature in enumerate(model.features):
        if feature.scored:
            values = encoded.rows[:, column]
            known = values != 0
            if feature.kind in ("date", "category"):
                known &= (values < 0) | (values & DERIVED_BIT == 0)
            have = np.bincount(record, known, minlength=records) > 0
            found[feature.label or feature.name] = share(records - int(have.sum()), records)
    return found
