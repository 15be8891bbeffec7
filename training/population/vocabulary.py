"""Distinct text values behind integer codes, so that a column of millions of names is one int32 array."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class Vocabulary:
    """Code 0 is the empty text. Codes are given in the order of first sight, so they are the same in every process."""

    def __init__(self) -> None:
        self.values: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}

    def code(self, value: str) -> int:
        """The code of ``value``, which is added where it is new."""
        found = self._codes.get(value)
        if found is None:
            found = self._codes[value] = len(self.values)
            self.values.append(value)
        return found

    def encode(self, values: Iterable[str]) -> NDArray[np.int32]:
        return np.fromiter((self.code(v) for v in values), dtype=np.int32)

    def encode_array(self, values: NDArray[np.str_]) -> NDArray[np.int32]:
        """As ``encode``, but each distinct value is looked up once."""
        distinct, inverse = np.unique(values, return_inverse=True)
        codes = self.encode(distinct.tolist())
        return codes[inverse] if len(codes) else np.zeros(0, np.int32)

    def text(self, codes: NDArray[np.int32]) -> pa.Array:
        """Arrow strings, length of ``codes``."""
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(self.values)).cast(pa.string())
