"""recordlinkage's ECM classifier on two tables of benchmarks/graded.py: the pairs between them with their probability.

    python recordlinkage_decisions.py SPECIFICATION.json

Comparisons and blocks are those of recordlinkage_sets.py; where the specification says ``given_pairs``, row n of one table is
compared with row n of the other and with nothing else. The first JSON line has the seconds, each other one a pair.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import recordlinkage

from benchmarks.peers.recordlinkage_sets import candidates, compared


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    warnings.filterwarnings("ignore")
    frames = [pd.read_parquet(path).replace("", None) for path in given["files"]]
    tables = [frame.drop(columns=["truth", "rec_id"]) for frame in frames]
    started = time.perf_counter()
    if given["given_pairs"]:
        pairs = pd.MultiIndex.from_arrays([tables[0].index, tables[1].index])
    else:
        pairs = candidates(tables, given["roles"])
    vectors = compared(tables, given["roles"], pairs)
    classifier = recordlinkage.ECMClassifier()
    linked = set(classifier.fit_predict(vectors))
    chances = classifier.prob(vectors)
    print(json.dumps({"seconds": time.perf_counter() - started}))
    known, comes = frames[0]["rec_id"], frames[1]["rec_id"]
    for pair, chance in zip(vectors.index, chances, strict=True):
        if given["given_pairs"] or pair in linked:
            line = {"known": known[pair[0]], "comes": comes[pair[1]], "probability": float(chance), "linked": pair in linked}
            print(json.dumps(line))


if __name__ == "__main__":
    main()
