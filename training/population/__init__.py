"""A synthetic Chongqing: made-up persons, households and hospital records with known truth.

``generate`` goes through these steps, one file each: ``persons`` (who lives together), ``names``, ``places``, ``history``
(what is true when, and who visits which hospital), ``name_errors``, ``number_errors``, ``contact_errors``, ``render``.
Everything follows from the seed; no real person and no third-party list is behind it.
"""

from training.population.population import Population
from training.population.rates import LEVELS, ErrorRates
from training.population.scenario import Scene, scenario
from training.population.steps import generate
from training.population.strata import Stratum

__all__ = ["LEVELS", "ErrorRates", "Population", "Scene", "Stratum", "generate", "scenario"]
