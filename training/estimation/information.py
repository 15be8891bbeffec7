"""Standard errors from the observed information of the Poisson counts.

The score of a pattern's log mean with respect to log λ_c is r_c(γ); with respect to the logit of a free level it is, summed
over the classes that have the distribution, r_c(γ) w_c(γ_f) ([γ_f = l] − m(l)), where w is the part of p that comes from it
(1, or s m / p); with respect to the logit of a share it is r_c(γ) s (1 − s) (m − u) / p at γ_f. The information is the sum
over patterns of count × score × scoreᵀ, and the prior's. u counts as known. Pairs of one large family are not independent, so
true errors are somewhat larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.estimation.em import LEAST_P, Frame, Point, likelihood_table, probabilities
from training.estimation.kernels import responsibilities
from training.estimation.problem import FREE, SAME, SHARED, Floats, Levels

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


@dataclass(frozen=True)
class _Layout:
    """Order of the parameters: log λ of the C classes, logits of the shares (c, f), then the blocks."""

    classes: int
    shares: list[tuple[int, int]]
    blocks: list[_Block]
    size: int

    def share(self, c: int, f: int) -> int:
        return self.classes + self.shares.index((c, f))

    def block(self, c: int, f: int) -> _Block:
        return next(b for b in self.blocks if (b.c, b.f) == (c, f))


@dataclass(frozen=True)
class Errors:
    """Standard errors: of p float64[C + 1, F, L + 1], of s float64[C + 1, F], of log λ float64[C]; 0 where not estimated."""

    p: Floats
    sharing: Floats
    log_pairs: Floats


def standard_errors(frame: Frame, point: Point) -> Errors:
    """Errors of an estimate."""
    layout = _layout(frame)
    p = probabilities(frame, point)
    parts = point.sharing[:, :, None] * point.free[0] / np.maximum(p, LEAST_P)  # part of p that comes from m
    table = likelihood_table(p)
    information = np.zeros((layout.size, layout.size))
    for every, seen, possible in frame.problem.parts():
        for at in range(0, len(every), CHUNK):
            patterns, counts = every[at : at + CHUNK], seen[at : at + CHUNK]
            shares = np.empty((len(patterns), len(point.pairs)))
            responsibilities(patterns, table, point.pairs * possible, shares)
            scores = _scores(frame, layout, point, patterns, shares, parts)
            information += scores.T @ (scores * counts[:, None])
    for block in layout.blocks:
        q = point.free[block.c, block.f, block.levels]
        information[block.place, block.place] += frame.prior[block.c, block.f].sum() * (np.diag(q) - np.outer(q, q))
    for c, f in layout.shares:
        s, place = point.sharing[c, f], layout.share(c, f)
        information[place, place] += 2 * frame.share_prior * s * (1 - s)
    return _errors(frame, layout, point, _covariance(information, layout, point))


def no_errors(point: Point) -> Errors:
    """Zeros, where nobody asked."""
    return Errors(np.zeros_like(point.free), np.zeros_like(point.sharing), np.zeros(len(point.pairs) - 1))


def _layout(frame: Frame) -> _Layout:
    classes = len(frame.problem.classes)
    shares = [(int(c), int(f)) for c, f in np.argwhere(frame.kinds == SHARED)]
    blocks, start = [], classes + len(shares)
    for c, f in np.argwhere(frame.kinds == FREE):
        levels = np.flatnonzero(frame.possible[c, f])
        blocks.append(_Block(int(c), int(f), levels, start))
        start += len(levels)
    return _Layout(classes, shares, blocks, start)


def _scores(frame: Frame, layout: _Layout, point: Point, patterns: Levels, shares: Floats, parts: Floats) -> Floats:
    """float64[P, K]: derivative of each pattern's log mean with respect to every parameter. ``shares``: r."""
    scores = np.zeros((len(patterns), layout.size))
    scores[:, : layout.classes] = shares[:, : layout.classes]
    for block in layout.blocks:
        column = patterns[:, block.f]
        weight = shares[:, block.c].copy()
        if block.c == 0:
            for c in np.flatnonzero((frame.kinds[:, block.f] == SHARED) | (frame.kinds[:, block.f] == SAME)):
                weight += shares[:, c] * parts[c, block.f][column]
        away = (column[:, None] == block.levels) - point.free[block.c, block.f, block.levels]
        scores[:, block.place] = np.where(column != 0, weight, 0.0)[:, None] * away
    for k, g in layout.shares:
        s = point.sharing[k, g]
        slope = (1 - s) * parts[k, g] - s * (1 - parts[k, g])  # s (1 − s) (m − u) / p
        scores[:, layout.share(k, g)] = np.where(patterns[:, g] != 0, shares[:, k] * slope[patterns[:, g]], 0.0)
    return scores


def _covariance(information: Floats, layout: _Layout, point: Point) -> Floats:
    """Inverse of the information; the likeliest level of each block is the reference and has none of its own."""
    kept = np.ones(len(information), np.bool_)
    for block in layout.blocks:
        kept[block.start + int(np.argmax(point.free[block.c, block.f, block.levels]))] = False
    covariance = np.zeros_like(information)
    covariance[np.ix_(kept, kept)] = _inverse(information[np.ix_(kept, kept)])
    return covariance


def _errors(frame: Frame, layout: _Layout, point: Point, covariance: Floats) -> Errors:
    """Carry the covariance of the logits over to p, s and log λ."""
    errors = np.zeros_like(point.free)
    sharing = np.zeros_like(point.sharing)
    for c, f in np.argwhere((frame.kinds == FREE) | (frame.kinds == SAME) | (frame.kinds == SHARED)):
        block = layout.block(int(c) if frame.kinds[c, f] == FREE else 0, int(f))
        q = point.free[block.c, f, block.levels]
        jacobian = np.diag(q) - np.outer(q, q)
        places = list(range(block.start, block.start + len(q)))
        if frame.kinds[c, f] == SHARED:
            s, place = point.sharing[c, f], layout.share(int(c), int(f))
            slope = s * (1 - s) * (q - frame.chance[c, f, block.levels])
            jacobian = np.column_stack([s * jacobian, slope])
            places.append(place)
            sharing[c, f] = s * (1 - s) * np.sqrt(max(covariance[place, place], 0.0))
        variance = np.einsum("ij,jk,ik->i", jacobian, covariance[np.ix_(places, places)], jacobian)
        errors[c, f, block.levels] = np.sqrt(np.maximum(variance, 0.0))
    log_pairs: Floats = np.sqrt(np.maximum(np.diag(covariance)[: layout.classes], 0.0))
    return Errors(errors, sharing, log_pairs)


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive matrix of very different scales; flat directions keep a huge but finite variance."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), LEAST_P))
    values, vectors = np.linalg.eigh(matrix * scale * scale[:, None])
    inverse: Floats = (vectors / np.maximum(values, FLAT)) @ vectors.T
    return inverse * scale * scale[:, None]
