"""Made-up people in Latin script, with households, twins, juniors, moves and FEBRL-like errors of several severities.

Used beside FEBRL 1 and 2 to fit the ``latin`` model. Name lists come from Faker at run time; nobody is real.
"""

from training.people.rates import LEVELS, PeopleRates
from training.people.steps import generate

__all__ = ["LEVELS", "PeopleRates", "generate"]
