"""Fellegi–Sunter parameters from counted level patterns, without labels.

    problem.py      what is known: features, blocking rules, relationship classes, pattern counts, u
    coverage.py     the share of each class that the blocking rules see, by inclusion and exclusion
    starts.py       starting values
    em.py           expectation–maximisation over the counted patterns; kernels.py is its inner loop
    fitting.py      several starts, the likeliest end
    information.py  standard errors of what was estimated
    checks.py       what the data could not tell: identifiability warnings
    strangers.py    u from value counts and random pairs, cleaned of the pairs that are no strangers
    frequencies.py  how the fuzzy levels depend on term frequency
    simulation.py   level patterns with known parameters: the test of everything above

The model. A population of n records has T = n(n − 1)/2 pairs, each in one relationship class c: the same person, other
relationships, strangers. Class c has λ_c pairs in all; a pair of class c has level l of feature f with probability
p_c(f, l), independently of the other features, given that the feature is not missing. Missing is independent of the class.
Strangers have p = u; other classes differ from u only in the features they share. Only pairs that satisfy a blocking rule
are seen. The counts of the patterns are Poisson, and the estimate maximises their likelihood, so that pairs the rules do
not see are part of the estimate: prior, m and blocking recall come out together.
"""

from training.estimation.fitting import fit
from training.estimation.problem import ClassSpec, FeatureSpec, Fit, Problem, independent_missing

__all__ = ["ClassSpec", "FeatureSpec", "Fit", "Problem", "fit", "independent_missing"]
