"""The results of earlier nights: kept by content and stage, bounded by nights, and no loss when they are gone."""

import random
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.audit.cache import Cache
from grader.audit.fingerprints import OUTSIDE, PACKAGE, code_digest, key_of, stages_of
from grader.engines import Pair
from grader.errors import EnvironmentStop
from grader.types import Solution


@pytest.fixture
def path(tmp_path):
    """Name the file."""
    return tmp_path / "results.sqlite"


def keys(numbers):
    return [number.to_bytes(16, "little") for number in numbers]


def test_values_come_back_by_stage(path):
    """A value is found under its key and stage, now and by the next night; a later value replaces it."""
    a, b = keys([1, 2])
    with Cache(path, 1) as cache:
        one, two = cache.stage("one"), cache.stage("two")
        cache.put(one, {a: [1, "ü\ud800", None, 0.1], b: {}})
        cache.put(two, {a: "other"})
    with Cache(path, 2) as cache:
        assert (cache.stage("one"), cache.stage("two")) == (one, two)
        assert cache.get(one, [a, b, a]) == {a: [1, "ü\ud800", None, 0.1], b: {}}
        cache.put(one, {a: "new"})
        assert cache.get(one, [a]) == {a: "new"}
        assert cache.get(two, [a, b]) == {a: "other"}
        assert cache.counts() == {"one": 2, "two": 1}


def test_more_keys_than_a_query_takes(path):
    """Thousands of keys are looked up at once."""
    many = keys(range(2_500))
    with Cache(path, 1) as cache:
        stage = cache.stage("s")
        cache.put(stage, dict.fromkeys(many, 1))
        assert len(cache.get(stage, many)) == 2_500


def test_what_no_night_used_goes(path):
    """A result, or a stage, that was not used in the stated number of nights is dropped, and no other."""
    old, used, new = keys([1, 2, 3])
    with Cache(path, 1) as cache:
        stage = cache.stage("s")
        cache.put(stage, {old: 1, used: 2})
        cache.put(cache.stage("given up"), {used: 3})
        assert cache.prune(3) == 0
    with Cache(path, 3) as cache:
        stage = cache.stage("s")
        cache.stamp([used])
        assert cache.prune(3) == 0
    with Cache(path, 4) as cache:
        stage = cache.stage("s")
        cache.put(stage, {new: 4})
        assert cache.prune(3) == 2
        assert cache.get(stage, [old, used, new]) == {used: 2, new: 4}
        assert cache.counts() == {"s": 2}


def test_nights_that_count_from_one_again(path):
    """Where a store's nights were deleted, results of later numbers are taken for tonight's and age from there."""
    (a,) = keys([1])
    with Cache(path, 50) as cache:
        cache.put(cache.stage("s"), {a: 1})
    with Cache(path, 1) as cache:
        cache.stage("s")
    with Cache(path, 4) as cache:
        cache.stage("s")
        assert cache.prune(3) == 1


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 4_000])
def test_a_file_that_is_damaged_is_begun_anew(path, content):
    """A damaged file is replaced, with the reason, by an empty one."""
    path.write_bytes(content)
    with Cache(path, 1) as cache:
        assert cache.replaced
        cache.put(cache.stage("s"), dict.fromkeys(keys([1]), 1))


def test_a_file_of_another_format_is_begun_anew(path):
    """A file of another version of this program is not read."""
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA user_version = 99")
    with Cache(path, 1) as cache:
        assert "format 99" in cache.replaced


def test_a_value_that_is_damaged_is_absent(path):
    """A value that cannot be read is graded again."""
    (a,) = keys([1])
    with Cache(path, 1) as cache:
        stage = cache.stage("s")
        cache.put(stage, {a: 1})
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("UPDATE results SET value = x'00'")
        sql.commit()
    with Cache(path, 1) as cache:
        assert cache.get(stage, [a]) == {}


def test_an_error_of_the_disk_stops_the_night(tmp_path):
    """A file that cannot be opened is exit code 3, with the remedy."""
    with pytest.raises(EnvironmentStop, match=r"delete the file \(that costs time, nothing else\)"):
        Cache(tmp_path / "no folder" / "results.sqlite", 1)


def _insert_half(cache):
    def insert():
        cache._sql.execute("INSERT INTO seen (key, night) VALUES (x'00', 1)")
        raise sqlite3.OperationalError("disk I/O error")

    cache._done(insert, whole=True)


def test_half_a_commit_is_none(path):
    """Values that could not all be stored are not stored at all."""
    a, b = keys([1, 2])
    with Cache(path, 1) as cache:
        stage = cache.stage("s")
        with pytest.raises(TypeError):
            cache.put(stage, {a: 1, b: object()})
        with pytest.raises(EnvironmentStop):
            _insert_half(cache)
        assert cache.get(stage, [a]) == {}
        assert cache._sql.execute("SELECT count(*) FROM seen").fetchone() == (0,)
        assert cache.replaced is None


TEXT = st.text(st.characters(exclude_categories=()), max_size=6)
SOLUTIONS = st.builds(Solution, TEXT, st.none() | TEXT | st.lists(TEXT, max_size=3).map(tuple), st.none() | TEXT)


@given(SOLUTIONS, SOLUTIONS)
def test_keys_tell_rows_apart(one, other):
    """Two rows have the same key if and only if they are the same."""
    assert (key_of(one) == key_of(other)) == (one == other)


def test_a_reference_is_not_a_step():
    """What stands in one field never looks like what stands in another."""
    rows = [
        Solution("p", "s", None),
        Solution("p", ("s",), None),
        Solution("p", ("s", "", "r"), None),
        Solution("p", ("s",), "r"),
        Solution("p", ("s", "", "r"), ""),
        Solution("p", ("s",), ""),
        Solution("", "ps", None),
        Solution("p", None, "s"),
        Solution("p", (), "s"),
        Solution("p", "", "s"),
    ]
    assert len({key_of(row) for row in rows}) == len(rows)


def test_stages_depend_on_what_decides():
    """The report's stage changes with the threshold and the models; that of a model with its identity only."""
    from audits import pair

    base = stages_of(pair())
    assert stages_of(pair()) == base
    other = stages_of(pair(classifier="other"))
    assert (other.extractor, other.classifier == base.classifier, other.report == base.report) == (
        base.extractor,
        False,
        False,
    )
    loaded = pair()
    stricter = stages_of(Pair(loaded.mode, loaded.extractor, loaded.classifier, 0.7))
    assert (stricter.classifier, stricter.report == base.report) == (base.classifier, False)
    assert stages_of(Pair()).extractor is None


def test_all_code_that_decides_is_in_the_fingerprint():
    """Every module that grading loads is counted in a stage: a change of it is never overlooked."""
    script = (
        "import sys, grader.pipeline, grader.parquet_io.report, grader.checking.symbolic\n"
        "print([name for name in sys.modules if name.startswith('grader.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in eval(done.stdout)}
    outside = {name.removesuffix(".py") for name in OUTSIDE}
    assert loaded & outside <= {"engines", "adapters", "inputs", "columns", "remote", "version"}  # types, texts, places
    assert {path.name for path in PACKAGE.iterdir()} >= OUTSIDE - {"distributed.py", "distributed"}
    assert code_digest(models=True) != code_digest(models=False)


def test_any_damage_costs_time_only(path):
    """Whatever bytes of the file are spoiled or missing, values are right or absent, and new ones are kept."""
    many = keys(range(200))
    values = {key: ["a value", key.hex()] for key in many}
    with Cache(path, 1) as cache:
        cache.put(cache.stage("s"), values)
    good = path.read_bytes()
    chance = random.Random(5)
    for trial in range(60):
        data = bytearray(good)
        if trial % 3 == 0:
            del data[chance.randrange(len(data)) :]
        else:
            for _ in range(chance.choice([1, 20, 2_000])):
                data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        with Cache(path, 2) as cache:
            other = cache.stage("other")
            stage = cache.stage("s")
            assert {key: cache.get(stage, [key]).get(key, values[key]) for key in many} == values
            cache.put(other, {many[0]: "new"})
            cache.prune(30)
            assert cache.get(other, many[:1]) == {many[0]: "new"}
        for file in path.parent.iterdir():
            file.unlink()


def test_a_foreign_database_is_set_aside(path):
    """Another program's tables of these names are not written to."""
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE results (a)")
    with Cache(path, 1) as cache:
        assert "no such column" in cache.replaced
        cache.put(cache.stage("s"), {b"k": 1})
    with closing(sqlite3.connect(path.with_name("results.sqlite.damaged"))) as sql:
        assert sql.execute("SELECT name FROM sqlite_master WHERE name = 'results'").fetchall() == [("results",)]


def test_a_file_that_is_deleted_while_it_is_open(path):
    """The night that has it open goes on; what it keeps is gone with the file, and the next night begins anew."""
    with Cache(path, 1) as cache:
        stage = cache.stage("s")
        cache.put(stage, {b"a": 1})
        for file in path.parent.iterdir():
            file.unlink()
        cache.put(stage, {b"b": 2})
        assert cache.get(stage, [b"a", b"b"]) == {b"a": 1, b"b": 2}
    with Cache(path, 2) as cache:
        assert cache.get(cache.stage("s"), [b"a", b"b"]) == {}


def test_threads_may_ask(path):
    """The models of several devices ask at the same time."""
    with Cache(path, 1) as cache, ThreadPoolExecutor(4) as pool:
        stage = cache.stage("s")

        def work(number):
            (key,) = keys([number])
            cache.put(stage, {key: number})
            return cache.get(stage, [key])[key]

        assert list(pool.map(work, range(200))) == list(range(200))
