"""Hypothesis settings of this room: no deadline, since a busy machine is no fault of the code."""

from hypothesis import HealthCheck, settings

settings.register_profile("commands", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("commands")
