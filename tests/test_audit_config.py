"""audit.toml: what is wrong is named with its line and what would be right, all of it at once."""

import pytest
from audits import write_config, write_rows
from hypothesis import given
from hypothesis import strategies as st

from grader.audit.config import Config, chosen, read_config
from grader.audit.toml_lines import key_lines, line_of
from grader.cli.audit import EXAMPLE, main
from grader.errors import InputError, UsageError

GOOD = """\
store = "s"
[[data]]
name = "a"
inputs = ["a.parquet"]
slices = ["source"]
[[gate]]
measure = "flawed"
slice = "source"
warn = { share = "2.5 %" }
fail.share = "5 %"
fail.worse_than_last = "0.5 points"
"""


def read(tmp_path, text):
    path = tmp_path / "audit.toml"
    path.write_text(text)
    return read_config(path)


def test_a_good_file_is_read(tmp_path):
    """Shares and points become fractions of 1, and relative paths are those of the file's folder."""
    config = read(tmp_path, GOOD)
    gate = config.gate[0]
    assert (gate.warn.share, gate.fail.share, gate.fail.worse_than_last) == (0.025, 0.05, 0.005)
    assert config.data[0].inputs == [str(tmp_path / "a.parquet")]
    assert config.store == str(tmp_path / "s")
    assert config.keep_nights == 30


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'measure = "flawed"',
            'mesure = "flawed"',
            "line 7: gate 1: mesure is not a key of [[gate]]; did you ",
        ),
        ('measure = "flawed"', 'measure = "flaws"', "line 7: gate 1: measure is 'flaws'; it must be 'f"),
        (
            "[[gate]]",
            "[[gates]]",
            "line 6: gates is not a key of the file; did you mean gate? allowed",
        ),
        ('"2.5 %"', '"2.5"', "line 9: gate 1: warn.share is '2.5': write it as '5 %', from 0 to 100"),
        ('"2.5 %"', '"250 %"', "line 9: gate 1: warn.share is '250 %': write it as '5 %'"),
        ('"0.5 points"', "0.5", "line 11: gate 1: fail.worse_than_last is 0.5: write it as '0.5 points'"),
        (
            '{ share = "2.5 %" }',
            "{ shar = 1 }",
            "line 9: gate 1: warn.shar is not a key of [warn]; did you",
        ),
        (
            '{ share = "2.5 %" }',
            "{ count = 1.5 }",
            "line 9: gate 1: warn.count is 1.5: input should be a",
        ),
        ('{ share = "2.5 %" }', "{}", "line 9: gate 1: warn names no bound; allowed are count"),
        ('{ share = "2.5 %" }', "{ below = 0.5 }", "line 9: gate 1: warn.below does not go with measure = 'flawed'"),
        (
            'slice = "source"',
            'slice = "kind"',
            "line 8: gate 1: 'kind' is not among the slices of data ",
        ),
        ('slice = "source"', 'data = "b"', "line 8: gate 1: there is no data set 'b'; there are a"),
        ('slice = "source"', 'gold = "g.parquet"', "line 8: gate 1: gold goes only with measure = 'weighted_f1'"),
        ('name = "a"', 'name = "../a"', "line 3: data 1: name is '../a': a name has 1 to 64 letters"),
        ('name = "a"', 'name = "gold"', "line 3: data 1: name 'gold' is the folder of gold reports"),
        ('name = "a"', "", "line 2: data 1: name is missing; allowed are name, inputs"),
        ('inputs = ["a.parquet"]', "inputs = []", "line 4: data 1: inputs"),
        (
            'inputs = ["a.parquet"]',
            'inputs = ["a"]\nlimit = 3\nfraction = 0.1',
            "line 6: data 1: limit and ",
        ),
        ('store = "s"', "", "store is missing; allowed are store, keep_nights, models, data, gate, on_failure"),
        (
            'store = "s"',
            'store = "s"\nkeep_nights = "7"',
            "line 2: keep_nights is '7': input should be a",
        ),
        (
            'store = "s"',
            'store = "s"\n[models]\nextractor = "x"',
            "line 3: models.extractor is 'x'; it must be ",
        ),
        *(
            ('store = "s"', f'store = "s"\n[models]\n{keys}', said)
            for keys, said in (
                ('device = "gpu"', "line 3: models.device is 'gpu': a device is cpu, cuda or cuda:N"),
                ('devices = ["cpu", "gpu"]', "line 3: models.devices 2: is 'gpu': a device is cpu, cuda or cuda:N"),
                ('devices = "cpu,cpu"', "line 3: models.devices is 'cpu,cpu': input should be a valid tuple"),
                ("devices = []", "line 3: models.devices: name at least one device, or leave it out; a device is cpu"),
                ('device = "cpu"\ndevices = ["cpu"]', "line 4: models: device and devices exclude each other"),
                ('memory = "8"', "line 3: models.memory is '8': write a size as '8GB' or '7.5GiB'; allowed are GB"),
                ("memory = 8", "line 3: models.memory is 8: write a size as '8GB' or '7.5GiB'"),
                ('memory = "8GB"\ndevices = ["cpu", "cpu"]', "line 3: models: memory is for a GPU"),
                ('compile = "yes"', "line 3: models.compile is 'yes': input should be a valid boolean"),
            )
        ),
        ('store = "s"', "store = ", "this is not TOML"),
        ('store = "s"', "store = " + "[" * 5_000, "this is not TOML"),
        ('store = "s"', "store = " + "9" * 5_000, "this is not TOML"),
        ('store = "s"', 'store = "s3://b/store"', "line 1: store is 's3://b/store': the store is a folder of this"),
        ('store = "s"', 'store = "a\\u0000b"', "line 1: store is 'a\\x00b': the store is a folder of this machine"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, said):
    """A message names the line, the key, the value and what is allowed."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in str(caught.value)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    """Some editors begin every file with one."""
    assert read(tmp_path, "\ufeff" + GOOD).keep_nights == 30


def test_keys_of_the_models_are_those_of_grade(tmp_path):
    """Devices are a list, a size becomes bytes, and models can be looked up by their configuration."""
    text = '[models]\ndevices = ["cuda:0", "cuda:1"]\nmemory = "7.5GiB"\ncompile = true\n'
    models = read(tmp_path, GOOD.replace("[[data]]", f"{text}[[data]]")).models
    assert (models.devices, models.memory, models.compile) == (("cuda:0", "cuda:1"), 7.5 * 2**30, True)
    assert {models: 1}[models.model_copy()] == 1


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    """Two mistakes are two lines of one message."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, GOOD.replace('name = "a"', 'nam = "a"').replace('"5 %"', '"x"'))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ('measure = "weighted_f1"\nfail = { below = 0.5 }', "gold is needed for"),
        ('measure = "weighted_f1"\ngold = "g"\nlabel = "l"\nfail = { share = "1 %" }', "fail.share does not go with"),
        (
            'measure = "weighted_f1"\ngold = "g"\nlabel = "l"\nslice = "source"\nfail = { below = 0.1 }',
            "slice does not go",
        ),
        ('measure = "new_flawed"\nfail = { worse_than_last = "1 point" }', "fail.worse_than_last does not go with"),
        ('measure = "failed"\nsha256 = "%s"\nfail = { count = 0 }' % ("0" * 64), "sha256 goes only with"),
        ('measure = "failed"', "it has neither warn nor fail"),
    ],
)
def test_gates_that_contradict_themselves(tmp_path, gate, said):
    """Bounds and keys that do not go with a measure are refused."""
    with pytest.raises(UsageError, match=said):
        read(tmp_path, f"{GOOD}\n[[gate]]\n{gate}\n")


@pytest.mark.parametrize("path", ["no.toml", "."])
def test_a_file_that_cannot_be_read(tmp_path, path):
    """A configuration that is not there, or is a folder, is a message with a remedy."""
    with pytest.raises(UsageError, match="write one with grade-audit init"):
        read_config(tmp_path / path)


def test_lines_of_keys():
    """Tables, arrays of tables and dotted keys are found on their lines."""
    lines = key_lines('a = 1\n[[data]]\nname = "x"\n[[data]]\nname = "y"\nfail.share = 1\n[data.models]\nb = 2\n')
    assert lines["data", 0, "name"] == 3
    assert lines["data", 1, "name"] == 5
    assert lines["data", 1, "fail", "share"] == 6
    assert lines["data", 1, "models", "b"] == 8
    assert line_of(lines, ("data", 1, "fail", "other")) == 6
    assert line_of(lines, ("nothing",)) is None


@given(st.text())
def test_any_text_has_lines(text):
    """No text makes looking for lines fail."""
    for line in key_lines(text).values():
        assert line >= 1


def test_data_sets_are_chosen_by_name(tmp_path):
    """An unknown name of --only is refused with those that are there."""
    config = read(tmp_path, GOOD)
    assert [one.name for one in chosen(config, [])] == ["a"]
    with pytest.raises(InputError, match="there is no such data set; there are a"):
        chosen(config, ["b"])


def test_the_example_is_a_configuration(tmp_path, monkeypatch, capsys):
    """`grade-audit init` writes a file that is valid as it stands, and never over another one."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert (tmp_path / "audit.toml").read_text() == EXAMPLE.read_text()
    assert isinstance(read_config(tmp_path / "audit.toml"), Config)
    assert main(["init"]) == 2
    assert "already there" in capsys.readouterr().err
    assert main(["init", "audit.yaml"]) == 2


def test_every_commented_key_of_the_example_is_one(tmp_path):
    """What the example shows in comments is valid too, once it is no comment."""
    lines = EXAMPLE.read_text().splitlines()
    loose = [line[2:] if line.startswith(("# [", "# command", "# timeout")) else line for line in lines]
    models = [line[2:].split(" #")[0] for line in lines if line.startswith(("# extractor", "# classifier", "# thr"))]
    text = "\n".join(loose).replace("[models]", "\n".join(["[models]", *models]))
    config = read(tmp_path, text)
    assert config.on_failure.timeout_s == 60
    assert config.models.extractor == "auto"


def test_check_looks_at_inputs_and_columns(tmp_path, capsys):
    """--check tells the columns that are found, and refuses what is missing, with exit code 2; it writes nothing."""
    write_rows(tmp_path / "rows.parquet", ["right"] * 3)
    assert main([str(write_config(tmp_path)), "--check"]) == 0
    assert "d: 3 rows; columns: problem from 'problem'" in capsys.readouterr().out
    assert main([str(write_config(tmp_path, slices=["kind"])), "--check"]) == 2
    assert "data set 'd': " in (said := capsys.readouterr().err)
    assert "there is no column 'kind' for slices" in said
    gold = '[[gate]]\nmeasure = "weighted_f1"\ngold = "rows.parquet"\nlabel = "label"\nfail = { below = 0.5 }\n'
    assert main([str(write_config(tmp_path, gold)), "--check"]) == 2
    assert "there is no column 'label' for label" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_check_and_dry_run_exclude_each_other(tmp_path, capsys):
    """Two options that ask for different things are refused."""
    assert main([str(write_config(tmp_path)), "--check", "--dry-run"]) == 2
    assert "exclude each other" in capsys.readouterr().err
