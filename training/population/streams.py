"""Random number streams by name: changing one step of the generator leaves the numbers of the others as they were."""

from __future__ import annotations

import random

import numpy as np
import xxhash


class Streams:
    """``stream("names")`` is always the same for the same seed, in every process and on every machine."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def numpy(self, name: str) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64([self.seed & 0xFFFFFFFFFFFFFFFF, xxhash.xxh64_intdigest(name.encode())]))

    def python(self, name: str) -> random.Random:
        return random.Random(xxhash.xxh64_intdigest(name.encode(), seed=self.seed & 0xFFFFFFFFFFFFFFFF))
