"""The classifier engine answers as a plain forward of each solution would, however the batches are made."""

import json
import random
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tiny_models import old_classifier, tiny_adapter, tiny_phi

from grader.adapters import places
from grader.cli.grade import main
from grader.engines import load_pair, torch_classifier
from grader.engines.torch_classifier import TorchClassifier
from grader.errors import AdapterError, UsageError
from grader.modeling import attach_adapter, bare, encode_solutions, load_adapted, load_base, upload
from grader.modeling.classifier import GPTSequenceClassifier
from grader.pipeline import Grader
from grader.types import Classification, RowStatus, Solution

CLOSE = 1e-5
"""Largest difference of a probability on a CPU in float32, whatever the batch."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Give the folder of a pair that has only a classifier, which holds its base as the embedded one does."""
    folder = tmp_path_factory.mktemp("pair")
    tiny_adapter(folder / "classifier", "classifier", threshold=0.3, temperature=2.0)
    return folder


@pytest.fixture(scope="module")
def loaded(pair):
    """Give the loaded classifier."""
    return load_adapted(pair / "classifier", "classifier", device="cpu")


@pytest.fixture(scope="module")
def solutions():
    """Give solutions of very different lengths, one of them twice."""
    draw = random.Random(1)
    texts = [
        "\n".join("x" * draw.randint(0, 30) + str(draw.random()) for _ in range(draw.randint(1, 8))) for _ in range(23)
    ]
    return [Solution(f"Problem {index} " * (index % 4), text) for index, text in enumerate([*texts, texts[0]])]


def flat(answers):
    return torch.tensor([value for answer in answers for value in (answer.flawed, *answer.by_line)])


def difference(answers, others):
    """Compare shapes exactly and give the largest difference of a probability."""
    assert [len(one.by_line) for one in answers] == [len(one.by_line) for one in others]
    return (flat(answers) - flat(others)).abs().max().item()


def test_it_answers_as_a_plain_forward(pair, loaded, solutions):
    """Every probability is the calibrated softmax of the unmerged model on that solution alone, at the line's end."""
    base = load_base("classifier", pair / "classifier" / "base")
    plain = attach_adapter(GPTSequenceClassifier(base), pair / "classifier")
    wanted = []
    for solution in solutions:
        lines = solution.solution.split("\n")
        row = encode_solutions(loaded.tokenizer, [(solution.problem, lines)], 1, 512)[0]
        with torch.no_grad():
            hidden = plain.get_base_model().backbone(torch.tensor([row.ids])).last_hidden_state[0]
            logits = plain.get_base_model().head(hidden)
        values = [torch.softmax(logits[at] / 2.0, -1)[1].item() for at in row.readouts]
        assert len(values) == len(lines)
        wanted.append(Classification(values[-1], tuple(values)))
    assert difference(TorchClassifier(loaded).classify(solutions), wanted) < CLOSE
    assert flat(wanted).std() > 0.01  # a model that says the same of everything would prove nothing


@pytest.mark.parametrize("batch_tokens", [1, 300, 1_000, 1_000_000])
def test_the_batch_does_not_matter(loaded, solutions, batch_tokens):
    """One solution a batch or all in one: the same probabilities, in the order asked for."""
    together = TorchClassifier(loaded).classify(solutions)
    assert difference(TorchClassifier(loaded, batch_tokens=batch_tokens).classify(solutions), together) < CLOSE


def test_order_and_neighbours_do_not_matter(loaded, solutions):
    """Shuffled, alone, or beside its double, a solution gets the same answer."""
    engine = TorchClassifier(loaded)
    together = engine.classify(solutions)
    order = random.Random(2).sample(range(len(solutions)), len(solutions))
    shuffled = engine.classify([solutions[index] for index in order])
    assert difference(shuffled, [together[index] for index in order]) < CLOSE
    assert difference([engine.classify([one])[0] for one in solutions[:5]], together[:5]) < CLOSE


def test_the_device_has_its_next_batch_while_it_is_at_one(loaded, solutions, monkeypatch):
    """Only then are answers waited for, those of the first batch, and never are there more than two under way."""
    done = []
    engine = TorchClassifier(loaded, batch_tokens=300, lanes=0, share_problems=False)
    forward, fetch = engine.model.forward, torch.Tensor.tolist
    monkeypatch.setattr(torch_classifier, "upload", lambda *one: done.append("prepare") or upload(*one))
    monkeypatch.setattr(engine.model, "forward", lambda **inputs: done.append("give") or forward(**inputs))
    monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: done.append("wait") or fetch(tensor))
    engine.classify(solutions)
    batches = done.count("give")
    assert batches > 3
    prepared = ["prepare"] * 2  # tokens and read-outs
    first, rest = [*prepared, "give"] * 2, [*prepared, "wait", "give"] * (batches - 2)
    assert done == [*first, *rest, "wait", "wait"]


def test_a_longrope_model_does_not_look_at_its_texts(tmp_path, monkeypatch):
    """It answers as before, and nothing asks how long a text is, for which a GPU would have to be waited for."""
    rope = {"rope_type": "longrope", "rope_theta": 10_000.0, "partial_rotary_factor": 0.75}
    rope |= {"short_factor": [1.5] * 6, "long_factor": [4.0] * 6, "original_max_position_embeddings": 1024}
    base = tiny_phi(tmp_path / "base", rope_parameters=rope, max_position_embeddings=4096)
    tiny_adapter(tmp_path / "classifier", "classifier", base=base)
    loaded = load_adapted(tmp_path / "classifier", "classifier", device="cpu")
    backbone, ids = bare(loaded.model).backbone, torch.arange(1, 40)[None]
    with torch.no_grad():
        wanted = backbone(ids).last_hidden_state
        TorchClassifier(loaded)
        monkeypatch.setattr(torch, "max", None)
        assert (backbone(ids).last_hidden_state - wanted).abs().max() < CLOSE


def test_batches_at_once_change_nothing(loaded, solutions, monkeypatch):
    """Three threads, each of which computes alone, answer to the last bit as one does, and count what they do."""
    before, threads = torch.get_num_threads(), set()
    engine, alone = (TorchClassifier(loaded, batch_tokens=300, lanes=lanes) for lanes in (3, 1))
    forward = engine.model.forward

    def watched(**inputs):
        threads.add((threading.get_ident(), torch.get_num_threads()))
        time.sleep(0.01)  # so that no thread is done before the next one begins
        return forward(**inputs)

    torch.set_num_threads(1)
    try:
        wanted = alone.classify(solutions * 3)
        torch.set_num_threads(2)
        monkeypatch.setattr(engine.model, "forward", watched)
        assert engine.classify(solutions * 3) == wanted
        assert engine.counts == alone.counts
        assert len(threads) == 3
        assert {number for _, number in threads} == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_tokenizers_padding_side_does_not_matter(loaded, solutions):
    """A tokenizer that would pad on the left, as the predecessor's did, gives the same."""
    together = TorchClassifier(loaded).classify(solutions)
    side = loaded.tokenizer.padding_side
    try:
        loaded.tokenizer.padding_side = "left" if side == "right" else "right"
        assert TorchClassifier(loaded).classify(solutions) == together
    finally:
        loaded.tokenizer.padding_side = side


def test_the_same_question_has_the_same_answer(loaded, solutions):
    """On a CPU two runs agree to the last bit."""
    assert TorchClassifier(loaded).classify(solutions) == TorchClassifier(loaded).classify(solutions)


def test_lines_are_those_of_the_report(loaded):
    """There is a probability for each line of the report, the last is the whole's, and annotations are not seen."""
    engine = TorchClassifier(loaded)
    plain, annotated, steps = engine.classify(
        [
            Solution("p", "\n 48/2 = 24\n\nso 24\n#### 24\n"),
            Solution("p", "48/2 = <<48/2=24>>24\r\nso 24\n#### 24"),
            Solution("p", ("48/2 = 24", "", "so 24", "#### 24")),
        ]
    )
    assert len(plain.by_line) == 3
    assert plain.by_line[-1] == plain.flawed
    assert difference([annotated, steps], [plain, plain]) < CLOSE


def test_a_solution_that_is_too_long_says_so(loaded):
    """Lines behind the limit have no probability, and the answer is marked, not silently made from a part."""
    long = Solution("p", "\n".join(["a line of text"] * 100))
    answer, short = TorchClassifier(loaded).classify([long, Solution("p", "a")])
    assert answer.truncated
    assert 0 < len(answer.by_line) < 100
    assert not short.truncated
    fitting = Solution("p", "\n".join(["a line of text"] * len(answer.by_line)))
    assert difference([answer], TorchClassifier(loaded).classify([fitting])) < CLOSE


def test_the_limit_is_never_more_than_the_base_has(tmp_path):
    """A manifest that allows more tokens than the base has positions is held to the base."""
    tiny_phi(tmp_path / "base", max_position_embeddings=128, original_max_position_embeddings=128)
    folder = tiny_adapter(tmp_path / "a", "classifier", tmp_path / "base", max_tokens=4096)
    assert load_adapted(folder, "classifier", device="cpu").max_tokens == 128


def test_nothing_asked_nothing_answered(loaded):
    """No solutions give no answers, and an empty one is read at the end of its problem."""
    assert TorchClassifier(loaded).classify([]) == []
    assert 0 < TorchClassifier(loaded).classify([Solution("p", "")])[0].flawed < 1


class Crowded:
    """Stands for a model on a small GPU: more rows than it holds are too many."""

    def __init__(self, model, rows):
        self.model, self.backbone, self.rows = model, model.backbone, rows
        self.asked = []

    def __call__(self, **inputs):
        """Run out of memory, or answer."""
        self.asked.append(len(inputs["input_ids"]))
        if self.asked[-1] > self.rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.model(**inputs)


def test_lack_of_memory_halves_the_batches(loaded, solutions):
    """The batch is halved until it fits, later ones stay small, and the answers are the same."""
    crowded = Crowded(loaded.model, 5)
    engine = TorchClassifier(loaded._replace(model=crowded), batch_tokens=1_000_000, share_problems=False, lanes=0)
    assert difference(engine.classify(solutions), TorchClassifier(loaded).classify(solutions)) < CLOSE
    assert crowded.asked[:4] == [24, 12, 6, 3]
    failed = [rows for rows in crowded.asked if rows > 5]
    crowded.asked.clear()
    engine.classify(solutions)
    assert len([rows for rows in crowded.asked if rows > 5]) < len(failed)


def test_one_solution_that_does_not_fit_is_an_error_of_its_own(loaded):
    """A single row that the memory does not hold raises, with the remedy; a run reports that row as failed."""
    engine = TorchClassifier(loaded._replace(model=Crowded(loaded.model, 0)), lanes=0)
    with pytest.raises(
        RuntimeError, match="does not fit the memory of the GPU; use --quantization nf4 or --device cpu"
    ):
        engine.classify([Solution("p", "a")])


def test_four_bits_beside_merged_weights(pair, loaded, solutions):
    """Kept in NF4 the model runs unmerged; its probabilities are near the dense ones, as far as 4 bits allow."""
    small = load_adapted(pair / "classifier", "classifier", device="cpu", quantization="nf4")
    assert small.identity["quantization"] == "nf4"
    gap = difference(TorchClassifier(small).classify(solutions), TorchClassifier(loaded).classify(solutions))
    assert 0 < gap < 0.25


class TestPublishedBefore:
    """Adapters of the predecessor's layout: no manifest, the head in a .pth file."""

    @pytest.fixture
    def folder(self, tmp_path):
        """Give such a folder, whose PEFT config names a local base."""
        old_classifier(tmp_path / "old", tiny_phi(tmp_path / "base"))
        return tmp_path / "old"

    def test_it_loads_and_answers_for_the_whole(self, folder):
        """The whole solution has a probability, lines have none: that model was never trained on them."""
        pair = load_pair("rules", classifier=True, adapters=str(folder), threshold=None, device="cpu")
        answer = pair.classifier.classify([Solution("p", "1+1=2\n2+2=4")])[0]
        assert 0 < answer.flawed < 1
        assert answer.by_line == ()
        assert pair.describe()["classifier"]["prompt_version"] == 0

    def test_it_answers_as_the_earlier_code_did(self, tmp_path):
        """The probability is that of the causal LM's last hidden state at the last token under its own head."""
        base = tiny_phi(tmp_path / "base")
        adapted, head = old_classifier(tmp_path / "old", base)
        loaded = load_adapted(tmp_path / "old", "classifier", device="cpu")
        row = encode_solutions(loaded.tokenizer, [("p", ["1+1=2", "so 2"])], 0, 512)[0]
        with torch.no_grad():
            hidden = adapted(input_ids=torch.tensor([row.ids]), output_hidden_states=True).hidden_states[-1]
            wanted = torch.softmax(head(hidden[0, -1]), -1)[1].item()
        answer = TorchClassifier(loaded).classify([Solution("p", "1+1=2\nso 2")])[0]
        assert answer.flawed == pytest.approx(wanted, abs=CLOSE)


class TestPair:
    """The options choose what is loaded, and the sentence says what it is."""

    def test_a_classifier_without_an_extractor(self, pair):
        """Rules read where the pair has no extractor; the threshold is the manifest's, or the option's."""
        found = load_pair("auto", classifier=True, adapters=str(pair), threshold=None, device="cpu")
        assert (found.mode, found.extractor, found.threshold) == ("rules", None, 0.3)
        assert found.sentence() == f"equations read by rules; classifier of {pair}"
        told = found.describe()["classifier"]
        assert (told["base"], told["prompt_version"], told["temperature"], told["threshold"]) == ("./base", 1, 2.0, 0.3)
        assert len(told["adapter_sha256"]) == 64
        given = load_pair("rules", classifier=True, adapters=str(pair), threshold=0.9, device="cpu")
        assert given.threshold == 0.9

    def test_both_halves(self, pair, tmp_path):
        """Two adapters make a pair: the model reads what the rules are not sure of, or everything."""
        extractor = tiny_adapter(tmp_path / "e", "extractor")
        both = f"{pair / 'classifier'},{extractor}"
        found = load_pair("model", classifier=True, adapters=both, threshold=None, device="cpu")
        assert found.sentence() == f"equations read by model ({both}); classifier of {both}"
        told = found.describe()
        assert (told["extractor"]["mode"], told["extractor"]["model"]["prompt_version"]) == ("model", 1)
        assert len(found.extractor.extract(["1+1 = 2", "so"], [None, None])) == 2

    def test_wishes_that_the_pair_cannot_meet_are_refused(self, pair):
        """An extractor or a classifier that the pair does not have is an error that names the pair."""
        with pytest.raises(UsageError, match=r"--extractor model: .* has no extractor"):
            load_pair("model", classifier=True, adapters=str(pair), threshold=None)
        with pytest.raises(UsageError, match=r"--threshold: there is no classifier to apply it to"):
            load_pair("auto", classifier=False, adapters=str(pair), threshold=0.5)
        with pytest.raises(UsageError, match="--device tpu"):
            load_pair("auto", classifier=True, adapters=str(pair), threshold=None, device="tpu")

    def test_an_embedded_pair_is_found_and_may_go_away(self, pair, monkeypatch, tmp_path):
        """Whatever lies in the package's folder is the default; without it the rules read, by the same code."""
        monkeypatch.delenv(places.VARIABLE, raising=False)
        monkeypatch.setattr(places, "EMBEDDED", pair)
        found = load_pair("auto", classifier=True, adapters=None, threshold=None, device="cpu")
        assert found.sentence() == "equations read by rules; classifier of the embedded pair"
        monkeypatch.setattr(places, "EMBEDDED", tmp_path / "none")
        found = load_pair("auto", classifier=True, adapters=None, threshold=None, device="cpu")
        assert found.sentence() == "equations read by rules; no classifier (no adapter pair is installed)"

    def test_a_changed_adapter_does_not_load(self, tmp_path):
        """A file that is not the manifest's is an error before anything is graded."""
        tiny_adapter(tmp_path / "classifier", "classifier")
        with (tmp_path / "classifier" / "adapter_model.safetensors").open("ab") as file:
            file.write(b"x")
        with pytest.raises(AdapterError, match="changed since"):
            load_pair("auto", classifier=True, adapters=str(tmp_path), threshold=None, device="cpu")

    def test_a_changed_base_does_not_load(self, tmp_path):
        """Other weights beside the manifest than it was trained on are an error."""
        tiny_adapter(tmp_path / "classifier", "classifier")
        tiny_phi(tmp_path / "classifier" / "base", seed=9)
        with pytest.raises(AdapterError, match="not the one that"):
            load_pair("auto", classifier=True, adapters=str(tmp_path), threshold=None, device="cpu")

    def test_it_grades(self, pair):
        """The pipeline reports the classifier's probabilities of the row and of each of its lines."""
        found = load_pair("rules", classifier=True, adapters=str(pair), threshold=None, device="cpu")
        with Grader(found) as grader:
            graded, skipped = grader.grade([Solution("p", "1+1 = 2\nso 2"), Solution("p", None)])
        wanted = found.classifier.classify([Solution("p", "1+1 = 2\nso 2")])[0]
        assert graded.flaw_probability == wanted.flawed
        assert [line.flaw_probability for line in graded.lines] == list(wanted.by_line)
        assert skipped.status is RowStatus.SKIPPED

    def test_the_command_uses_it(self, pair, tmp_path, capsys):
        """``grade --adapters`` says which pair it uses, writes probabilities and records the model's identity."""
        rows = {"problem": ["p", "p"], "solution": ["1+1 = 2\nso 2", None]}
        pq.write_table(
            pa.table(rows, pa.schema({"problem": pa.string(), "solution": pa.string()})), tmp_path / "in.parquet"
        )
        argv = [str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out.parquet"), "--adapters", str(pair)]
        assert main([*argv, "--device", "cpu", "--quantization", "none", "--offline", "--workers", "0"]) == 0
        assert f"classifier of {pair}" in capsys.readouterr().err
        table = pq.read_table(tmp_path / "out.parquet")
        probability, missing = table["grade_flaw_probability"].to_pylist()
        assert 0 < probability < 1
        assert missing is None
        metadata = json.loads(pq.read_metadata(tmp_path / "out.parquet").metadata[b"grader"])
        assert metadata["classifier"]["quantization"] == "none"
        assert metadata["options"]["device"] == "cpu"
