"""Records read by kernels come out as the ordinary way makes them: rows, slots, texts, sounds, sketches."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.messages import batch_request
from benchmarks.ours import model_file
from mpi.columns.check import check
from mpi.columns.reader import Batch, ColumnReader, gathered, picked, plan_of
from mpi.columns.wire import read_batch
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.model import Feature, Model, load_model
from mpi.linkage.values import FEATURE, LENGTH, OFFSET
from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.standardise import standardise, validate
from training.population import generate

SEED = 71
PERSONS = 1_500
LEAST_READ = 0.97  # of the synthetic population
MODEL: Model = load_model(model_file("han"))[0]
ENCODER = Encoder(MODEL)


def new_reader() -> ColumnReader:
    plan = plan_of(MODEL)
    assert plan is not None
    return ColumnReader(plan, MODEL.width)


READER = new_reader()


def read(records: list[PatientRecord], reader: ColumnReader = READER) -> Batch:
    batch = read_batch(batch_request(records))
    assert batch is not None
    return reader.read(batch.raw, check(batch.raw))


def ordinary(records: Iterable[PatientRecord], encoder: Encoder = ENCODER) -> Encoded:
    return encoder.encode([standardise(record) for record in records])


def differences(found: Encoded, place: int, expected: Encoded, other: int, model: Model = MODEL) -> list[str]:
    """What differs between two encoded records, in words."""
    rows = found.rows[found.starts[place] : found.starts[place + 1]]
    others = expected.rows[expected.starts[other] : expected.starts[other + 1]]
    if rows.shape != others.shape:
        return ["number of rows"]
    differing = [feature.name for f, feature in enumerate(model.features) if (rows[:, f] != others[:, f]).any()]
    if (rows[:, len(model.features) :] != others[:, len(model.features) :]).any():
        differing.append("flags")
    slots = found.slots[found.starts[place] : found.starts[place + 1]].ravel().tolist()
    other_slots = expected.slots[expected.starts[other] : expected.starts[other + 1]].ravel().tolist()
    for slot, other_slot in zip(slots, other_slots, strict=True):
        if text_of(found, slot) != text_of(expected, other_slot):
            differing.append("a text")
    return differing


def text_of(encoded: Encoded, slot: int) -> tuple[object, ...]:
    cells = encoded.values.cells[slot]
    chars = encoded.values.chars[cells[OFFSET] : cells[OFFSET] + cells[LENGTH]]
    return (*np.delete(cells, [OFFSET, FEATURE]).tolist(), chars.tobytes())


def assert_same(records: list[PatientRecord], reader: ColumnReader = READER, encoder: Encoder = ENCODER) -> Batch:
    """Read a batch, compare what was read, and return what the kernels made of it."""
    batch, expected = read(records, reader), ordinary(records, encoder)
    for place, position in enumerate(batch.places.tolist()):
        assert not differences(batch.encoded, place, expected, position, encoder.model)
    assert sorted([*batch.places.tolist(), *batch.left.tolist()]) == list(range(len(records)))
    return batch


@pytest.mark.parametrize("level", ["low", "base", "high"])
def test_a_population_comes_out_as_the_ordinary_way_makes_it(level: str) -> None:
    records = list(generate(PERSONS, seed=SEED, errors=level).records)
    left = 0
    for start in range(0, len(records), 400):
        left += len(assert_same(records[start : start + 400]).left)
    if level == "base":
        assert left / len(records) <= 1 - LEAST_READ


def test_a_record_alone_is_read_as_in_a_batch() -> None:
    records = list(generate(60, seed=SEED + 1).records)
    for record in records:
        assert_same([record], new_reader() if record is records[0] else READER)


def test_a_full_book_is_begun_anew() -> None:
    reader = new_reader()
    reader.lessons = type(reader.lessons)(capacity=3)
    names = ["Wang Wei", "扎西多吉", "Li Na", "张 伟", "某某", "Zhao Lei", "卓玛央金"]
    records = [PatientRecord(source="a", local_id=str(n), names=(HumanName(text=name),)) for n, name in enumerate(names)]
    for _ in range(3):
        for record in records:
            assert len(assert_same([record], reader).places) == 1


def test_a_model_with_other_features_is_left_to_the_ordinary_way() -> None:
    email = Feature(name="email", label="email", kind="number", source="attributes.email")
    assert plan_of(msgspec.structs.replace(MODEL, features=(*MODEL.features, email))) is None


NAME_WORDS = """
王 李 欧阳 单 尉迟 曾 任 仇 伟 芳 小明 安 恩 娥 子 女 之子 之女 某 某某 * 無 無名氏 不详 未知 婴儿
扎西 多吉 卓玛 央金 旺堆 陳 國 龍 A B Wang Xiaoming O'Neill · • . ， （ ） ( ) 々 〇 㐂 𠀀 先生 女士
毛 宝 儿 测试 患者 １ 1 - ？ □ x （忄+朱） 路 人 无 名 呉 龎 Baby Girl Jane Doe
"""
TOKENS = st.sampled_from(NAME_WORDS.split())
TEXTS = st.lists(TOKENS, max_size=4).map("".join) | st.lists(TOKENS, max_size=3).map(" ".join)
NAMES = st.builds(HumanName, text=TEXTS, family=TEXTS, given=TEXTS, use=st.sampled_from(list(NameUse)))
PLAIN_NAMES = st.builds(HumanName, text=TEXTS) | st.builds(HumanName, family=TEXTS, given=TEXTS)
NUMBER_WORDS = """
500103198005030020 51022719780404619X 512328540511061 500103 1980 0503 002 0 X x １ ２ - 13812345678
H12345678 M1234567801 E12345678 AB1234567 12345678 1234567890 12345678901A 999 996 000000 123456
111111 987654321 Ａ ｘ
"""
NUMBERS = st.lists(
    st.sampled_from(NUMBER_WORDS.split()) | st.just(" "),
    max_size=4,
).map("".join)
DOCUMENTS = st.builds(
    Identifier, type=st.sampled_from(list(IdentifierType)), value=NUMBERS, issuer=st.sampled_from(["", "cq"])
)
PHONE_WORDS = """
13812345678 13800138000 13888888888 023-66424471 02366424471 0 086 86 +86 + 1 138 1234 5678
１３８１２３４５６７８ - 66424471 转 12 12345678901 0101234567 00 010 68812345 / 8
"""
PHONES = st.lists(
    st.sampled_from(PHONE_WORDS.split()) | st.just(" "),
    max_size=5,
).map("".join)
BIRTHS = st.sampled_from(["", "1980-05-03", "1978-04-04", "2024-12-20", "2010-01-01", "1900-01-01", "1980", "1980-05"])
MOMENTS = st.sampled_from(["", "2024-12-28T10:00:00+08:00", "2025-01-10", "2010-01-15T00:00:00Z", "2016-03-01T09:00:00"])
GUARDIANS = st.builds(
    Guardian,
    name=TEXTS,
    phone=st.sampled_from(["", "13812345678"]),
    identifier=st.none() | DOCUMENTS,
    relationship=st.sampled_from(["", "母亲", "本人", "父亲", "self"]),
)
RECORDS = st.builds(
    PatientRecord,
    source=st.just("a"),
    local_id=st.just("1"),
    names=st.lists(PLAIN_NAMES | NAMES, max_size=1).map(tuple),
    sex=st.sampled_from(list(Sex)),
    birth_date=BIRTHS,
    identifiers=st.lists(DOCUMENTS, max_size=3).map(tuple),
    phones=st.lists(PHONES, max_size=3).map(tuple),
    addresses=st.lists(
        st.builds(
            Address,
            text=st.sampled_from(["", "重庆市渝中区人民路1号", "人民路2号3栋"]),
            division=st.sampled_from(["", "500103"]),
        ),
        max_size=2,
    ).map(tuple),
    ethnicity=st.sampled_from(["", "汉", "汉族", "藏", "HA", "不详", "01"]),
    guardian=st.none() | GUARDIANS,
    multiple_birth_order=st.integers(0, 3),
    recorded_at=MOMENTS,
)


@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=1, max_size=4))
@example([PatientRecord(source="a", local_id="1", names=(HumanName(text="韩红子"),), guardian=Guardian(name="韩红"))])
@example([PatientRecord(source="a", local_id="1", names=(HumanName(family="路", given="人"),))])
@example([PatientRecord(source="a", local_id="1", names=(HumanName(text="韩 红子"),), guardian=Guardian(name="韩红"))])
@example(
    [
        PatientRecord(
            source="a", local_id="1", names=(HumanName(text="王小女"),), birth_date="2024-12-20", recorded_at="2024-12-28"
        )
    ]
)
def test_made_up_records_come_out_as_the_ordinary_way_makes_them(records: list[PatientRecord]) -> None:
    kept = []
    for record in records:
        try:
            validate(record)
        except Exception:  # noqa: BLE001 — what is refused at the door is not read
            continue
        kept.append(record)
    if kept:
        assert_same(kept)


def test_batches_join_in_any_order() -> None:
    records = list(generate(40, seed=SEED + 2).records)
    batches = [read(records[:30]), read(records[30:50])]
    bare = ordinary(records[50:60])
    expected = ordinary(records)
    parts = [picked(batch.encoded).only(place) for batch in batches for place in range(len(batch.places))]
    parts += [picked(bare).only(place) for place in range(10)]
    numbers = [*batches[0].places.tolist(), *(30 + batches[1].places).tolist(), *range(50, 60)]
    order = np.random.default_rng(SEED).permutation(len(parts)).tolist()
    found = gathered([parts[n] for n in order])
    assert len(found.starts) == len(parts) + 1
    for place, n in enumerate(order):
        assert not differences(found, place, expected, numbers[n])


def test_a_batch_in_its_own_order_is_not_copied() -> None:
    batch = read(list(generate(20, seed=SEED + 3).records))
    whole = picked(batch.encoded)
    assert gathered([whole]) is gathered([whole.only(place) for place in range(len(batch.places))]) is batch.encoded


def test_nothing_of_a_record_is_shown() -> None:
    record = PatientRecord(source="a", local_id="1", names=(HumanName(text="王秘密"),), birth_date="1980-05-03")
    reader = new_reader()
    batch = read([record], reader)
    work, (side, rows) = reader._work, reader._room(1, 1)
    for held in (batch, batch.encoded.values, read_batch(batch_request([record])), work, side, rows, reader.lessons.names):
        assert "秘密" not in repr(held)
        assert str(ord("秘")) not in repr(held)
        assert "19800503" not in repr(held)
    assert "array" not in repr(reader.addresses.book)
