"""Standard errors from the observed information of the Poisson counts.

The score of a pattern's log mean with respect to log λ_c is r_c(γ), and with respect to the logit of p_c(f, l) it is
r_c(γ) ([γ_f = l] − p_c(f, l)); the information is the sum over patterns of count × score × scoreᵀ. u counts as known. Pairs
of one large family are not independent, so true errors are somewhat larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.estimation.kernels import responsibilities
from training.estimation.problem import Flags, Floats, Levels, Problem

CHUNK = 8192  # patterns at a time
FLAT = 1e-10  # relative information below this is none: the error is then as large as it looks


@dataclass(frozen=True)
class _Block:
    """The free levels of one feature in one class, and where they stand among the parameters."""

    c: int
    f: int
    levels: npt.NDArray[np.int64]
    start: int

    @property
    def place(self) -> slice:
        return slice(self.start, self.start + len(self.levels))


def standard_errors(problem: Problem, p: Floats, pairs: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """(standard errors of p, shape of p, 0 where nothing was estimated; standard errors of log λ, float64[C])."""
    classes = len(problem.classes)
    blocks = _blocks(prior > 0, classes)
    size = blocks[-1].place.stop
    information = np.zeros((size, size))
    table = np.ascontiguousarray(p.transpose(1, 2, 0))
    table[:, 0, :] = 1.0
    for at in range(0, len(problem.patterns), CHUNK):
        patterns, counts = problem.patterns[at : at + CHUNK], problem.counts[at : at + CHUNK]
        shares = np.empty((len(patterns), classes + 1))
        responsibilities(patterns, table, pairs, shares)
        scores = _scores(patterns, shares, p, blocks, size)
        information += scores.T @ (scores * counts[:, None])
    for block in blocks:
        q = p[block.c, block.f, block.levels]
        information[block.place, block.place] += prior[block.c, block.f].sum() * (np.diag(q) - np.outer(q, q))
    return _errors(information, p, blocks, classes)


def _blocks(estimated: Flags, classes: int) -> list[_Block]:
    blocks, start = [], classes
    for c, f in np.argwhere(estimated.any(axis=2)):
        levels = np.flatnonzero(estimated[c, f])
        blocks.append(_Block(int(c), int(f), levels, start))
        start += len(levels)
    return blocks


def _scores(patterns: Levels, shares: Floats, p: Floats, blocks: list[_Block], size: int) -> Floats:
    """float64[P, K]: derivative of each pattern's log mean with respect to every parameter."""
    scores = np.empty((len(patterns), size))
    classes = shares.shape[1] - 1
    scores[:, :classes] = shares[:, :classes]
    for block in blocks:
        column = patterns[:, block.f]
        away = (column[:, None] == block.levels) - p[block.c, block.f, block.levels] * (column != 0)[:, None]
        scores[:, block.place] = shares[:, block.c, None] * away
    return scores


def _errors(information: Floats, p: Floats, blocks: list[_Block], classes: int) -> tuple[Floats, Floats]:
    """Invert the information (the likeliest level of each block is the reference) and carry it over to p."""
    kept = np.ones(len(information), np.bool_)
    for block in blocks:
        kept[block.start + int(np.argmax(p[block.c, block.f, block.levels]))] = False
    covariance = np.zeros_like(information)
    covariance[np.ix_(kept, kept)] = _inverse(information[np.ix_(kept, kept)])
    errors = np.zeros_like(p)
    for block in blocks:
        q = p[block.c, block.f, block.levels]
        jacobian = np.diag(q) - np.outer(q, q)
        variance = np.einsum("ij,jk,ik->i", jacobian, covariance[block.place, block.place], jacobian)
        errors[block.c, block.f, block.levels] = np.sqrt(np.maximum(variance, 0.0))
    return errors, np.sqrt(np.maximum(np.diag(covariance)[:classes], 0.0))


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive matrix of very different scales; flat directions keep a huge but finite variance."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    values, vectors = np.linalg.eigh(matrix * scale * scale[:, None])
    inverse: Floats = (vectors / np.maximum(values, FLAT)) @ vectors.T
    return inverse * scale * scale[:, None]
