"""For all tests: the first call of a kernel may compile it, so Hypothesis sets no limit of time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("mpi", deadline=None, print_blob=True)
settings.load_profile("mpi")
