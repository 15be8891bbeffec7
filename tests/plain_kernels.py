"""Kernels as the plain Python functions they were compiled from, over arrays that check every index."""

from __future__ import annotations

from types import FunctionType, ModuleType, SimpleNamespace

import numpy as np


def plain(module: ModuleType) -> SimpleNamespace:
    """The functions of a module that was not compiled: kernels call each other as plain functions, too."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        function = getattr(value, "py_func", None)
        if function is not None:
            around = names if function.__module__ == module.__name__ else function.__globals__
            names[name] = FunctionType(function.__code__, around, name, function.__defaults__)
    return SimpleNamespace(**names)


class Guarded:
    """Bytes that refuse to be read at an index that NumPy would count from the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, at: int) -> np.uint8:
        if not 0 <= at < len(self.data):
            raise IndexError("read out of bounds")
        return np.uint8(self.data[at])


class GuardedBuffer(np.ndarray):
    """An array that refuses to be written at an index counted from the end."""

    def __setitem__(self, at, value):
        assert at >= 0
        super().__setitem__(at, value)
