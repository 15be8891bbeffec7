"""A file at once: the same persons as one by one, an index that is what its journal says, nothing lost and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from patients import LIMITS, resident_number
from small_model import MODEL, NO_FREQUENCIES

from mpi.errors import Unavailable
from mpi.intake import BoundMap, MappedRow, RowProblem, bind, load_map, open_table, parse_map
from mpi.intake.blocks import blocks_of_rows
from mpi.intake.rows import Column, Row
from mpi.linkage.batch import new_writes
from mpi.linkage.found import new_found
from mpi.linkage.hotindex import RECORD_PERSON
from mpi.linkage.model import Model, TermFrequencies, load_model
from mpi.linkage.search import new_scratch
from mpi.records import Grade, Outcome, PatientRecord
from mpi.registry.bulk_report import BulkReport
from mpi.registry.index import Index
from mpi.registry.registry import Limits, Registry
from mpi.standardise import standardise
from training import population

COLUMNS = ("source", "local_id", "family", "given", "birth_date", "sex", "number", "phone", "address")
MAP = parse_map("""
source = "source"
local_id = "local_id"
birth_date = "birth_date"
sex = "sex"
phones = ["phone"]
[[names]]
family = "family"
given = "given"
[[identifiers]]
type = "resident_id"
value = "number"
[[addresses]]
text = "address"
""")
MODELS = Path(__file__).parents[2] / "mpi" / "models"
LENIENT = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.8))
CITY = structs.replace(LIMITS, catchment=100_000)
NUMBER = resident_number("50010319800503002")
Cells = dict[str, str]
Loaded = tuple[BulkReport, list[MappedRow | RowProblem]]
Open = Callable[..., Registry]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the registry of this test's directory without starting it; everything is closed at the end."""
    registries: list[Registry] = []

    def prepared(model: Model = MODEL, frequencies: TermFrequencies = NO_FREQUENCIES, limits: Limits = LIMITS) -> Registry:
        registry = Registry.open(tmp_path / "index", model, frequencies, limits)
        registries.append(registry)
        registry.prepare()
        return registry

    yield prepared
    for registry in registries:
        registry.close()


def row(local_id: str, **more: str) -> Cells:
    """A row of 欧阳修竹, born 1980-05-03, at a home and with a telephone."""
    known = {"family": "欧阳", "given": "修竹", "birth_date": "1980-05-03", "sex": "女", "phone": "13594112233"}
    return {"source": "cqmu1", "local_id": local_id, "address": "渝中区人民路12号3栋4-1"} | known | more


def load(registry: Registry, rows: Sequence[Cells], *, size: int = 3) -> Loaded:
    """Load rows in blocks of ``size``."""
    bound = bind(MAP, [Column(name) for name in COLUMNS])
    return _loaded(registry, blocks_of_rows(cells_of(bound, rows), len(COLUMNS), size), bound)


def cells_of(bound: BoundMap, rows: Sequence[Cells]) -> list[Row]:
    names = [column.name for column in bound.columns]
    return [Row(number=n, cells=tuple(row.get(name, "") for name in names)) for n, row in enumerate(rows, 1)]


def load_file(registry: Registry, file: Path, field_map: Path) -> Loaded:
    with open_table(file) as table:
        bound = bind(load_map(field_map), table.columns)
        return _loaded(registry, table.blocks([column.name for column in bound.columns]), bound)


def _loaded(registry: Registry, blocks: object, bound: object) -> Loaded:
    *left, report = registry.load(blocks, bound, lambda *_: None, threads=2)  # type: ignore[arg-type]  # as made above
    assert isinstance(report, BulkReport)
    return report, left


def person(registry: Registry, local_id: str) -> str:
    return registry.lookup_record("cqmu1", local_id).master_id


def records_of(rows: Sequence[Cells]) -> list[PatientRecord]:
    bound = bind(MAP, [Column(name) for name in COLUMNS])
    return [mapped.record for mapped in bound.rows(cells_of(bound, rows)) if isinstance(mapped, MappedRow)]


def one_by_one(
    model: Model, frequencies: TermFrequencies, records: Sequence[PatientRecord], catchment: int = LIMITS.catchment
) -> list[int]:
    """The person of each record when they come in this order; no journal."""
    index = Index(model, frequencies, capacity=4 * len(records) + 100, catchment=catchment)
    encoded = index.encoder.encode([standardise(record) for record in records])
    count, features = len(records), len(model.features)
    writes, found = new_writes([-1] * count, features), new_found(count, features)
    index.resolve_batch(index.hot, index.query, encoded, writes, catchment, new_scratch(features), found)
    persons: list[int] = index.hot.record_cells[:count, RECORD_PERSON].tolist()
    return persons


def partition(persons: Sequence[object]) -> set[frozenset[int]]:
    """Places by person."""
    found: dict[object, set[int]] = {}
    for place, who in enumerate(persons):
        found.setdefault(who, set()).add(place)
    return set(map(frozenset, found.values()))


def pairs(parts: set[frozenset[int]]) -> set[tuple[int, int]]:
    return {(a, b) for part in parts for a in part for b in part if a < b}


@pytest.mark.parametrize("level", ["base", "high"])
def test_the_persons_are_those_of_one_by_one(opened: Open, tmp_path: Path, level: str) -> None:
    """Of a synthetic city, but for what comes of the order: persons who grew apart, which only a whole file can join."""
    model, frequencies = load_model(MODELS / "han.toml")
    made, file = population.generate(1_500, seed=4_711, errors=level), tmp_path / "city.parquet"
    made.to_parquet(file)
    registry = opened(model, frequencies, CITY)
    report, left = load_file(registry, file, Path(population.__file__).parent / "map.toml")
    records = list(made.records)
    assert (report.records, left) == (len(records), [])
    bulk = pairs(partition([registry.lookup_record(r.source, r.local_id).master_id for r in records]))
    single = pairs(partition(one_by_one(model, frequencies, records, CITY.catchment)))
    true = pairs(partition(made.truth.tolist()))
    assert len(single - bulk) <= 0.005 * len(single)
    assert len(bulk - single) <= {"base": 0.01, "high": 0.04}[level] * len(single)
    assert len(bulk - true) <= len(single - true)


TRAITS = st.fixed_dictionaries(
    {
        "family": st.sampled_from(["欧阳", "诸葛"]),
        "given": st.sampled_from(["修竹", "云飞", "晓芸", ""]),
        "birth_date": st.sampled_from(["1980-05-03", "1980-05-13", "1976-02-11", ""]),
        "number": st.sampled_from([NUMBER, resident_number("51020219760211105"), ""]),
        "phone": st.sampled_from(["13594112233", "13677221100", ""]),
    }
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(traits=st.lists(TRAITS, min_size=2, max_size=4))
def test_where_the_order_does_not_matter_a_load_decides_the_same(
    tmp_path_factory: pytest.TempPathFactory, traits: list[Cells]
) -> None:
    rows = [row(str(place), **more) for place, more in enumerate(traits)]
    records = records_of(rows)
    orders = list(permutations(range(len(rows))))
    found = set()
    for order in orders:
        persons = one_by_one(LENIENT, NO_FREQUENCIES, [records[place] for place in order])
        found.add(frozenset(partition([persons[order.index(place)] for place in range(len(rows))])))
    registry = Registry.open(tmp_path_factory.mktemp("index"), LENIENT, NO_FREQUENCIES, LIMITS)
    try:
        registry.prepare()
        load(registry, rows)
        made = frozenset(partition([person(registry, str(place)) for place in range(len(rows))]))
    finally:
        registry.close()
    assert made in found or len(found) > 1


def test_an_index_after_a_load_is_what_its_journal_says(opened: Open) -> None:
    rows = [row("1"), row("2"), row("3", given="云飞", phone="13677221100"), row("4", number=NUMBER), row("5", number=NUMBER)]
    registry = opened(LENIENT)
    load(registry, rows)
    before = registry.counts()
    answers = [registry.match(record) for record in records_of(rows)]
    people = [registry.lookup_record("cqmu1", str(n)) for n in range(1, 6)]
    registry.close()
    again = opened(LENIENT)
    assert again.counts() == before
    assert [again.match(record) for record in records_of(rows)] == answers
    assert [again.lookup_record("cqmu1", str(n)) for n in range(1, 6)] == people


def test_what_a_load_decided_is_told_as_one_by_one_resolving_tells_it(
    opened: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [row("1"), row("2"), row("3", number=NUMBER), row("4", number=NUMBER), row("5", given="云飞", phone="")]
    single = Registry.open(tmp_path_factory.mktemp("single"), LENIENT, NO_FREQUENCIES, LIMITS)
    try:
        single.start()
        answers = [single.resolve(record).result() for record in records_of(rows)]
        reviews = single.counts().open_reviews
    finally:
        single.close()
    registry = opened(LENIENT)
    report, _ = load(registry, rows)
    assert [change.outcome for change in registry.changes(0, 10)] == [answer.outcome for answer in answers]
    links = {link.local_id: link for link in registry.lookup_record("cqmu1", "1").links}
    for local_id, answer in zip("1234", answers, strict=False):
        assert links[local_id].grade == answer.grade
        assert local_id == "1" or links[local_id].probability == pytest.approx(answer.probability, abs=0.01)
    assert [links[n].grade for n in "1234"] == [Grade.SOLE, Grade.AUTOMATIC, Grade.AUTOMATIC, Grade.DOCUMENT]
    assert registry.counts().open_reviews == report.reviews == reviews


def test_records_that_come_after_a_load_find_its_persons(opened: Open) -> None:
    registry = opened(LENIENT)
    load(registry, [row("1"), row("2")])
    (record,) = records_of([row("3")])
    answer = registry.resolve(record).result()
    assert (answer.outcome, answer.master_id, answer.sequence) == (Outcome.LINKED, person(registry, "1"), 3)


def test_a_second_load_links_to_the_persons_of_the_first(opened: Open) -> None:
    registry = opened(LENIENT)
    load(registry, [row("1"), row("2", given="云飞", birth_date="1976-02-11", phone="13677221100", address="")])
    known = [person(registry, local_id) for local_id in "12"]
    registry.close()
    again = opened(LENIENT)
    report, _ = load(again, [row("3"), row("4"), row("5", given="云飞", birth_date="1976-02-11", phone="13677221100")])
    assert [person(again, local_id) for local_id in "12345"] == [*known, known[0], known[0], known[1]]
    assert report.outcomes == {"linked": 3}


def test_two_persons_that_existed_before_stay_two_whatever_a_load_brings(opened: Open) -> None:
    registry = opened(LENIENT)
    load(registry, [row("1", phone="", address=""), row("2", given="", number=NUMBER)])
    known = [person(registry, local_id) for local_id in "12"]
    assert known[0] != known[1]
    registry.close()
    again = opened(LENIENT)
    load(again, [row("3", number=NUMBER)])
    assert [person(again, local_id) for local_id in "12"] == known


def test_the_same_file_again_changes_nothing(opened: Open) -> None:
    rows = [row("1"), row("2"), row("1")]
    registry = opened()
    first, left = load(registry, rows, size=2)
    assert (first.records, first.unchanged, left) == (2, 1, [])
    sequence = registry.counts().sequence
    registry.close()
    again = opened()
    report, left = load(again, rows)
    assert (report.records, report.unchanged, left) == (0, 3, [])
    assert again.counts().sequence == sequence == 2


def test_another_content_under_a_known_number_is_left_to_the_writer(opened: Open) -> None:
    registry = opened()
    _, left = load(registry, [row("1"), row("2"), row("1", phone="13677221100")])
    assert [mapped.row for mapped in left] == [3]
    assert isinstance(left[0], MappedRow)
    assert registry.resolve(left[0].record).result().outcome is Outcome.UPDATED


def test_a_retired_number_is_left_to_the_writer(opened: Open) -> None:
    registry = opened()
    load(registry, [row("1")])
    registry.retire("cqmu1", "1").result()
    registry.close()
    again = opened()
    report, left = load(again, [row("1")])
    assert (report.records, len(left)) == (0, 1)


def test_rows_that_cannot_be_taken_are_named_and_the_others_are(opened: Open) -> None:
    registry = opened()
    rows = [row("1"), row("2", sex="secret"), row("", given="云飞"), row("4", birth_date="2999-01-01"), row("5")]
    report, left = load(registry, rows)
    assert [(problem.row, problem.field) for problem in left if isinstance(problem, RowProblem)] == [
        (2, "sex"),
        (3, "local_id"),
        (4, "birth_date"),
    ]
    assert report.records == 2
    assert "secret" not in str(left)


def test_a_load_that_does_not_fit_stores_nothing(opened: Open, tmp_path: Path) -> None:
    registry = opened(limits=structs.replace(LIMITS, capacity_rows=4))
    with pytest.raises(Unavailable, match="index_capacity_rows"):
        load(registry, [row(str(n)) for n in range(9)])
    registry.close()
    again = opened()
    assert again.counts().sequence == 0
    assert not (tmp_path / "index" / "load.waiting").exists()


def test_the_journal_keeps_what_was_received(opened: Open) -> None:
    registry = opened()
    rows = [row("1"), row("2", number=NUMBER, sex="M"), row("3", family="Smith", given="Anne")]
    load(registry, rows)
    stored = [registry.stored_record("cqmu1", local_id) for local_id in "123"]
    assert msgspec.json.encode(stored) == msgspec.json.encode(records_of(rows))


def test_large_blocks_are_cut_and_said_to_be(opened: Open) -> None:
    model = structs.replace(MODEL, decision=structs.replace(MODEL.decision, block_limit=3))
    registry = opened(model)
    report, _ = load(registry, [row(str(n), number="", address=f"渝中区人民路{n}号") for n in range(9)])
    assert report.cut > 0
    assert sum(report.outcomes.values()) == 9
