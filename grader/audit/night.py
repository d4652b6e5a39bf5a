"""One night: grade what is new, look at what changed, judge the gates, publish."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.audit.cache import Cache
from grader.audit.config import chosen
from grader.audit.data_set import audit_data
from grader.audit.earlier import Earlier
from grader.audit.gates import Level, Outcome, Reading, judge_all, worst
from grader.audit.history import extend_history, write_history
from grader.audit.hook import call_hook
from grader.audit.memory import RememberingGrader
from grader.audit.models import Pairs
from grader.audit.page import write_night_page
from grader.audit.prepared import open_gold, prepare_all
from grader.audit.store import PAGE, SUMMARY, SUMMARY_FORMAT, Store
from grader.errors import InputError
from grader.evaluate import evaluate
from grader.parquet_io.writer import write_text
from grader.remote import redacted
from grader.run import Job, Request, run_grade
from grader.run.crew import default_workers
from grader.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.audit.config import Config, Data, Gate, Models
    from grader.audit.prepared import Prepared
    from grader.run import Log

GOLD = "gold"


class Result(NamedTuple):
    """How a night ended: its folder, its summary, and whether it, or an untold night before it, failed."""

    folder: Path
    summary: dict[str, Any]
    failed: bool


def run_night(config: Config, log: Log, *, only: list[str], strict: bool = False, workers: int | None = None) -> Result:
    """Audit the data sets of a configuration; with ``only`` some of them, for a look: no night is counted.

    Raises InputError before anything is graded, where an input or a column is not there; EnvironmentStop where another
    night is at work, or the disk is full: what was graded is kept.
    """
    prepared = prepare_all(config, chosen(config, only))
    store = Store(Path(config.store))
    with store.hold():
        earlier = Earlier(store, log)
        before = _tell_untold(config, store, earlier, log)
        night = _Night(config, store, earlier, log, strict=strict, workers=workers, only=bool(only))
        return night.run(prepared, failed=before)


def _tell_untold(config: Config, store: Store, earlier: Earlier, log: Log) -> bool:
    """Finish a night whose run was ended after it was whole: publish it and tell its outcome; whether it failed.

    Of one whose summary is damaged there is nothing to tell, which has been said.
    """
    night = store.untold()
    summary = None if night is None else earlier.summary(night)
    if night is None or summary is None or isinstance(summary, str):
        return False
    log.say("untold", f"{night.name} was whole when its run was ended; telling its outcome now", night=night.name)
    _tell(config, store, night, summary, log)
    return bool(summary["failed"])


def _tell(config: Config, store: Store, night: Path, summary: dict[str, Any], log: Log) -> None:
    store.publish(night)
    if summary["failed"]:
        call_hook(config.on_failure, {**summary, "folder": str(night)}, log)
    store.tell(night)


class _Night:
    def __init__(
        self,
        config: Config,
        store: Store,
        earlier: Earlier,
        log: Log,
        *,
        strict: bool,
        workers: int | None,
        only: bool,
    ) -> None:
        self._config, self._store, self._earlier, self._log = config, store, earlier, log
        self._strict, self._workers, self._only = strict, workers, only
        self._began = datetime.now(UTC)
        self._clock = time.perf_counter()
        # A look is no night of its own: results that it uses count as used the last night.
        self._number = max(1, store.next_number() - only)
        self._pairs = Pairs(log)
        self._gold_prints: dict[str, str] = {}
        self._graders: dict[Models, RememberingGrader] = {}

    def run(self, prepared: list[Prepared], *, failed: bool) -> Result:
        names = [one.data.name for one in prepared]
        # A look at some data sets leaves the gold files out.
        golds = [gate.gold if not self._only else None for gate in self._config.gate]
        self._store.begin([*names, *([GOLD] if any(golds) else [])])
        results = self._store.results
        with Cache(results, self._number, self._warn_of(results)) as cache, ExitStack() as stack:
            before: dict[str, dict[str, Any]] = {}
            now = {one.data.name: self._audit(one, self._grader(one.data, cache, stack), before) for one in prepared}
            gold: list[Reading | None] = []
            for index, (gate, path) in enumerate(zip(self._config.gate, golds, strict=True), 1):
                data = next((one for one in self._config.data if one.name == gate.data), None)
                report = self._store.tonight / GOLD / f"{index}.parquet"
                grader = None if path is None else self._grader(data, cache, stack)
                gold.append(None if path is None or grader is None else self._gold(gate, path, report, grader))
            outcomes = judge_all(self._config, now, before, gold)
            summary = self._summary(now, outcomes)
            folder = self._publish(summary)
            if not self._only:
                cache.prune(self._config.keep_nights)
                self._store.prune(self._config.keep_nights)
        self._say(folder, summary, outcomes)
        return Result(folder, summary, failed or summary["failed"])

    def _warn_of(self, path: Path) -> Callable[[str], None]:
        return lambda why: self._log.say("damaged", why, path=str(path), why=why)

    def _grader(self, data: Data | None, cache: Cache, stack: ExitStack) -> RememberingGrader:
        """Give who grades a data set, with counts from nothing: one for each pair, as workers take time to start."""
        models = self._config.models_of(data)
        pair = self._pairs.get(models)
        if models not in self._graders:
            workers = default_workers(pair) if self._workers is None else self._workers
            self._graders[models] = stack.enter_context(RememberingGrader(pair, cache, workers, self._log))
        self._graders[models].counts.clear()
        return self._graders[models]

    def _audit(
        self, prepared: Prepared, grader: RememberingGrader, before: dict[str, dict[str, Any]]
    ) -> dict[str, Any]:
        """Audit one data set and give its entry of the summary; notes the last one in ``before``."""
        name = prepared.data.name
        last = self._earlier.last(name)
        if last.entry is not None:
            before[name] = last.entry
        folder = self._store.tonight / name
        found = audit_data(prepared, grader, folder, last, self._log)
        write_history(extend_history(self._earlier.history(name), found, self._number, self._began), folder)
        self._log.say("data", _sentence(found), **{key: found[key] for key in ("name", "counts", "work", "seconds")})
        return found

    def _gold(self, gate: Gate, path: str, report: Path, grader: RememberingGrader) -> Reading:
        """Grade a gold file and compare the verdicts with its labels."""
        inputs, columns = open_gold(gate)
        with inputs.files[0].path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if gate.sha256 not in (None, sha256):
            return Reading(None, why_not=f"{redacted(path)} is not the pinned file: its SHA-256 is {sha256}")
        run_grade(Job(Request([path], report, restart=True), inputs, columns), grader, self._log)
        try:
            figures = evaluate(str(report), gate.label or "").overall
        except InputError as error:
            return Reading(None, why_not=str(error))
        value = figures.figures["weighted_f1"].value
        self._gold_prints[redacted(path)] = sha256
        return self._with_last(gate, Reading(value, None, figures.rows), sha256)

    def _with_last(self, gate: Gate, reading: Reading, sha256: str) -> Reading:
        """Add last night's figure of a gold gate, or the reason why there is none."""
        night = self._earlier.newest()
        if night is None:
            return reading._replace(is_first=True)
        last = self._earlier.summary(night)
        if isinstance(last, str):
            return reading._replace(why_no_before=last)
        gold = redacted(gate.gold or "")  # a signature may be another every night
        for one in last["gates"]:
            if one["gold"] == gold and one["data"] == gate.data and one["value"] is not None:
                if last["gold"].get(gold) != sha256:
                    return reading._replace(why_no_before="the gold file is not that of last night")
                return reading._replace(before=one["value"])
        return reading._replace(is_first=True)

    def _summary(self, now: dict[str, dict[str, Any]], outcomes: list[Outcome]) -> dict[str, Any]:
        level = worst(outcomes)
        return {
            "format": SUMMARY_FORMAT,
            "version": __version__,
            "night": None if self._only else self._number,
            "began": self._began.isoformat(timespec="seconds"),
            "seconds": 0.0,
            "loading_seconds": round(self._pairs.seconds, 3),
            "verdict": str(level),
            "strict": self._strict,
            "failed": level is Level.FAIL or (self._strict and level is Level.WARN),
            "gates": [one._asdict() for one in outcomes],
            "gold": self._gold_prints,
            "data": list(now.values()),
        }

    def _publish(self, summary: dict[str, Any]) -> Path:
        tonight = self._store.tonight
        write_night_page(tonight / PAGE, summary, tonight)
        summary["seconds"] = round(time.perf_counter() - self._clock, 3)
        write_text(tonight / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
        if self._only:
            return self._store.show()
        night = self._store.finish(self._number, self._began)
        _tell(self._config, self._store, night, summary, self._log)
        return night

    def _say(self, folder: Path, summary: dict[str, Any], outcomes: list[Outcome]) -> None:
        for one in outcomes:
            event = "gate" if one.level is Level.PASS else f"gate_{one.level}"
            self._log.say(event, f"{one.level:<4}  {gate_name(one._asdict())}: {one.message}", **one._asdict())
        verdict = summary["verdict"] if not summary["failed"] else "fail"
        text = f"{verdict}: {len(outcomes)} gates, {summary['seconds']:.1f} s; see {folder / PAGE}"
        self._log.say("night", text, verdict=verdict, folder=str(folder), seconds=summary["seconds"])


def gate_name(gate: dict[str, Any]) -> str:
    """Name a judged gate in one line: ``flawed of gsm8k where source is web``."""
    of = f" of {gate['data']}" if gate["data"] else ""
    on = f" on {gate['gold']}" if gate["gold"] else ""
    where = f" where {gate['slice']} is {gate['slice_value']}" if gate["slice_value"] is not None else ""
    by = f" by {gate['slice']}" if gate["slice"] and gate["slice_value"] is None else ""
    return f"{gate['measure']}{of}{on}{where}{by}"


def _sentence(entry: dict[str, Any]) -> str:
    counts, work = entry["counts"], entry["work"]
    return (
        f"{entry['name']}: {counts['rows']:,} rows, {work['graded']:,} graded tonight, {counts['flawed']:,} flawed, "
        f"{entry['seconds']:.1f} s"
    )
