"""Predicted against observed: of the pairs that the model gives a probability of 0.9, are nine in ten one person?"""

from __future__ import annotations

import msgspec
import numpy as np

from training.evaluation.candidates import BINS, Spread, edges_of_bins
from training.evaluation.intervals import Share, share

BAND = 8  # bins of a band: 2 bits


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Candidate pairs whose weight is from ``low`` to ``high`` bits. ``predicted``: their mean match probability."""

    low: float
    high: float
    predicted: float
    observed: Share  # one person, of the pairs


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """``error``: expected calibration error, the mean over all candidate pairs of |predicted - observed| of their band
    (Naeini, Cooper and Hauskrecht 2015); ``error_above_lower`` the same over bands from the lower threshold on, where
    decisions are made: most candidate pairs are strangers beyond doubt, and make the first figure look good."""

    bands: tuple[Band, ...]
    error: float
    error_above_lower: float


def calibrate(spread: Spread, *, lower: float) -> Calibration:
    """Bands of two bits that hold any pair. ``lower``: the lower threshold as a weight in bits."""
    limits = edges_of_bins()
    bands = []
    for at in range(0, BINS, BAND):
        part = slice(at, at + BAND)
        same, all_pairs = int(spread.same[part].sum()), int((spread.same + spread.different)[part].sum())
        if all_pairs:
            predicted = float(spread.expected[part].sum() / all_pairs)
            low, high = float(limits[at]), float(limits[min(at + BAND, BINS)])
            bands.append(Band(low=low, high=high, predicted=predicted, observed=share(same, all_pairs)))
    return Calibration(
        bands=tuple(bands),
        error=_error(bands),
        error_above_lower=_error([band for band in bands if band.high > lower]),
    )


def merged_bands(calibration: Calibration, *, beyond: float) -> list[Band]:
    """The bands, with all below ``-beyond`` bits as one and all above ``beyond`` as one."""
    bands = list(calibration.bands)
    low, high = [b for b in bands if b.high <= -beyond], [b for b in bands if b.low >= beyond]
    middle = [b for b in bands if b.high > -beyond and b.low < beyond]
    return [*_joined(low), *middle, *_joined(high)]


def _joined(bands: list[Band]) -> list[Band]:
    if not bands:
        return []
    pairs = sum(band.observed.of for band in bands)
    predicted = sum(band.predicted * band.observed.of for band in bands) / pairs
    observed = share(sum(band.observed.count for band in bands), pairs)
    return [Band(low=bands[0].low, high=bands[-1].high, predicted=predicted, observed=observed)]


def _error(bands: list[Band]) -> float:
    pairs = np.array([band.observed.of for band in bands], np.float64)
    away = np.array([abs(band.predicted - band.observed.value) for band in bands])
    return float((pairs * away).sum() / pairs.sum()) if len(bands) else float("nan")
