"""Adapter folders are what their manifest says or are refused, and a pair is found in one order."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.adapters import (
    Base,
    Manifest,
    base_digest,
    base_folder,
    check_folder,
    find_pair,
    places,
    read_manifest,
    write_manifest,
)
from grader.errors import AdapterError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MANIFEST = Manifest("classifier", Base("owner/base", "main"), 1, 512, threshold=0.4, temperature=1.5)


def adapter(folder, manifest=MANIFEST, **config):
    """Write a folder whose weights nobody looks at here."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"peft_type": "LORA", "bias": "none", "base_model_name_or_path": "owner/base", **config}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    (folder / "adapter_model.safetensors").write_bytes(b"weights of " + str(folder).encode())
    if manifest is not None:
        write_manifest(folder, manifest)
    return folder


def pair(folder):
    for kind in ("extractor", "classifier"):
        adapter(folder / kind, replace(MANIFEST, kind=kind))
    return folder


def cached(monkeypatch, folder, repository, revision="main"):
    """Lay a folder of the hub's cache out and give the folder of the snapshot."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    root = folder / f"models--{repository.replace('/', '--')}"
    snapshot = root / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / revision).write_text(COMMIT)
    return snapshot


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """Take the embedded pair and the variable away."""
    monkeypatch.setattr(places, "EMBEDDED", tmp_path / "embedded")
    monkeypatch.delenv(places.VARIABLE, raising=False)


class TestManifest:
    """What is written is read back; what does not hold is refused by name."""

    def test_it_is_read_back_as_written(self, tmp_path):
        """Writing fills in the hashes of the folder's files and reading gives the same manifest."""
        adapter(tmp_path, None)
        (tmp_path / "README.md").write_text("a card")
        written = write_manifest(tmp_path, MANIFEST)
        assert set(written.files) == {"README.md", "adapter_config.json", "adapter_model.safetensors"}
        assert read_manifest(tmp_path) == written == check_folder(tmp_path, "classifier")
        assert write_manifest(tmp_path, written) == written

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"kind": "judge"}, "kind must be one of"),
            ({"kind": ["classifier"]}, "kind must be one of"),
            ({"prompt_version": 3}, "prompt_version must be one of"),
            ({"format": 2}, "format 2 is not known"),
            ({"prompt_version": 7}, "prompt_version must be one of"),
            ({"max_tokens": 3}, "max_tokens must be"),
            ({"max_tokens": "512"}, "max_tokens must be"),
            ({"threshold": 1}, "threshold must lie"),
            ({"threshold": "0.5"}, "threshold must lie"),
            ({"temperature": 0}, "temperature must be"),
            ({"temperature": float("nan")}, "temperature must be"),
            ({"labels": ["flawed", "correct"]}, "labels must be"),
            ({"labels": None}, "grader_adapter.json"),
            ({"base": {"name": 3}}, "base must have a name"),
            ({"base": {"name": "a/b", "revision": "../../x"}}, "base must have a name, and a revision"),
            ({"base": {"name": "a/b", "code": "x"}}, "grader_adapter.json"),
            ({"base": None}, "grader_adapter.json"),
            ({"files": {}}, "files must hold"),
            ({"files": {"../secret": "0"}}, "files must map plain file names"),
            ({"files": {"/etc/passwd": "0"}}, "files must map plain file names"),
            ({"files": {"a/b": "0"}}, "files must map plain file names"),
            ({"files": {"..": "0"}}, "files must map plain file names"),
            ({"files": None}, "files must map plain file names"),
            ({"files": [1]}, "files must map plain file names"),
            ({"colour": "red"}, "the keys colour are missing or unknown"),
        ],
    )
    def test_a_value_that_does_not_hold_is_named(self, tmp_path, change, words):
        """Each wrong value is an error that names the file and the value."""
        path = adapter(tmp_path) / "grader_adapter.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(AdapterError, match=words) as caught:
            read_manifest(tmp_path)
        assert str(path) in str(caught.value)

    @pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")])
    def test_a_manifest_that_is_no_object_is_named(self, tmp_path, text):
        """Damaged JSON is an error with its path, not a traceback."""
        path = adapter(tmp_path) / "grader_adapter.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(AdapterError, match=r"grader_adapter.json: "):
            read_manifest(tmp_path)

    def test_a_missing_key_is_named(self, tmp_path):
        """A manifest of another tool's making is refused with the key that it lacks."""
        path = adapter(tmp_path) / "grader_adapter.json"
        values = json.loads(path.read_text())
        del values["temperature"]
        path.write_text(json.dumps(values))
        with pytest.raises(AdapterError, match="the keys temperature are missing"):
            read_manifest(tmp_path)

    @pytest.mark.parametrize("value", [None, True, False])
    def test_the_scope_may_be_left_out(self, tmp_path, value):
        """Without it an adapter decides everywhere, as all did before it was there."""
        path = adapter(tmp_path) / "grader_adapter.json"
        values = json.loads(path.read_text())
        del values["plain_text"]
        path.write_text(json.dumps(values if value is None else {**values, "plain_text": value}))
        assert read_manifest(tmp_path).plain_text is (value is True)

    def test_a_scope_that_is_no_truth_value_is_refused(self, tmp_path):
        """Nothing that merely looks true."""
        path = adapter(tmp_path) / "grader_adapter.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "plain_text": "yes"}))
        with pytest.raises(AdapterError, match="plain_text must be true or false"):
            read_manifest(tmp_path)


class TestFolder:
    """The files are those of the manifest, and a plain LoRA adapter."""

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"x"), "changed since"),
            (lambda folder: (folder / "adapter_config.json").write_text("{}"), "changed since"),
            (lambda folder: (folder / "adapter_model.safetensors").unlink(), "is missing"),
        ],
    )
    def test_files_that_changed_are_named(self, tmp_path, spoil, words):
        """A file that is missing or not the one that was trained is an error with its path and the remedy."""
        spoil(adapter(tmp_path))
        with pytest.raises(AdapterError, match=f"{words}.*again"):
            check_folder(tmp_path, "classifier")

    def test_an_adapter_of_the_other_kind_is_refused(self, tmp_path):
        """An extractor does not judge."""
        adapter(tmp_path, replace(MANIFEST, kind="extractor"))
        with pytest.raises(AdapterError, match="this is the extractor of a pair, not its classifier"):
            check_folder(tmp_path, "classifier")

    @pytest.mark.parametrize(
        ("config", "word"),
        [
            ({"peft_type": "PROMPT_TUNING"}, "PROMPT_TUNING"),
            ({"use_dora": True}, "use_dora"),
            ({"bias": "all"}, "bias"),
            ({"megatron_config": {"a": 1}}, "megatron_config"),
            ({"layer_replication": [[0, 4]]}, "layer_replication"),
            ({"rank_pattern": {"(a+)+$": 4}}, "rank_pattern"),
        ],
    )
    def test_only_plain_lora_is_read(self, tmp_path, config, word):
        """What the loader would silently leave out, or run as a pattern, is refused."""
        with pytest.raises(AdapterError, match=word):
            check_folder(adapter(tmp_path, **config), "classifier")

    def test_a_folder_without_a_manifest_is_of_prompt_version_0(self, tmp_path):
        """Adapters published before this tool are told apart by their side file; PEFT's config names the base."""
        adapter(tmp_path / "e", None)
        adapter(tmp_path / "c", None)
        (tmp_path / "c" / "classifier_head.pth").write_bytes(b"")
        for name, kind in (("e", "extractor"), ("c", "classifier")):
            manifest = check_folder(tmp_path / name, kind)
            assert (manifest.kind, manifest.prompt_version, manifest.base) == (kind, 0, Base("owner/base"))

    @pytest.mark.parametrize("config", [None, {"base_model_name_or_path": None}])
    def test_a_folder_without_either_is_no_adapter(self, tmp_path, config):
        """A folder that names no base is refused."""
        if config is not None:
            adapter(tmp_path, None, **config)
        with pytest.raises(AdapterError, match=r"name an adapter folder|does not name the base"):
            read_manifest(tmp_path)

    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        """The error names the folder."""
        with pytest.raises(AdapterError, match="none: no such adapter folder"):
            read_manifest(tmp_path / "none")


class TestBase:
    """The base is the one that the adapter was trained on."""

    def _base(self, folder, text="{}"):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(text)
        (folder / "model.safetensors").write_bytes(b"weights")
        return folder

    def test_a_base_beside_the_manifest_and_one_elsewhere(self, tmp_path):
        """``./name`` is looked for in the adapter folder, an absolute path where it points."""
        inside, outside = self._base(tmp_path / "a" / "base"), self._base(tmp_path / "elsewhere")
        assert base_folder(tmp_path / "a", Base("./base", sha256=base_digest(inside))) == inside
        assert base_folder(tmp_path / "a", Base(str(outside))) == outside

    def test_another_base_is_refused(self, tmp_path):
        """Other weights or another config than the recorded digest is an error with the remedy."""
        first, other = self._base(tmp_path / "base"), self._base(tmp_path / "other", '{"a": 1}')
        with pytest.raises(AdapterError, match=r"not the one that .* was trained on; bring that one back"):
            base_folder(tmp_path, Base(str(other), sha256=base_digest(first)))

    @pytest.mark.parametrize("name", ["./../secret", "./a/b", "./", "../base", "..", "a/b/c", "C:base", "/nowhere"])
    def test_a_name_that_leads_elsewhere_is_refused(self, tmp_path, name):
        """A base is a plain name in the folder, an absolute path with a config, or a hub id."""
        with pytest.raises(AdapterError, match=r"must be a folder beside|not a hub id|is not there"):
            base_folder(tmp_path, Base(name), offline=True)

    def test_a_base_of_the_hub_comes_from_the_cache_when_offline(self, tmp_path, monkeypatch):
        """Offline, a revision that was fetched before is found, and one that was not is an error with the remedy."""
        snapshot = cached(monkeypatch, tmp_path / "hub", "owner/base", "v1")
        self._base(snapshot / "unused")
        assert base_folder(tmp_path, Base("owner/base", "v1"), offline=True) == snapshot
        assert base_folder(tmp_path, Base("owner/base", COMMIT), offline=True) == snapshot
        with pytest.raises(AdapterError, match=r"owner/base@v2: fetch it once without --offline"):
            base_folder(tmp_path, Base("owner/base", "v2"), offline=True)


class TestFinding:
    """The option, then the variable, then the embedded pair."""

    def test_the_order(self, tmp_path, monkeypatch):
        """Each place is asked only where the one before it says nothing; the pair is named by where it was found."""
        assert find_pair(None) is None
        embedded = pair(tmp_path / "embedded")
        assert find_pair(None) == ("the embedded pair", embedded / "extractor", embedded / "classifier")
        named = pair(tmp_path / "named")
        monkeypatch.setenv("GRADER_ADAPTERS", str(named))
        assert find_pair(None) == (str(named), named / "extractor", named / "classifier")
        option = pair(tmp_path / "option")
        assert find_pair(str(option)) == (str(option), option / "extractor", option / "classifier")

    def test_half_a_pair(self, tmp_path):
        """A folder with one half, and an adapter folder itself, are pairs without the other half."""
        half = adapter(tmp_path / "half" / "classifier")
        assert find_pair(str(tmp_path / "half"))[1:] == (None, half)
        assert find_pair(str(half))[1:] == (None, half)

    def test_two_adapters_make_a_pair(self, tmp_path):
        """Two names joined by a comma are a pair, whichever comes first; two of one kind are refused."""
        one = adapter(tmp_path / "one")
        other = adapter(tmp_path / "other", replace(MANIFEST, kind="extractor"))
        assert find_pair(f"{one},{other}")[1:] == (other, one)
        with pytest.raises(AdapterError, match="two adapters are a classifier"):
            find_pair(f"{one},{one}")

    def test_a_pair_of_the_hub(self, tmp_path, monkeypatch):
        """A hub id with a revision is looked up in the cache when offline."""
        snapshot = pair(cached(monkeypatch, tmp_path / "hub", "owner/pair", "v1"))
        assert find_pair("owner/pair@v1", offline=True)[1:] == (snapshot / "extractor", snapshot / "classifier")
        with pytest.raises(AdapterError, match="owner/none: fetch it once without --offline"):
            find_pair("owner/none", offline=True)

    @pytest.mark.parametrize(
        ("name", "words"),
        [("", None), ("nowhere", "no such folder"), ("a/b@../x", "no such folder"), ("../a/b", "no such folder")],
    )
    def test_a_name_that_is_neither_is_refused(self, name, words):
        """A name that is no folder and no hub id is an error, never silently another pair; an empty one is no name."""
        if words is None:
            assert find_pair(name) is None
            return
        with pytest.raises(AdapterError, match=words):
            find_pair(name, offline=True)

    def test_an_empty_folder_is_refused(self, tmp_path):
        """A folder without an adapter is an error that says what it needs."""
        with pytest.raises(AdapterError, match="needs extractor/ or classifier/"):
            find_pair(str(tmp_path))


def test_finding_a_pair_does_not_import_torch():
    """Looking for adapters, and importing the engines' seam, costs no import of a model library."""
    code = (
        "import sys, grader.engines; from grader.adapters import find_pair; find_pair(None)\n"
        "print([name for name in ('torch', 'transformers', 'peft', 'huggingface_hub') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
