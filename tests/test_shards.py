"""Shards of a run: together they are the run, and anything less, more or other is refused by name."""

import json
import random
import shutil
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cli.grade import main as grade
from grader.cli.join import main as join
from grader.engines import Pair
from grader.engines.scripted import ScriptedExtractor
from grader.pipeline import Grader
from grader.run import Alone, Log, Request, Shard, prepare, run_grade
from grader.run.log import Style

ROWS = 330
RULES = ("--extractor", "rules", "--no-classifier", "--workers", "0", "--part-rows", "10", "--quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with an input in three formats, the report of one run, and those of 16 shards."""
    folder = tmp_path_factory.mktemp("shards")
    texts = [f"{index} + 1 = {index + 1 + (index % 7 == 0)}" for index in range(ROWS)]
    texts[5], texts[7], texts[9] = None, "nothing", "x"
    table = pa.table({"problem": ["p"] * ROWS, "solution": texts})
    pq.write_table(table, folder / "in.parquet", row_group_size=37)
    rows = table.to_pylist()
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "in.csv").write_text("problem,solution\n" + "".join(f"p,{row['solution'] or ''}\n" for row in rows))
    run(folder, "in.parquet", "whole.parquet")
    grade_shards(folder, "in.parquet", 16, "shard")
    return folder


def run(folder, name, output, *options):
    assert grade([str(folder / name), "-o", str(folder / output), *RULES, *options]) == 0


def grade_shards(folder, name, count, prefix, *options):
    for number in range(1, count + 1):
        run(folder, name, f"{prefix}-{number:02}.parquet", "--shard", f"{number}/{count}", *options)


def metadata(path):
    return json.loads(pq.read_metadata(path).metadata[b"grader"])


def refusal(folder, capsys, *arguments):
    assert join([*arguments, "-o", str(folder / "joined.parquet")]) == 2
    assert not (folder / "joined.parquet").exists()
    return capsys.readouterr().err


def test_sixteen_shards_are_one_run(folder, tmp_path):
    """The joined report has the rows, the columns, the metadata and the counts of one run."""
    joined = tmp_path / "joined.parquet"
    counts = tmp_path / "counts.json"
    assert join([str(folder / "shard-*.parquet"), "-o", str(joined), "--summary", str(counts)]) == 0
    assert pq.read_table(joined).equals(pq.read_table(folder / "whole.parquet"))
    assert pq.read_schema(joined).equals(pq.read_schema(folder / "whole.parquet"))
    assert metadata(joined) == metadata(folder / "whole.parquet")
    run(folder, "in.parquet", "whole.parquet", "--overwrite", "--summary", str(tmp_path / "whole.json"))
    names = ("rows", "by_status", "by_verdict", "equations", "flags", "flagged")
    of_one, of_all = (json.loads(path.read_text()) for path in (tmp_path / "whole.json", counts))
    assert [of_all[name] for name in names] == [of_one[name] for name in names]


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
@pytest.mark.parametrize("limit", [(), ("--limit", "95")])
def test_every_format_is_shared(folder, tmp_path, name, limit):
    """Inputs that do not say how many rows they have are counted first; a limit is one of all shards together."""
    grade_shards(folder, name, 3, "other", "--overwrite", *limit)
    run(folder, name, "other.parquet", "--overwrite", *limit)
    assert join([str(folder / "other-*.parquet"), "-o", str(tmp_path / "joined.parquet")]) == 0
    assert pq.read_table(tmp_path / "joined.parquet").equals(pq.read_table(folder / "other.parquet"))


@given(st.integers(0, 500), st.integers(1, 20), st.integers(1, 40))
def test_shares_are_whole_parts_and_even(rows, part_rows, count):
    """Shares follow each other without a gap, begin with a part, and differ by one part at most."""
    spans = [Shard(number, count).span(rows, part_rows) for number in range(1, count + 1)]
    assert spans[0][0] == 0
    assert spans[-1][1] == rows
    assert all(end == first for (_, end), (first, _) in pairwise(spans))
    assert all(first % part_rows == 0 or first == rows for first, _ in spans)
    parts = [-(-(end - first) // part_rows) for first, end in spans]
    assert max(parts) - min(parts) <= 1


class TestRefusals:
    """What cannot be joined is named, and nothing written."""

    def test_gaps(self, folder, capsys):
        """Missing shards are named by their numbers."""
        shards = [str(folder / f"shard-{number:02}.parquet") for number in range(1, 17) if number not in (3, 16)]
        said = refusal(folder, capsys, *shards)
        assert "of 16 shards 2 are missing: 3, 16;" in said
        assert "--shard 3/16" in said

    def test_overlaps(self, folder, capsys, tmp_path):
        """A shard that is there twice is named with both files."""
        shutil.copy(folder / "shard-05.parquet", tmp_path / "again.parquet")
        said = refusal(folder, capsys, str(folder / "shard-*.parquet"), str(tmp_path / "again.parquet"))
        assert "again.parquet" in said
        assert "shard-05.parquet" in said
        assert "both hold shard 5/16" in said

    def test_mixed_counts(self, folder, capsys, tmp_path):
        """So are shards of different cuts, whose rows would overlap."""
        run(folder, "in.parquet", str(tmp_path / "half.parquet"), "--shard", "1/2")
        said = refusal(folder, capsys, str(folder / "shard-*.parquet"), str(tmp_path / "half.parquet"))
        assert "differ in shard.shards (16, 2)" in said

    def test_mixed_settings(self, folder, capsys, tmp_path):
        """An option, or a part size, that differs is named with both values."""
        run(folder, "in.parquet", str(tmp_path / "a.parquet"), "--shard", "1/2", "--limit", "300")
        run(folder, "in.parquet", str(tmp_path / "b.parquet"), "--shard", "2/2", "--part-rows", "20")
        said = refusal(folder, capsys, str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"))
        assert "b.parquet and " in said
        assert "options.limit (not given, 300)" in said
        assert "shard.part_rows (20, 10)" in said

    def test_mixed_adapters(self, folder, capsys, tmp_path):
        """Shards that two models graded are refused, and the models named."""
        for number, adapter in ((1, "aaa"), (2, "bbb")):
            extractor = ScriptedExtractor({})
            extractor.identity = lambda adapter=adapter: {"base": "scripted", "adapter_sha256": adapter}
            output = tmp_path / f"{adapter}.parquet"
            request = Request([str(folder / "in.parquet")], output, part_rows=10, shard=Shard(number, 2))
            run_grade(prepare(request), Alone(Grader(Pair("auto", extractor))), Log(Style.QUIET))
        said = refusal(folder, capsys, str(tmp_path))
        assert "bbb.parquet and" in said
        assert "differ in extractor.model.adapter_sha256 (bbb, aaa)" in said

    def test_mixed_inputs(self, folder, capsys, tmp_path):
        """Shards of two inputs are refused."""
        table = pq.read_table(folder / "in.parquet")
        pq.write_table(table.slice(1), folder / "less.parquet")
        run(folder, "in.parquet", str(tmp_path / "a.parquet"), "--shard", "1/2")
        run(folder, "less.parquet", str(tmp_path / "b.parquet"), "--shard", "2/2")
        assert "input.sha256" in refusal(folder, capsys, str(tmp_path))

    def test_other_files(self, folder, capsys):
        """A report of a whole run, an input and a damaged file are no shards."""
        assert "whole.parquet: this is not the report of a shard" in refusal(
            folder, capsys, str(folder / "whole.parquet")
        )
        assert "in.parquet: this is not the report of a shard" in refusal(folder, capsys, str(folder / "in.parquet"))
        (folder / "bad.parquet").write_bytes((folder / "shard-01.parquet").read_bytes()[:-20])
        assert "bad.parquet: this is not a whole and readable Parquet" in refusal(
            folder, capsys, str(folder / "bad.parquet")
        )

    def test_rows_that_were_edited(self, folder, capsys, tmp_path):
        """A shard whose rows are not those that were counted is refused when it is read."""
        path = tmp_path / "edited.parquet"
        table = pq.read_table(folder / "shard-01.parquet")
        verdicts = pa.array(["correct"] * table.num_rows, pa.string())
        edited = table.set_column(table.column_names.index("grade_verdict"), "grade_verdict", verdicts)
        said = {"grader": pq.read_metadata(folder / "shard-01.parquet").metadata[b"grader"]}
        pq.write_table(edited.replace_schema_metadata(said), path)
        others = [str(folder / f"shard-{number:02}.parquet") for number in range(2, 17)]
        assert "grade shard 1/16 again" in refusal(folder, capsys, str(path), *others)

    def test_outputs(self, folder, capsys, tmp_path):
        """A report that is there is kept, and a shard is never written over."""
        shard = folder / "shard-01.parquet"
        assert join([str(folder / "shard-*.parquet"), "-o", str(shard), "--overwrite"]) == 2
        assert "the output is one of the inputs" in capsys.readouterr().err
        (tmp_path / "joined.parquet").touch()
        assert join([str(folder / "shard-*.parquet"), "-o", str(tmp_path / "joined.parquet")]) == 2
        assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/2/3"])
def test_values_that_name_no_shard(value, capsys, tmp_path):
    """A share that does not exist is refused before anything is read."""
    assert grade([str(tmp_path), "-o", "x.parquet", f"--shard={value}"]) == 2
    assert "as in 3/16" in capsys.readouterr().err


def test_more_shards_than_parts(folder, tmp_path):
    """A share may be empty; its report has no rows and is wanted all the same."""
    grade_shards(folder, "in.parquet", 5, str(tmp_path / "shard"), "--part-rows", "100")
    assert [pq.read_metadata(path).num_rows for path in sorted(tmp_path.iterdir())] == [0, 100, 100, 100, 30]
    assert join([str(tmp_path), "-o", str(folder / "of-five.parquet")]) == 0
    assert pq.read_table(folder / "of-five.parquet").equals(pq.read_table(folder / "whole.parquet"))


def test_a_stopped_shard_goes_on(folder, tmp_path, capsys):
    """A shard resumes its own parts, and not those of another shard."""

    class Stopping(Alone):
        def reports(self, chunks):
            for number, answer in enumerate(super().reports(chunks)):
                if number == 2:
                    raise KeyboardInterrupt
                yield answer

    def request(number, **options):
        return Request(
            [str(folder / "in.parquet")], tmp_path / "a.parquet", part_rows=10, shard=Shard(number, 4), **options
        )

    with pytest.raises(KeyboardInterrupt):
        run_grade(prepare(request(3)), Stopping(Grader(Pair())))
    with pytest.raises(Exception, match="--shard was 3/4 and is 2/4"):
        run_grade(prepare(request(2)), Alone(Grader(Pair())))
    capsys.readouterr()
    run_grade(prepare(request(3)), Alone(Grader(Pair())))
    assert "resuming: 2 parts with 20 of 80 rows are there; going on at row 181" in capsys.readouterr().err
    assert pq.read_table(tmp_path / "a.parquet").equals(pq.read_table(folder / "whole.parquet").slice(160, 80))


def test_a_flipped_bit(folder, tmp_path, capsys):
    """Wherever a bit of a shard flips, its rows are joined as they were, or it is refused in one sentence."""
    for number in (1, 2):
        run(folder, "in.parquet", str(tmp_path / f"s{number}.parquet"), "--shard", f"{number}/2", "--limit", "20")
    shards, joined = str(tmp_path / "s*.parquet"), tmp_path / "joined.parquet"
    victim = tmp_path / "s1.parquet"
    data = victim.read_bytes()
    assert join([shards, "-o", str(joined)]) == 0
    rows, refused = pq.read_table(joined), 0
    places = random.Random(7)
    for place in places.sample(range(4, len(data)), 150):
        victim.write_bytes(data[:place] + bytes([data[place] ^ 1 << places.randrange(8)]) + data[place + 1 :])
        joined.unlink(missing_ok=True)
        capsys.readouterr()
        if join([shards, "-o", str(joined)]) == 0:
            assert pq.read_table(joined).equals(rows), place
        else:
            said = capsys.readouterr().err
            assert (said.count("\n"), "s1.parquet" in said, joined.exists()) == (1, True, False), said
            refused += 1
    assert refused > 75
