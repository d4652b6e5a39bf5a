"""A stopped run loses no row to damage, a stale lock, a late kill or a full disk: it says what is wrong and goes on."""

import json
import os
import shutil
import time

import pyarrow.parquet as pq
import pytest
import stopped_runs
from stopped_runs import ROWS, Stopping, expected, report, run

from grader.errors import EnvironmentStop, UsageError
from grader.run.parts import Parts

folder = stopped_runs.folder


class TestDamage:
    """What the disk did to finished parts."""

    @pytest.mark.parametrize("damage", ["flipped", "truncated", "gone"])
    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_damaged_part_is_graded_again(self, folder, capsys, damage, part):
        """A part whose checksum does not hold is named and graded again, and no other."""
        run(folder, 3)
        path = folder / "report.parquet.parts" / f"part-0000{part}.parquet"
        data = bytearray(path.read_bytes())
        if damage == "gone":
            path.unlink()
        elif damage == "truncated":
            path.write_bytes(data[:-1])
        else:
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        assert run(folder) == [(part * 10, 10), (30, 10), (40, 5)]
        assert f"part-0000{part}.parquet: this part is not what was written" in capsys.readouterr().err
        assert report(folder).equals(expected(folder))

    def test_damage_that_the_join_finds(self, folder, monkeypatch):
        """A part that goes bad after it was checked stops the run, which goes on by grading it again."""
        monkeypatch.setattr(Parts, "holds", lambda *_: False)
        with pytest.raises(EnvironmentStop, match=r"part-00000\.parquet: this part was damaged"):
            run(folder)
        monkeypatch.undo()
        assert run(folder) == []
        assert report(folder).equals(expected(folder))

    @pytest.mark.parametrize("notes", [b"", b"{}", b"[1]", b"null", b"\xff", None])
    def test_damaged_notes(self, folder, notes):
        """Where run.json cannot be trusted the run says so and keeps the parts; --restart starts over."""
        run(folder, 2)
        path = folder / "report.parquet.parts" / "run.json"
        path.write_bytes(path.read_bytes().replace(b"10", b"11", 1) if notes is None else notes)
        with pytest.raises(UsageError, match=r"run\.json: the notes .* are damaged; start over with --restart"):
            run(folder)
        assert (folder / "report.parquet.parts" / "part-00001.parquet").exists()
        assert len(run(folder, restart=True)) == 5
        assert report(folder).num_rows == ROWS


class TestLock:
    """One run at a time."""

    def test_the_second_run_is_refused(self, folder):
        """A run that finds another one at work names its process and leaves it alone."""
        with (
            Parts.hold(folder / "report.parquet"),
            pytest.raises(EnvironmentStop, match=rf"process {os.getpid()} on .* is at work here"),
        ):
            run(folder)
        run(folder)

    def test_a_stale_lock(self, folder):
        """A lock file whose process is gone, or that says nothing, is no lock."""
        run(folder, 2)
        for stale in ("999999 elsewhere\n", ""):
            (folder / "report.parquet.parts" / "lock").write_text(stale)
            assert len(run(folder, 1)) == 1
        run(folder)

    def test_a_link_in_the_place_of_the_folder(self, folder):
        """Parts are not written through a link that somebody put there."""
        (folder / "elsewhere").mkdir()
        (folder / "report.parquet.parts").symlink_to(folder / "elsewhere")
        with pytest.raises(UsageError, match="move this file away"):
            run(folder)


class TestAfterTheReport:
    """Runs that were ended when the report was in its place, before they could clean up."""

    @pytest.fixture
    def ended(self, folder, monkeypatch):
        """Give a folder in which a run was ended between the renaming and the cleaning up."""

        def never(self):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Parts, "clear", lambda self: None)
            run(folder, 1)
            patch.setattr(Parts, "clear", never)
            with pytest.raises(KeyboardInterrupt):
                run(folder, summary=folder / "counts.json")
        assert report(folder).num_rows == ROWS
        return folder

    def test_the_same_command_cleans_up(self, ended, capsys):
        """The same command needs no --overwrite: it writes the summary again, removes the folder, and that is all."""
        (ended / "counts.json").unlink()
        before = (ended / "report.parquet").read_bytes()
        assert run(ended, summary=ended / "counts.json") == []
        assert "the report was in its place already" in capsys.readouterr().err
        assert json.loads((ended / "counts.json").read_text())["rows"] == ROWS
        assert not (ended / "report.parquet.parts").exists()
        assert (ended / "report.parquet").read_bytes() == before

    def test_another_command_is_refused_or_overwrites(self, ended):
        """Another command finds a finished report in its way."""
        with pytest.raises(UsageError, match="--overwrite"):
            run(ended, options={"limit": 3})
        assert len(run(ended, options={"limit": 3}, overwrite=True)) == 5


class TestDisk:
    """The machine says no."""

    def test_a_full_disk(self, folder, monkeypatch):
        """A disk that is full stops the run with exit code 3; with room again the same command goes on."""
        whole = pq.ParquetWriter.write_table
        written = []

        def full(self, *arguments, **options):
            written.append(1)
            if len(written) > 2:
                raise OSError(28, "No space left on device")
            whole(self, *arguments, **options)

        monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
        with pytest.raises(EnvironmentStop, match="free some space and run the same command again") as caught:
            run(folder)
        assert caught.value.exit_code == 3
        monkeypatch.undo()
        assert len(run(folder)) == 3
        assert report(folder).equals(expected(folder))

    def test_a_folder_that_is_taken_away(self, folder):
        """Where somebody removes the parts under way, the run says so and can be started again."""

        class Losing(Stopping):
            def reports(self, chunks):
                for number, row in enumerate(super().reports(chunks)):
                    if number == 2:
                        shutil.rmtree(folder / "report.parquet.parts")
                    yield row

        with pytest.raises(EnvironmentStop, match="the folder was taken away"):
            run(folder, grader=Losing())
        assert len(run(folder)) == 5

    def test_a_clock_that_jumps(self, folder, monkeypatch):
        """Nothing depends on the time of day."""
        times = iter([1e9, -5.0, 4e9, 0.0] * 1000)
        monkeypatch.setattr(time, "time", lambda: next(times))
        run(folder, 2)
        run(folder)
        assert report(folder).num_rows == ROWS
