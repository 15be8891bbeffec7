"""Charts of an evaluation: they need the truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from training.evaluation.calibration import Calibration
from training.evaluation.charts import BLUE, GREEN, GREY, INK, ORANGE, PALE, WIDTH, Chart, bars_across, drawn
from training.evaluation.curves import Curve
from training.evaluation.evaluate import Evaluation
from training.evaluation.explained import ExplainedPair
from training.evaluation.metrics import Figures

Floats = npt.NDArray[np.float64]

CERTAIN_BITS = 20.0  # log odds beyond are drawn here
POINTS = 600  # of a curve that are drawn


def _thinned(curve: Curve) -> Curve:
    """About ``POINTS`` of the curve's points, the last one among them."""
    size = len(curve.threshold)
    places = np.unique(np.linspace(0, size - 1, min(size, POINTS)).astype(np.int64)) if size else np.zeros(0, np.int64)
    return Curve(*(column[places] for column in curve))


def precision_recall(found: Evaluation, curve: Curve) -> Chart:
    """Link edges at every threshold, and where the run came to lie."""
    whole = found.overall
    reached = 1 - whole.wrong_links.value if whole.wrong_links.of else 1.0

    def draw(figure: Figure) -> None:
        axes, points = figure.subplots(), _thinned(curve)
        axes.plot(points.recall, points.precision, color=BLUE, label="threshold alone, no rules")
        for bits, name, marker in ((found.upper_bits, "upper", "o"), (found.lower_bits, "lower", "s")):
            at = np.flatnonzero(curve.threshold >= bits)
            if len(at):
                point = (curve.recall[at[-1]], curve.precision[at[-1]])
                axes.plot(*point, marker=marker, color=BLUE, linestyle="", label=f"{name} threshold, {bits:.1f} bits")
        axes.plot(whole.links_found.value, reached, "*", color=ORANGE, markersize=13, label="this run, automatic")
        axes.axvline(whole.ceiling.value, color=GREY, linestyle=":", label="ceiling: two traits agree")
        wrong = 3 * max([0.0005, 1 - reached, *(1 - curve.precision[curve.threshold >= found.lower_bits][-1:])])
        axes.set_ylim(max(0.0, 1 - wrong), 1 + 0.05 * min(wrong, 1.0))
        axes.set_xlim(max(0.0, min(0.5, whole.links_found.value - 0.1)), 1.005)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.set_xlabel("recall: links found, of those there are")
        axes.set_ylabel("precision: links that are right")
        axes.grid()
        axes.legend(loc="lower left")

    meaning = (
        "Each point of the line is a threshold: lower thresholds find more links and make more of them wrong. The star is "
        "what the index did with its rules (identity documents, twins, doubts go to a person), which no threshold alone "
        "can do."
    )
    return drawn("precision-recall", "Precision and recall of links", meaning, size=(WIDTH, 4.2), draw=draw)


def review_load(found: Evaluation, curve: Curve) -> Chart:
    """Reviews and missed links by lower threshold, the upper one left where it is."""
    shown = (curve.threshold <= found.upper_bits) & (curve.threshold >= found.lower_bits - 12)
    at_upper = float(curve.above[curve.threshold >= found.upper_bits].max(initial=0.0))
    points = _thinned(Curve(*(column[shown] for column in curve)))

    def draw(figure: Figure) -> None:
        load, missed = figure.subplots(1, 2)
        load.plot(points.threshold, points.above - at_upper, color=ORANGE)
        load.set_ylabel("records to review")
        missed.plot(points.threshold, 1 - points.recall, color=BLUE)
        missed.set_ylabel("links still missed")
        for axes in (load, missed):
            axes.axvline(found.lower_bits, color="black", linestyle="--", linewidth=1)
            axes.set_xlabel("lower threshold, bits")
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
            axes.set_ylim(bottom=0)
            axes.grid()

    meaning = (
        "Moving the lower threshold (dashed) to the left gives a steward more records to look at, and leaves fewer links "
        "missed. Where the right curve is flat, more reviews find nothing. Reviews that rules ask for come on top."
    )
    return drawn("review-load", "Reviews against missed links", meaning, size=(WIDTH, 3.2), draw=draw)


def calibration_chart(calibration: Calibration, *, upper: float, lower: float) -> Chart:
    """Observed against predicted log odds, by band."""
    bands = [band for band in calibration.bands if abs(_bits(band.predicted)) < CERTAIN_BITS]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([-CERTAIN_BITS, CERTAIN_BITS], [-CERTAIN_BITS, CERTAIN_BITS], color=GREY, label="as predicted")
        for band in bands:
            predicted, low, high = (_bits(value) for value in (band.predicted, band.observed.low, band.observed.high))
            axes.plot([predicted, predicted], [low, high], color=BLUE, linewidth=1.4)
            extreme = band.observed.count in (0, band.observed.of)
            place = (low if band.observed.count else high) if extreme else _bits(band.observed.value)
            marker = "o" if not extreme else "^" if band.observed.count else "v"
            axes.plot(predicted, place, marker, color=BLUE, markerfacecolor="white" if extreme else BLUE, markersize=5)
        axes.axvline(upper, color="black", linewidth=1, label="upper threshold")
        axes.axvline(lower, color="black", linewidth=1, linestyle="--", label="lower threshold")
        ticks = [-20, -13.3, -10, -6.6, -3.2, 0, 3.2, 6.6, 10, 13.3, 20]
        names = ["1 in 10⁶", "1 in 10⁴", "0.1 %", "1 %", "10 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "all but 10⁻⁶"]
        axes.set_yticks(ticks, names)
        axes.set_xticks(range(-20, 21, 4))
        axes.set_xlim(-CERTAIN_BITS, CERTAIN_BITS)
        axes.set_ylim(-CERTAIN_BITS, CERTAIN_BITS)
        axes.set_xlabel("predicted: match weight, bits")
        axes.set_ylabel("observed: share that is one person")
        axes.grid()
        axes.legend(loc="upper left")

    meaning = (
        "Candidate pairs in bands of two bits, with 95 % intervals. On the line the model's probabilities are true; below it "
        "the model is too sure, above it too careful. Hollow triangles: all or none of the band's pairs, so only a bound is "
        f"known. Expected calibration error {calibration.error:.5f}; from the lower threshold on "
        f"{calibration.error_above_lower:.5f}."
    )
    return drawn("calibration", "Are the probabilities true?", meaning, size=(WIDTH, 4.6), draw=draw)


def _bits(share: float) -> float:
    """Log odds of a share, at most ``CERTAIN_BITS`` away from even odds."""
    if not 0 < share < 1:
        return CERTAIN_BITS if share >= 1 else -CERTAIN_BITS
    return float(np.clip(np.log2(share / (1 - share)), -CERTAIN_BITS, CERTAIN_BITS))


def strata_chart(strata: dict[str, Figures]) -> Chart:
    """Links found in each stratum that has any, with intervals, with review and ceiling."""
    kept = {name: one for name, one in strata.items() if one.links_found.of}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = bars_across(axes, [f"{name.replace('_', ' ')} ({one.links_found.of:,})" for name, one in kept.items()])
        for place, one in zip(places, kept.values(), strict=True):
            first = {True: "_nolegend_"}.get(place > 0, "")
            axes.plot([one.links_found.low, one.links_found.high], [place, place], color=BLUE, linewidth=2)
            axes.plot(one.links_found.value, place, "o", color=BLUE, label=first or "found automatically, 95 % interval")
            with_review = one.links_found_with_review.value
            axes.plot(with_review, place, "D", color=GREEN, markersize=5, label=first or "with review")
            axes.plot(one.ceiling.value, place, "|", color=INK, markersize=13, label=first or "ceiling")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        axes.set_xlabel("links found, of those there are (their number in brackets)")
        figure.legend(loc="outside upper center", ncols=3)

    meaning = (
        "Whom the index serves less well. A wide bar means that the stratum has too few links to be sure; a diamond far from "
        "the bar means that persons, not the index, find these links."
    )
    size = (WIDTH, 1.2 + 0.25 * max(len(kept), 1))
    return drawn("strata", "Links found, by stratum", meaning, size=size, draw=draw)


def waterfall(name: str, title: str, pair: ExplainedPair, *, upper: float, lower: float) -> Chart:
    """From the prior to the match weight of one pair."""
    reasons = pair.comparison.reasons
    steps = np.array([reason.weight for reason in reasons])
    ends = np.cumsum(steps)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        labels = [f"{reason.feature}: {reason.level.replace('_', ' ')}" for reason in reasons]
        places = bars_across(axes, [*labels, "match weight"])
        axes.barh(places[:-1], steps, left=ends - steps, height=0.66, color=np.where(steps >= 0, BLUE, ORANGE).tolist())
        axes.barh(places[-1], ends[-1], height=0.66, color=INK)
        _connect(axes, ends)
        for place, (end, step) in enumerate(zip(ends, steps, strict=True)):
            _note(axes, f"{step:+.1f}", float(end), place, left=step < 0)
        _note(axes, f"{ends[-1]:.1f}", float(ends[-1]), places[-1], left=ends[-1] < 0)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.axvline(upper, color="black", linewidth=1)
        axes.axvline(lower, color="black", linewidth=1, linestyle="--")
        low, high = min(ends.min(), 0.0), max(ends.max(), upper)
        axes.set_xlim(low - 0.14 * (high - low), high + 0.14 * (high - low))
        axes.set_xlabel("bits; solid: automatic from here, dashed: review")

    meaning = f"{' '.join(pair.record)} beside {' '.join(pair.other)}: {'; '.join(pair.decision)}"
    meaning += "." if pair.compared else ". The two share no blocking key: the index never compared them."
    meaning += f" Most likely: {pair.comparison.relationship}."
    return drawn(name, title, meaning, size=(WIDTH / 2 + 0.8, 1.0 + 0.27 * len(steps)), draw=draw)


def _note(axes: Axes, text: str, end: float, place: int, *, left: bool) -> None:
    """A number beside the end of a bar; its white ground covers the lines behind it."""
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    note = axes.annotate(text, (end, place), xytext=(-4 if left else 4, 0), textcoords="offset points", va="center")
    note.set(ha="right" if left else "left", fontsize=8, bbox=ground, zorder=4)


def _connect(axes: Axes, ends: Floats) -> None:
    """Thin lines from the end of each bar to the beginning of the next."""
    for place, end in enumerate(ends):
        axes.plot([end, end], [place, place + 1], color=PALE, linewidth=0.9, zorder=0)
