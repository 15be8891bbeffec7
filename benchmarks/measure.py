"""The service benchmark's course: load, warm up, measure each figure beside the floor, check, kill -9, look again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import IO, Any, NamedTuple

from benchmarks import checks
from benchmarks.commits import measure_commits
from benchmarks.febrl import key_of
from benchmarks.frames import write_frames
from benchmarks.lines import progress
from benchmarks.load import kept_replies
from benchmarks.messages import batch_request, lookup_request, match_request, resolve_request
from benchmarks.methods import BATCH_RESOLVE, LOOKUP, MATCH, RESOLVE, Method
from benchmarks.ours import BATCH_RECORDS, Ours, batches
from benchmarks.people import Corpus, corpus
from benchmarks.processes import LoadGenerator, cores, echo_server, resident_mib
from benchmarks.rounds import FLOOR_KINDS, Bench, Burst, Kept, Sample, Stream, Target, figure_line, median_of, paused, ratios
from mpi.records import PatientRecord

BATCH_CALLERS = 4
BATCH_WARM_UP = 4
WARM_UP_CALLS = 500
TEMPLATES = 200  # replies of ours that the floor builds in turn
RESOLVES_PER_S = 5_000  # about what the floor does: so many new records are kept ready for a second
KEEP_ONE_IN = 5
PROCESSING_MS = 0.5  # what a single resolve may take beside the floor and 1.3 commits
COMMIT_FACTOR = 1.3
FAIR_ROUNDS = 3
FAIR_BATCHES_PER_S = 40  # more than a server takes, so that a batch client is never done before the round is
LOST_SAMPLE = 2_000  # answered records that are looked up after the kill


class Setting(NamedTuple):
    """What a run is made of. ``seconds`` is the length of one round, ``rounds`` how often floor and ours take turns."""

    size: int
    callers: int
    rounds: int
    seconds: float
    batches_a_round: int
    population: str
    model: Path

    @property
    def resolves(self) -> int:
        """New records for single resolves, all rounds and both numbers of callers."""
        return WARM_UP_CALLS + int(self.rounds * self.seconds * RESOLVES_PER_S * 1.25)

    @property
    def batches(self) -> int:
        return BATCH_WARM_UP + self.rounds * self.batches_a_round + FAIR_ROUNDS * self.fair_batches

    @property
    def fair_batches(self) -> int:
        """Batches that a batch client sends while single calls are timed, in one round."""
        return int(self.seconds * FAIR_BATCHES_PER_S)


class ServiceRun:
    """One run against one index. ``report`` takes the lines in the order in which they are measured."""

    def __init__(
        self, setting: Setting, index: Ours, bench: Bench, report: Callable[[dict[str, Any]], None], log: IO[bytes]
    ) -> None:
        self.setting, self.index, self.bench, self.report, self.log = setting, index, bench, report, log
        self.folder = bench.folder
        self.corpus = self.make_corpus()
        self.answered: dict[str, str] = {}  # record key → master ID, as answered; what must survive the kill
        self.floor: dict[str, Target] = {}
        self.streams: dict[str, Stream] = {}
        self.asked: list[str] = []
        self.batches: list[list[PatientRecord]] = []

    def make_corpus(self) -> Corpus:
        setting = self.setting
        progress(f"{setting.population}: making people")
        fresh = setting.resolves + setting.batches * BATCH_RECORDS
        return corpus(setting.population, loaded=setting.size, known=setting.size // 3, fresh=fresh)

    def write_requests(self) -> None:
        """All requests of the run, built beforehand."""
        single, many = self.corpus.fresh[: self.setting.resolves], self.corpus.fresh[self.setting.resolves :]
        self.asked = list(self.answered)
        random.Random(self.setting.size).shuffle(self.asked)
        self.batches = list(batches(many, BATCH_RECORDS))
        self.stream(LOOKUP, map(lookup_request, self.asked), again=True)
        self.stream(MATCH, map(match_request, self.corpus.known), again=True)
        self.stream(RESOLVE, map(resolve_request, single))
        self.stream(BATCH_RESOLVE, map(batch_request, self.batches))

    def stream(self, method: Method, requests: Iterator[bytes], *, again: bool = False) -> None:
        file = self.folder / f"requests-{method.name}"
        self.streams[method.name] = Stream(file, write_frames(file, requests), again=again)

    def floor_stream(self, method: Method) -> Stream:
        """The floor forgets everything, so it may see a request twice."""
        ours = self.streams[method.name]
        return Stream(ours.file, ours.count, again=True)

    @contextmanager
    def floors(self) -> Iterator[None]:
        """Load the index, let it answer a few of each request, and start both echo servers with those replies."""
        load = self.index.resolve_all(self.corpus.loaded)
        self.answered = load.master_ids
        self.write_requests()
        memory = resident_mib(self.index.process.pid)
        self.report(
            {"bench": "service", "figure": "load", "per_s": len(self.answered) / load.seconds, "resident_mib": memory}
        )
        templates = self.folder / "templates"
        templates.mkdir()
        for method in (LOOKUP, MATCH, RESOLVE, BATCH_RESOLVE):
            limit = BATCH_WARM_UP if method is BATCH_RESOLVE else WARM_UP_CALLS
            callers = min(self.setting.callers, limit)
            burst = Burst(method, callers=callers, seconds=60.0, limit=limit, keep_every=1)
            _, _, file = self.bench.once(self.ours, burst, self.streams[method.name])
            write_frames(templates / method.name, [reply for _, reply in kept_replies(file)][:TEMPLATES])
        with ExitStack() as stack:
            for kind in FLOOR_KINDS:
                self.floor[kind] = Target(*stack.enter_context(echo_server(kind, templates, self.log)))
            yield

    @property
    def ours(self) -> Target:
        return Target(self.index.process, self.index.port)

    def measure_all(self) -> None:
        """Reads first, since writes make the index grow."""
        seconds, callers = self.setting.seconds, self.setting.callers
        self.lookup_many(Burst(LOOKUP, callers, seconds, keep_every=KEEP_ONE_IN))
        self.match_many(Burst(MATCH, callers, seconds, keep_every=KEEP_ONE_IN))
        self.lookup_one(Burst(LOOKUP, 1, seconds, keep_every=KEEP_ONE_IN))
        self.resolve_many(Burst(RESOLVE, callers, seconds, keep_every=KEEP_ONE_IN))
        self.resolve_one(Burst(RESOLVE, 1, seconds, keep_every=KEEP_ONE_IN))
        self.batch_resolve(Burst(BATCH_RESOLVE, BATCH_CALLERS, 60.0, limit=self.setting.batches_a_round, keep_every=1))
        self.fairness(Burst(RESOLVE, 1, seconds, keep_every=KEEP_ONE_IN))

    def compare(self, burst: Burst) -> tuple[Sample, Sample, Kept]:
        """Choose the floor, report it, and measure ours beside it: floor, ours, and the replies of ours."""
        progress(f"{burst.method.name}, {burst.callers} callers")
        stream = self.floor_stream(burst.method)
        with paused(self.index.process):
            best, tried = self.bench.faster_floor(self.floor, burst, stream)
        streams = (stream, self.streams[burst.method.name])
        floor, ours, kept = self.bench.interleaved(self.floor[best], self.ours, burst, streams, self.setting.rounds)
        others = {f"{kind}_per_s": sample.per_s for kind, sample in tried.items()}
        self.report(figure_line("floor", floor, method=burst.method.name, callers=burst.callers, kind=best, **others))
        return floor, ours, kept

    def lookup_many(self, burst: Burst) -> None:
        floor, ours, kept = self.compare(burst)
        checked = checks.check_lookups(kept, LOOKUP, self.asked, self.answered)
        self.report(figure_line("lookup", ours, **ratios(floor, ours), callers=burst.callers, checked=checked.replies))

    def lookup_one(self, burst: Burst) -> None:
        floor, ours, kept = self.compare(burst)
        checked = checks.check_lookups(kept, LOOKUP, self.asked, self.answered)
        line = figure_line("lookup_one", ours, **ratios(floor, ours), p50_to_floor=ours.p50_ms / floor.p50_ms)
        self.report({**line, "floor_p50_ms": floor.p50_ms, "checked": checked.replies})

    def match_many(self, burst: Burst) -> None:
        persons: dict[str, set[str]] = {}
        for key, master_id in self.answered.items():
            persons.setdefault(self.corpus.entity[key], set()).add(master_id)
        right = [frozenset(persons[self.corpus.entity[key_of(record)]]) for record in self.corpus.known]
        floor, ours, kept = self.compare(burst)
        checked = checks.check_matches(kept, MATCH, right)
        line = figure_line("match", ours, **ratios(floor, ours), callers=burst.callers)
        self.report({**line, "checked": checked.replies, "found": checked.right})

    def resolve_many(self, burst: Burst) -> None:
        floor, ours, kept = self.compare(burst)
        answered = checks.resolved(kept, RESOLVE, self.corpus.fresh)
        self.answered |= answered
        self.report(figure_line("resolve", ours, **ratios(floor, ours), callers=burst.callers, checked=len(answered)))

    def resolve_one(self, burst: Burst) -> None:
        """One caller alone: nothing to batch with, so each call pays one commit."""
        with paused(self.index.process):
            before = measure_commits(self.index.folder, cores()[0])
        floor, ours, kept = self.compare(burst)
        with paused(self.index.process):
            after = measure_commits(self.index.folder, cores()[0])
        commit_ms = min(before["commit_ms"], after["commit_ms"])  # a busy moment must not loosen the limit
        answered = checks.resolved(kept, RESOLVE, self.corpus.fresh)
        self.answered |= answered
        line = figure_line("resolve_one", ours, **ratios(floor, ours), floor_p50_ms=floor.p50_ms, commit_ms=commit_ms)
        limit_ms = floor.p50_ms + COMMIT_FACTOR * commit_ms + PROCESSING_MS
        self.report({**line, "limit_ms": limit_ms, "checked": len(answered)})

    def batch_resolve(self, burst: Burst) -> None:
        """Records a second in batches; the ratio compares with a floor that only carries the messages."""
        floor, ours, kept = self.compare(burst)
        answered = checks.resolved_in_batches(kept, BATCH_RESOLVE, self.batches)
        self.answered |= answered
        line = figure_line("batch_resolve", ours, **ratios(floor, ours), batch=BATCH_RECORDS, checked=len(answered))
        per_record = {"per_s": ours.per_s * BATCH_RECORDS, "server_cpu_us": ours.server_cpu_us / BATCH_RECORDS}
        self.report({**line, **per_record, "batches_per_s": ours.per_s})

    def fairness(self, burst: Burst) -> None:
        """Single writes alone, and beside a client that sends batches at full speed, by turns."""
        progress("resolve beside a batch client")
        batches = Burst(BATCH_RESOLVE, BATCH_CALLERS, burst.seconds, limit=self.setting.fair_batches, keep_every=1)
        alone, beside, rates, files = [], [], [], []
        with LoadGenerator(self.log) as other, ThreadPoolExecutor(1) as pool:
            crowd = Bench(other, self.folder / "crowd")
            crowd.folder.mkdir()
            for _ in range(FAIR_ROUNDS):
                alone.append(self.bench.once(self.ours, burst, self.streams[RESOLVE.name]))
                sent = pool.submit(crowd.once, self.ours, batches, self.streams[BATCH_RESOLVE.name])
                time.sleep(burst.seconds / 10)
                shorter = burst._replace(seconds=burst.seconds * 0.8)  # the batch client is there from first to last
                beside.append(self.bench.once(self.ours, shorter, self.streams[RESOLVE.name]))
                batch, _, file = sent.result()
                rates.append(batch.per_s * BATCH_RECORDS)
                files.append(file)
        kept = Kept([file for _, _, file in alone + beside], sum(result.calls for _, result, _ in alone + beside))
        answered = checks.resolved(kept, RESOLVE, self.corpus.fresh)
        answered |= checks.resolved_in_batches(Kept(files, len(files)), BATCH_RESOLVE, self.batches)
        self.answered |= answered
        single, crowded = median_of([s for s, _, _ in alone]), median_of([s for s, _, _ in beside])
        line = figure_line("fairness", crowded, alone_p50_ms=single.p50_ms, alone_p99_ms=single.p99_ms)
        ratio = {"p99_to_alone": crowded.p99_ms / single.p99_ms, "batch_records_per_s": median(rates)}
        self.report({**line, **ratio, "checked": len(answered)})

    def check_after_kill(self) -> None:
        """``kill -9``, start again on the same directory, and look for what was answered."""
        sample = random.Random(self.setting.rounds).sample(sorted(self.answered), min(LOST_SAMPLE, len(self.answered)))
        self.index.kill_and_restart()
        found = self.index.master_ids(sample)
        checked = checks.check_durable({key: self.answered[key] for key in sample}, found)
        seconds = self.index.start_seconds
        self.report({"bench": "service", "figure": "restart", "seconds": seconds, "checked": checked.replies})
