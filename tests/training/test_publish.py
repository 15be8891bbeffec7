"""``python -m training publish``: gates that refuse, and a folder from which one can go back."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import msgspec
import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.errors import ConfigError
from mpi.linkage.model import Model, load_model
from training import people
from training.__main__ import main
from training.estimation import checks
from training.life import publishing
from training.life.gates import Figures, Gates, ModelGates, judge, read_gates
from training.life.warning_kinds import KINDS, kinds_in
from training.modelling.writing import write_model

MAP = Path(people.__file__).parent / "map.toml"
SEED = 41
PROVENANCE: dict[str, object] = {
    "records": 10,
    "sources": ["others.csv"],
    "seed": 1,
    "date": "2026-01-01",
    "code": "0",
    "converged": True,
    "notes": ["a note"],
}
SOUND = msgspec.structs.replace(MODEL, provenance=PROVENANCE)


def with_provenance(**entries: object) -> Model:
    return msgspec.structs.replace(SOUND, provenance={**PROVENANCE, **entries})


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with few people, their map, and a file of gates that a sound model passes."""
    print(f"seed {SEED}")
    folder = tmp_path_factory.mktemp("publish")
    people.generate(60, seed=SEED).to_parquet(folder / "people.parquet")
    shutil.copy(MAP, folder / "people.toml")
    (folder / "gates.toml").write_text(gates_text("recall = 0.3\nreviews = 0.9\nprecision_drop = 0.05"), encoding="utf-8")
    return folder


def gates_text(limits: str) -> str:
    return (
        '[model]\nencodings = ["current"]\n[[labelled]]\nname = "few"\nfile = "people.parquet"\nmap = "people.toml"\n'
        f'truth = "truth_person"\n{limits}\n'
    )


def publish(model: Model, tmp_path: Path, gates: Path, *more: str) -> int:
    file = tmp_path / "ours.toml"
    write_model(model, NO_FREQUENCIES, file)
    return main(["publish", str(file), "--to", str(tmp_path / "models"), "--gates", str(gates), *more])


def test_a_published_model_loads_and_says_what_it_passed(tmp_path: Path, labelled: Path) -> None:
    assert publish(SOUND, tmp_path, labelled / "gates.toml") == 0
    model, _ = load_model(tmp_path / "models" / "ours.toml")
    entry = model.provenance["published"]
    assert isinstance(entry, dict)
    assert entry["fitted_as"] == load_model(tmp_path / "ours.toml")[0].reference
    assert {"converged", "provenance", "encoding", "few: recall"} <= {each["gate"] for each in entry["gates"]}
    plain = msgspec.structs.replace(model, hash="", sidecar="", sidecar_hash="", provenance=PROVENANCE)
    assert plain == msgspec.structs.replace(SOUND, hash="", name="ours")


def test_one_can_go_back_to_the_version_before(tmp_path: Path, labelled: Path) -> None:
    folder = tmp_path / "models"
    assert publish(SOUND, tmp_path, labelled / "gates.toml") == 0
    first, _ = load_model(folder / "ours.toml")
    assert publish(with_provenance(seed=2), tmp_path, labelled / "gates.toml") == 0
    second, _ = load_model(folder / "ours.toml")
    assert second.provenance["published"]["instead_of"] == first.reference  # type: ignore[index]  # a table, as written
    assert publishing.versions(folder, "ours") == [1, 2]
    shutil.copy(folder / "ours-0001.toml", folder / "ours.toml")
    assert load_model(folder / "ours.toml")[0] == first


def test_a_model_that_was_put_there_by_hand_is_kept(tmp_path: Path, labelled: Path) -> None:
    folder = tmp_path / "models"
    before = write_model(with_provenance(seed=9), NO_FREQUENCIES, folder / "ours.toml")
    assert publish(SOUND, tmp_path, labelled / "gates.toml") == 0
    assert load_model(folder / f"ours-{before.hash}.toml")[0] == before
    assert load_model(folder / "ours.toml")[0].reference != before.reference


@pytest.mark.parametrize(
    ("model", "gates", "message"),
    [
        (with_provenance(converged=False), "", "converged: the estimation is not known to have converged"),
        (with_provenance(code="", sources=[]), "", "provenance: 2 of 5 entries missing: sources, code"),
        (with_provenance(notes=["classes 'a' and 'b' look the same (0.95 overlap)"]), "", "1 too many: classes alike"),
        (with_provenance(sources=["people.parquet"]), "", "few: held out: the model was fitted on a file of this name"),
        (SOUND, "recall = 1.1", "few: recall: "),
        (SOUND, "wrong_upper = 0.5", "over the limit of 0.50"),
    ],
    ids=["not converged", "no provenance", "warned", "not held out", "recall", "too few links to be sure"],
)  # fmt: skip
def test_a_gate_that_fails_says_by_how_much_and_changes_nothing(
    tmp_path: Path, labelled: Path, capsys: pytest.CaptureFixture[str], model: Model, gates: str, message: str
) -> None:
    file = labelled / "strict.toml"
    file.write_text(gates_text(gates), encoding="utf-8")
    assert publish(model, tmp_path, file) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "1 of " in error
    assert not (tmp_path / "models").exists()


def test_a_model_worse_than_the_one_in_use_is_refused(
    tmp_path: Path, labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gates = labelled / "close.toml"
    gates.write_text(gates_text("recall = 0.3\nreviews = 0.9\nprecision_drop = 0.01"), encoding="utf-8")
    assert publish(SOUND, tmp_path, gates) == 0
    lax = msgspec.structs.replace(SOUND, decision=msgspec.structs.replace(SOUND.decision, upper=1e-6, lower=1e-7))
    lax = msgspec.structs.replace(lax, classes=lax.classes[:1])
    assert publish(lax, tmp_path, gates) == 1
    assert "precision beside the published model" in capsys.readouterr().err
    assert publishing.versions(tmp_path / "models", "ours") == [1]


def test_a_changed_sidecar_is_refused(tmp_path: Path, labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ours.toml"
    write_model(SOUND, NO_FREQUENCIES, file)
    file.with_suffix(".parquet").write_bytes(b"something else")
    assert main(["publish", str(file), "--to", str(tmp_path / "m"), "--gates", str(labelled / "gates.toml")]) == 1
    assert "is not the one ours.toml was written with" in capsys.readouterr().err


def test_check_judges_and_writes_nothing(tmp_path: Path, labelled: Path) -> None:
    assert publish(SOUND, tmp_path, labelled / "gates.toml", "--check") == 0
    assert not (tmp_path / "models").exists()


def test_an_encoding_that_nobody_knows_is_refused() -> None:
    gates = Gates(model=ModelGates(encodings=("current", "0123456789ab")))
    other = msgspec.structs.replace(SOUND, width=8, features=SOUND.features[:4])
    first = judge(gates, (SOUND, NO_FREQUENCIES), None)
    same = judge(gates, (SOUND, NO_FREQUENCIES), (SOUND, NO_FREQUENCIES))
    unlike = judge(gates, (SOUND, NO_FREQUENCIES), (other, NO_FREQUENCIES))
    assert all(each.passed for each in (*first, *same))
    assert [each.gate for each in unlike if not each.passed] == ["encoding"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nconvergence = true", "unknown field"),
        ('[model]\nwarnings = ["bad"]', "'bad' is none of"),
        ("[[labelled]]", "missing required field"),
    ],
)
def test_gates_that_make_no_sense_are_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "gates.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_gates(file)


def test_few_links_are_no_proof() -> None:
    few, many = Figures(100, 0, 1.0, 1.0, 0.0), Figures(1_000_000, 0, 1.0, 1.0, 0.0)
    assert few.wrong_per == many.wrong_per == 0
    assert few.wrong_upper > 300
    assert many.wrong_upper < 0.05
    assert Figures(0, 0, 1.0, 1.0, 0.0).wrong_upper == 10_000


def test_every_kind_of_warning_is_one_the_estimation_writes() -> None:
    source = " ".join(inspect.getsource(checks).split())
    for kind, words in KINDS.items():
        assert words in source, kind
        assert kinds_in([f"class 'x': {words} y"]) == [kind]
