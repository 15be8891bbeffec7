"""What the blocking rules of a model bring together, apart from what scoring makes of it.

Keys are made by the service's own kernel. A search follows very common keys only in part (``block_limit``); recall here is
that of the keys, and what such keys cost is said beside it.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules, blocking_key, compile_rules
from mpi.linkage.borrow import borrow
from mpi.linkage.features import Encoded
from mpi.linkage.jit import kernel
from mpi.linkage.model import Model
from training.evaluation.intervals import Share, share
from training.modelling.keys import Groups, group_records
from training.modelling.patterns import Int32s

Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]


class RuleRecall(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule brings together. ``pairs``: of records that share its key; a pair by two keys counts twice."""

    rule: str
    pairs: int
    recall: Share  # of the true pairs
    alone: Share  # of the true pairs: seen by this rule and no other
    largest: int  # records that share one key


class BlockingRecall(msgspec.Struct, frozen=True, kw_only=True):
    """``recall``: true pairs that share a key of any rule; ``missed_compared``: missed true pairs that do, so that it was the
    weight or the decision that kept them apart."""

    recall: Share
    missed_compared: Share
    rules: tuple[RuleRecall, ...]


class Keys:
    """Blocking keys of all rows, rule by rule: int64[R, K], 0 where a row has none."""

    def __init__(self, model: Model, encoded: Encoded) -> None:
        self.texts = [" + ".join(rule) for rule in model.rules]
        self.starts = encoded.starts
        self.keys = np.zeros((len(encoded.rows), len(model.rules)), np.int64)
        _row_keys(compile_rules(model), encoded, self.keys)
        self._record = np.repeat(np.arange(len(encoded.starts) - 1, dtype=np.int32), np.diff(encoded.starts))

    def groups(self, rule: int) -> Groups:
        """Records that share a key of the rule."""
        filled = np.flatnonzero(self.keys[:, rule])
        return group_records(self.keys[filled, rule], self._record[filled])

    def drop_common(self, limit: int) -> int:
        """Forget the keys that more than ``limit`` rows have; returns the number of pairs of rows that shared them."""
        pairs = 0
        for k in range(self.keys.shape[1]):
            values, inverse, counts = np.unique(self.keys[:, k], return_inverse=True, return_counts=True)
            common = (counts > limit) & (values != 0)
            pairs += int((counts[common] * (counts[common] - 1) // 2).sum())
            self.keys[common[inverse], k] = 0
        return pairs

    def shared(self, a: Int32s, b: Int32s) -> Bits:
        """uint64[P]: bit k is set where the pair shares a key of rule k."""
        out = np.zeros(len(a), np.uint64)
        _shared_rules(self.keys, self.starts, a, b, out)
        return out


@kernel
def _row_keys(rules: Rules, encoded: Encoded, out: Ints) -> None:
    rules, encoded = borrow(rules), borrow(encoded)
    for r in range(len(encoded.rows)):
        for k in range(len(rules.start) - 1):
            out[r, k] = blocking_key(rules, k, encoded.rows[r], encoded.slots[r], encoded.values)


@kernel
def _shared_rules(keys: Ints, starts: Ints, a: Int32s, b: Int32s, out: Bits) -> None:
    for i in range(len(a)):
        bits = np.uint64(0)
        for row_a in range(starts[a[i]], starts[a[i] + 1]):
            for row_b in range(starts[b[i]], starts[b[i] + 1]):
                for k in range(keys.shape[1]):
                    if keys[row_a, k] != 0 and keys[row_a, k] == keys[row_b, k]:
                        bits |= np.uint64(1) << np.uint64(k)
        out[i] = bits


def blocking_recall(keys: Keys, shared: Bits, missed: npt.NDArray[np.bool_]) -> BlockingRecall:
    """Recall of the rules on P true pairs. ``shared`` uint64[P]: ``Keys.shared``; ``missed`` bool[P]: they ended apart."""
    seen = shared != 0
    rules = []
    for k, text in enumerate(keys.texts):
        bit, groups = np.uint64(1 << k), keys.groups(k)
        found = RuleRecall(
            rule=text,
            pairs=groups.pairs(),
            recall=share((shared & bit != 0).sum(), len(shared)),
            alone=share((shared == bit).sum(), len(shared)),
            largest=int(np.diff(groups.starts).max(initial=0)),
        )
        rules.append(found)
    return BlockingRecall(
        recall=share(seen.sum(), len(shared)),
        missed_compared=share((seen & missed).sum(), missed.sum()),
        rules=tuple(rules),
    )
