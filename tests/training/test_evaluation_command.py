"""``python -m training evaluate``: from a file with its truth to figures and a page, which a real browser opens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright
from small_model import MODEL, NO_FREQUENCIES

from training import people
from training.__main__ import main
from training.evaluation import evaluate as evaluation
from training.modelling.writing import write_model

PERSONS, SEED = 400, 17
MAP = Path(people.__file__).parent / "map.toml"
HEADINGS = [
    "Links, misses and reviews",
    "By kind of patient",
    "Calibration",
    "Which records are compared at all",
    "The model",
    "Single pairs, step by step",
]
CHARTS = (
    "weights",
    "precision-recall",
    "review-load",
    "strata",
    "calibration",
    "blocking",
    "match-weights",
    "m-and-u",
    "missing",
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up people with their truth, and the small hand-made model."""
    where = tmp_path_factory.mktemp("evaluate")
    print(f"seed {SEED}")
    people.generate(PERSONS, seed=SEED).to_parquet(where / "people.parquet")
    write_model(MODEL, NO_FREQUENCIES, where / "small.toml")
    return where


def arguments(folder: Path, *more: str, file: str = "people.parquet", truth: str = "truth_person") -> list[str]:
    needed = ["--map", str(MAP), "--model", str(folder / "small.toml"), "--truth", truth]
    return ["evaluate", str(folder / file), *needed, *more]


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """The JSON object of a run that writes the page as well."""
    with redirect_stdout(StringIO()) as printed:
        assert main(arguments(folder, "--json", "--report", str(folder / "page.html"))) == 0
    return json.loads(printed.getvalue())


def test_the_figures_agree_with_each_other(found: dict[str, Any]) -> None:
    whole = found["overall"]
    assert found["records"] == whole["records"]
    assert found["true_persons"] == PERSONS
    assert found["model"].startswith("small@")
    assert whole["links_found"]["of"] == found["records"] - PERSONS
    assert whole["missed_links"]["count"] == found["index_persons"] - PERSONS + lost_first_records(whole)
    assert whole["links_found"]["count"] <= whole["links_found_with_review"]["count"]
    assert 0.5 < whole["links_found"]["value"] < 1
    assert whole["pair_f1"]["low"] <= whole["pair_f1"]["value"] <= whole["pair_f1"]["high"]
    assert found["candidate_pairs"] == sum(band["observed"]["of"] for band in found["calibration"]["bands"])


def lost_first_records(whole: dict[str, Any]) -> int:
    """First records of true persons that were linked to someone else: they make no person of their own."""
    right = whole["wrong_links"]["of"] - whole["wrong_links"]["count"]
    wrong_of_linkable = whole["links_found"]["of"] - right - whole["missed_links"]["count"]
    return int(whole["wrong_links"]["count"]) - int(wrong_of_linkable)


def test_every_stratum_of_the_file_is_reported(found: dict[str, Any]) -> None:
    assert {"twin", "no_number"} <= found["strata"].keys()
    assert all(0 < one["records"] <= found["records"] for one in found["strata"].values())


def test_errors_are_explained_level_by_level(found: dict[str, Any]) -> None:
    pairs = [*found["worst_wrong"], *found["worst_missed"], *found["examples"].values()]
    assert found["worst_missed"]
    for pair in pairs:
        reasons = pair["comparison"]["reasons"]
        assert reasons[0]["feature"] == "prior"
        assert sum(reason["weight"] for reason in reasons) == pytest.approx(pair["comparison"]["weight"])
    for kind in ("worst_wrong", "worst_missed"):
        weights = [pair["comparison"]["weight"] for pair in found[kind]]
        assert weights == sorted(weights, reverse=True)
        assert len(weights) <= 20


def test_no_value_of_a_patient_is_shown(folder: Path, found: dict[str, Any]) -> None:
    table = pq.read_table(folder / "people.parquet")
    page = (folder / "page.html").read_text(encoding="utf-8")
    shown = page + json.dumps(found, ensure_ascii=False)
    # shorter numbers stand by chance among the digits of some figure
    values = {value for name in ("birth_date", "id_number", "phone") for value in table[name].to_pylist() if len(value) > 9}
    names = {value for name in ("family", "given") for value in table[name].to_pylist() if len(value) > 4}
    words = set(shown.replace('"', " ").replace("<", " ").replace(">", " ").replace(",", " ").split())
    assert len(values) > 300
    assert not [value for value in values if value in shown]
    assert not words & names


def test_tables_for_a_person(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(folder, "--population", "100000")) == 0
    out = capsys.readouterr().out
    for title in ("Link edges", "Groups of records", "Blocking rules", "Calibration", "By stratum", "Worst missed links"):
        assert title in out
    assert "wrong links per 100,000" in out


def test_rows_that_repeat_a_number_are_left_out_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pq.read_table(folder / "people.parquet").slice(0, 200)
    pq.write_table(pa.concat_tables([table, table.slice(0, 7)]), folder / "repeated.parquet")
    assert main(arguments(folder, "--json", file="repeated.parquet")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["records"], found["repeated"]) == (200, 7)
    assert any("7 rows repeat" in note for note in found["notes"])


def test_strangers_only_have_no_recall(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pq.read_table(folder / "people.parquet")
    first = np.unique(table["truth_person"].to_numpy(), return_index=True)[1]
    pq.write_table(table.take(pa.array(np.sort(first))), folder / "strangers.parquet")
    assert main(arguments(folder, "--json", "--report", str(folder / "strangers.html"), file="strangers.parquet")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["overall"]["links_found"]["value"] is None
    assert any("no link to find" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": "nobody"}, "has no column 'nobody'"),
        ({"file": "absent.parquet"}, "absent.parquet"),
        ({"more": ("--stratum", "nothing")}, "has no column 'nothing'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], message: str
) -> None:
    more = change.pop("more", ())
    assert main(arguments(folder, *more, **change)) == 1
    assert message in capsys.readouterr().err


def test_a_column_that_names_no_persons_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "MOST_PAIRS", 1_000)
    assert main(arguments(folder, truth="sex")) == 1
    assert "is it the right column?" in capsys.readouterr().err


# --- the page ---------------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """Everything in a page that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "img"):
            self.fetched.append(tag)
        self.fetched += [value for name, value in attributes if name in ("src", "srcset") and value]


def test_the_page_needs_nothing_else(folder: Path, found: dict[str, Any]) -> None:
    page = (folder / "page.html").read_text(encoding="utf-8")
    parser = Links()
    parser.feed(page)
    assert found["records"]
    assert parser.fetched == []
    assert "@import" not in page
    pictures = {path.stem for path in (folder / "page_files").glob("*.png")}
    assert {*CHARTS, "pair-a-typical-right-link"} <= pictures


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser without a window. Skips where this machine has none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: the page is not looked at")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        except Error as error:
            pytest.skip(f"chromium does not start here: {error.message.splitlines()[0]}")
        yield started
        started.close()


def opened(browser: Browser, file: Path, width: int) -> tuple[Page, list[str], list[str]]:
    """(page, what it said on its console, what it asked for)."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, said, asked


@pytest.mark.parametrize("width", [1280, 800])
def test_the_page_fits_the_window_and_asks_for_nothing(
    browser: Browser, folder: Path, found: dict[str, Any], width: int
) -> None:
    page, said, asked = opened(browser, folder / "page.html", width)
    assert found["records"]
    assert page.locator("h2").all_inner_texts() == HEADINGS
    assert page.locator("h1").count() == 1
    assert asked == [(folder / "page.html").as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("svg:not([aria-label])").count() == 0
    page.close()


def test_charts_are_drawn(browser: Browser, folder: Path, found: dict[str, Any], tmp_path: Path) -> None:
    page, _, _ = opened(browser, folder / "page.html", 1280)
    assert found["records"]
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    print(tmp_path / "page.png")
    regions = [*(f"#chart-{name} svg" for name in CHARTS), ".cards", "#strata table"]
    for place, region in enumerate(regions):
        page.locator(region).first.screenshot(path=tmp_path / f"{place}.png")
        assert inked(tmp_path / f"{place}.png") > 0.01, region
    for name in CHARTS:
        assert inked(folder / "page_files" / f"{name}.png") > 0.01, name
    page.close()


def inked(picture: Path) -> float:
    """Share of a picture that has another colour than its commonest one."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"), np.int64) @ np.array([65536, 256, 1])
    return 1 - float(np.unique(pixels, return_counts=True)[1].max() / pixels.size)
