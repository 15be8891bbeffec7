"""Hypothesis settings of this room: no deadline, since the first value read loads tables and a busy machine is no fault."""

from hypothesis import settings

settings.register_profile("standardise", deadline=None)
settings.load_profile("standardise")
