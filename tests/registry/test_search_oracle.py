"""The search kernel against an oracle that compares the query with every record of the index."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patients import LIMITS, patient
from small_model import MODEL, NO_FREQUENCIES

from mpi.records import HumanName, PatientRecord
from mpi.registry.registry import Registry

NAMES = st.sampled_from(["王伟", "王玮", "李娜", "欧阳修竹", "欧阳修祝", "Anne Smith", "Ann Smith"])
DAYS = st.sampled_from(["1980-05-03", "1980-03-05", "1980-05-08", "1991-12-24", "1980"])
PHONES = st.sampled_from([(), ("13594112233",), ("13594112234",)])
Traits = tuple[str, str, tuple[str, ...], int]
TRAITS = st.tuples(NAMES, DAYS, PHONES, st.integers(0, 2))


def record(number: int, traits: Traits) -> PatientRecord:
    name, day, phones, sex = traits
    return patient(f"r{number}", names=(HumanName(text=name),), birth_date=day, phones=phones, sex=sex)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TRAITS, min_size=1, max_size=12), TRAITS)
def test_the_best_candidate_is_the_best_of_all_records_that_share_a_key(
    tmp_path_factory: object,
    stored: list[tuple[str, str, tuple[str, ...], int]],
    wanted: tuple[str, str, tuple[str, ...], int],
) -> None:
    directory = tmp_path_factory.mktemp("oracle")
    registry = Registry.open(directory, MODEL, NO_FREQUENCIES, LIMITS)
    registry.start()
    try:
        records = [record(i, traits) for i, traits in enumerate(stored)]
        for each in records:
            registry.resolve(each).result()
        query = record(99, wanted)
        answer = registry.match(query, near_misses=True)
        weights = {c.person.master_id: c.weight for c in answer.candidates}
        for master, weight in weights.items():
            own = [r for r in records if registry.lookup_record(r.source, r.local_id).master_id == master]
            assert weight == max(registry.compare(query, r).weight for r in own)
        assert len(set(weights)) == len(answer.candidates)
        assert registry.match(query, near_misses=True) == answer
    finally:
        registry.close()
