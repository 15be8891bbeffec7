"""An evaluation as a page for those who decide and those who calculate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training.evaluation.calibration import merged_bands
from training.evaluation.charts import Chart
from training.evaluation.evaluate import Evaluation, Evidence
from training.evaluation.explained import ExplainedPair
from training.evaluation.intervals import Share
from training.evaluation.metrics import Figures
from training.evaluation.model_charts import (
    agreement_shares,
    blocking_rules,
    match_weights,
    missing_values,
    weight_distribution,
)
from training.evaluation.page import Card, Page, Rows, Section, write_page
from training.evaluation.terminal import interval, percent, wrong_text
from training.evaluation.truth_charts import calibration_chart, precision_recall, review_load, strata_chart, waterfall

ERRORS_DRAWN = 2  # of the worst wrong and of the worst missed links
SHOWN_BITS = 16


def write_report(evidence: Evidence, out: Path, *, pictures: Path | None, source: str) -> None:
    """Write the page and its pictures. ``source``: name of the file that was evaluated. Raises OSError."""
    found = evidence.evaluation
    page = Page(
        title=f"How well {found.model.partition('@')[0]} links {source}",
        subtitle=(
            f"Model {found.model}; {found.records:,} records of {found.true_persons:,} persons with known truth, sent in "
            f"order through an index of their own; automatic from probability {found.upper:.6g}, review from "
            f"{found.lower:.4g}; charts at a population of {found.population:,} persons."
        ),
        verdict=_verdict(found.overall),
        cards=list(_cards(found)),
        notes=found.notes,
        sections=[*_result_sections(evidence), *_model_sections(evidence), *_pair_sections(found)],
    )
    write_page(page, out, pictures)


def _verdict(whole: Figures) -> str:
    links = whole.wrong_links
    said = f"Of {links.of:,} automatic links {links.count:,} {'is' if links.count == 1 else 'are'} wrong; "
    said += f"with 95 % confidence at most {links.high * 1e5:,.0f} in 100,000 would be, on records like these. "
    if whole.links_found.of:
        said += (
            f"The index found {percent(whole.links_found.value, 1)} of the links by itself and "
            f"{percent(whole.links_found_with_review.value, 1)} with the help of a steward, who was asked about "
            f"{percent(whole.reviews.value, 1)} of the records and shown the right person in "
            f"{percent(whole.useful_reviews.value, 0)} of these tasks. In {percent(whole.ceiling.value, 1)} of the links "
            "at least two independent traits agree outright: the ceiling of an index that does not guess, though slips that "
            "are weighed find a few links beyond it."
        )
    return said


def _cards(found: Evaluation) -> Iterator[Card]:
    whole = found.overall
    wrong = whole.wrong_links
    yield Card(
        "Wrong links per 100,000", wrong_text(whole), f"{wrong.count:,} of {wrong.of:,} link edges; in brackets the bound"
    )
    for name, share in (
        ("Links found automatically", whole.links_found),
        ("Links found with review", whole.links_found_with_review),
        ("Ceiling: two traits agree", whole.ceiling),
        ("Records to review", whole.reviews),
        ("Reviews that are useful", whole.useful_reviews),
        ("True pairs blocking sees", found.blocking.recall),
    ):
        yield Card(name, percent(share.value), f"{interval(share)}; {share.count:,} of {share.of:,}")
    f1 = whole.pair_f1
    yield Card("Pairwise F1", f"{f1.value:.4f}", f"{f1.low:.4f} to {f1.high:.4f}; B-cubed F1 {whole.bcubed_f1.value:.4f}")


def _result_sections(evidence: Evidence) -> Iterator[Section]:
    found, curve = evidence.evaluation, evidence.curve
    thresholds = {"upper": found.upper_bits, "lower": found.lower_bits}
    linkable = found.overall.links_found.of > 0  # without links to find there is no recall to draw
    over_thresholds = [precision_recall(found, curve), review_load(found, curve)] if linkable else []
    yield Section(
        "links",
        "Links, misses and reviews",
        charts=[weight_distribution(evidence.spread, known=True, **thresholds), *over_thresholds],
        tables=[_measures(found.overall), _reasons(found)],
    )
    if found.strata:
        yield Section(
            "strata",
            "By kind of patient",
            "A record belongs to every stratum that fits it. Pairs count where one of the two records is in the stratum.",
            charts=[strata_chart({"all": found.overall, **found.strata})] if linkable else [],
            tables=[_strata(found)],
        )
    yield Section(
        "probabilities",
        "Calibration",
        charts=[calibration_chart(found.calibration, **thresholds)],
        tables=[_bands(found)],
    )


def _model_sections(evidence: Evidence) -> Iterator[Section]:
    found = evidence.evaluation
    yield Section(
        "blocking",
        "Which records are compared at all",
        f"{percent(found.blocking.recall.value)} of the true pairs share a key of some rule. Of the true pairs that ended "
        f"apart {percent(found.blocking.missed_compared.value)} were brought together by a rule: there the weight or a rule "
        "of the decision kept them apart, not blocking.",
        charts=[blocking_rules(found.blocking.rules)],
        tables=[_rules(found)],
    )
    yield Section(
        "model",
        "The model",
        charts=[match_weights(evidence.model), agreement_shares(evidence.model), missing_values(found.missing)],
    )


def _pair_sections(found: Evaluation) -> Iterator[Section]:
    yield Section(
        "pairs",
        "Single pairs, step by step",
        "Each chart starts with the prior and adds what every trait says, at the population the index held when it decided.",
        charts=list(_waterfalls(found)),
        tables=[_pairs("Worst wrong links", found.worst_wrong), _pairs("Worst missed links", found.worst_missed)],
        paired=True,
    )


def _waterfalls(found: Evaluation) -> Iterator[Chart]:
    shown = [(name.capitalize(), pair) for name, pair in found.examples.items()]
    for kind, pairs in (("Wrong link", found.worst_wrong), ("Missed link", found.worst_missed)):
        shown += [(f"{kind} number {place}", pair) for place, pair in enumerate(pairs[:ERRORS_DRAWN], start=1)]
    for title, pair in shown:
        name = f"pair-{title.lower().replace(' ', '-')}"
        yield waterfall(name, title, pair, upper=found.upper_bits, lower=found.lower_bits)


def _counts(share: Share) -> tuple[str, str, str]:
    return f"{share.count:,} of {share.of:,}", percent(share.value, 3), interval(share)


def _measures(whole: Figures) -> Rows:
    shares = {
        "wrong links, of the automatic links": whole.wrong_links,
        "links found automatically, of those there are": whole.links_found,
        "links found with review": whole.links_found_with_review,
        "ceiling: two independent traits agree": whole.ceiling,
        "missed links: a new person though one was there": whole.missed_links,
        "persons split, of those with several records": whole.split_persons,
        "reviews, of all records": whole.reviews,
        "useful reviews, of all reviews": whole.useful_reviews,
    }
    rows = [(name, *_counts(share)) for name, share in shares.items()]
    for name, figure in (
        ("pairwise precision", whole.pair_precision),
        ("pairwise recall", whole.pair_recall),
        ("pairwise F1", whole.pair_f1),
        ("B-cubed precision", whole.bcubed_precision),
        ("B-cubed recall", whole.bcubed_recall),
        ("B-cubed F1", whole.bcubed_f1),
    ):
        rows.append((name, "", percent(figure.value, 3), interval(figure)))
    caption = (
        "All figures. Shares with exact intervals (Clopper and Pearson), pairs and B-cubed by bootstrap over true persons."
    )
    return Rows(caption, ("figure", "count", "share", "95 % interval"), rows)


def _reasons(found: Evaluation) -> Rows:
    rows = [(reason, f"{count:,}", f"{useful:,}") for reason, (count, useful) in found.review_reasons.items()]
    return Rows("Why a steward was asked; a review may have several reasons.", ("reason", "reviews", "useful"), rows)


def _strata(found: Evaluation) -> Rows:
    columns = (
        "stratum", "records", "wrong links", "wrong per 100,000", "found", "95 % interval", "with review", "ceiling",
        "reviews", "pair F1",
    )  # fmt: skip
    rows = []
    for name, one in (("all", found.overall), *found.strata.items()):
        rows.append(
            (
                name.replace("_", " "),
                f"{one.records:,}",
                f"{one.wrong_links.count:,} of {one.wrong_links.of:,}",
                wrong_text(one),
                percent(one.links_found.value, 1),
                interval(one.links_found, 1),
                percent(one.links_found_with_review.value, 1),
                percent(one.ceiling.value, 1),
                percent(one.reviews.value, 1),
                f"{one.pair_f1.value:.4f}",
            )
        )
    return Rows("By stratum; in brackets the upper bound of the 95 % interval.", columns, rows)


def _bands(found: Evaluation) -> Rows:
    rows = [
        (
            f"{band.low:.0f} to {band.high:.0f}",
            f"{band.observed.of:,}",
            percent(band.predicted, 3),
            percent(band.observed.value, 3),
            interval(band.observed),
        )
        for band in merged_bands(found.calibration, beyond=SHOWN_BITS)
    ]
    return Rows("Candidate pairs by match weight.", ("weight, bits", "pairs", "predicted", "observed", "95 % interval"), rows)


def _rules(found: Evaluation) -> Rows:
    rows = []
    for rule in found.blocking.rules:
        shares = (percent(rule.recall.value), interval(rule.recall), percent(rule.alone.value))
        rows.append((rule.rule, f"{rule.pairs:,}", *shares, f"{rule.largest:,}"))
    columns = ("rule", "pairs", "recall", "95 % interval", "by it alone", "largest group")
    return Rows("Blocking rules.", columns, rows)


def _pairs(title: str, pairs: list[ExplainedPair]) -> Rows:
    rows = []
    for pair in pairs:
        reasons = pair.comparison.reasons
        levels = ", ".join(f"{one.feature} {one.level.replace('_', ' ')} {one.weight:+.1f}" for one in reasons)
        why = "; ".join(pair.decision) + ("" if pair.compared else "; these two share no blocking key")
        rows.append((" ".join(pair.record), " ".join(pair.other), levels, why, f"{pair.comparison.weight:.1f}"))
    return Rows(f"{title}: {len(rows)} by falling weight.", ("record", "beside", "levels, bits", "decision", "bits"), rows, 4)
