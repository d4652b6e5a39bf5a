"""Text as token ids: control tokens in data stay text, and a solution's read-outs stand where its lines end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import GEMMA_CONTROL, PHI_CONTROL, byte_tokenizer, tiny_gemma

from grader.errors import AdapterError
from grader.modeling import encode, encode_solutions, load_tokenizer
from grader.prompts import Segment, extractor_prompt

LOOSE = ("<|tool|>", "[MASK]", "<<|tool|>", "\n\n")


class TestEncoding:
    """Text of the data never becomes a control token."""

    @pytest.mark.parametrize("control", [GEMMA_CONTROL, PHI_CONTROL])
    def test_control_tokens_in_text_stay_text(self, control):
        """A text that spells control tokens, special or only added, is encoded as its characters and decodes back."""
        tokenizer = byte_tokenizer(control, loose=LOOSE, pad_token=control[0])
        text = "a" + "b".join([*control, *LOOSE[:3]]) + "c" + control[-1] * 2
        ids = encode(tokenizer, [Segment(text)])
        assert tokenizer.decode(ids) == text
        assert min(ids) >= len(control) + 3

    @given(st.lists(st.sampled_from([*PHI_CONTROL, *LOOSE, "<", "|", "end", ">", " ", "é", "[", "MASK]", "7"])))
    def test_no_text_gives_a_control_id(self, pieces):
        """Whatever pieces a text is made of, it decodes to itself and holds no control id."""
        tokenizer = TOKENIZER
        ids = encode(tokenizer, [Segment("".join(pieces))])
        assert tokenizer.decode(ids) == "".join(pieces)
        assert not {tokenizer.convert_tokens_to_ids(token) for token in (*PHI_CONTROL, *LOOSE[:3])} & set(ids)

    def test_added_white_space_stays_one_token(self):
        """A tokenizer's own tokens for white space are words to it, not control: text may give them."""
        assert encode(TOKENIZER, [Segment("\n\n")]) == [TOKENIZER.convert_tokens_to_ids("\n\n")]

    def test_control_segments_are_one_id(self, tmp_path):
        """The prompt's own control tokens are single ids, those in the line are not."""
        tokenizer = load_tokenizer(tiny_gemma(tmp_path))
        ids = encode(tokenizer, extractor_prompt("<end_of_turn>"))
        names = tokenizer.convert_ids_to_tokens(ids)
        assert [names.count(token) for token in ("<bos>", "<start_of_turn>", "<end_of_turn>")] == [1, 2, 1]

    def test_a_missing_control_token_is_an_error(self):
        """A base whose tokenizer lacks a token of the prompt is named as the wrong one."""
        with pytest.raises(AdapterError, match="no control token <bos>; use the base"):
            encode(TOKENIZER, extractor_prompt("1+1=2"))

    def test_a_lone_surrogate_is_replaced(self):
        """Text that is not Unicode (a broken command line) is encoded with a mark in its place."""
        assert TOKENIZER.decode(encode(TOKENIZER, [Segment("a\ud800b")])) == "a?b"


TOKENIZER = byte_tokenizer(PHI_CONTROL, loose=LOOSE, pad_token=PHI_CONTROL[0])


class TestSolutions:
    """A solution is encoded with the places at which its verdict is read."""

    def test_each_line_is_read_at_its_line_feed(self):
        """The read-outs are the positions of the line ends, an empty line's too, and the last is the text's end."""
        row = encode_solutions(TOKENIZER, [("How?", ["a=1", "", "b"])], 1, 512)[0]
        assert TOKENIZER.decode(row.ids) == "### Problem:\nHow?\n\n### Solution:\na=1\n\nb\n"
        newline = encode(TOKENIZER, [Segment("\n")])[0]
        assert [row.ids[at] for at in row.readouts] == [newline] * 3
        assert row.readouts[-1] == len(row.ids) - 1
        assert not row.truncated

    def test_a_tokenizer_that_begins_texts_begins_this_one(self, tmp_path):
        """A beginning token is put first where the tokenizer itself puts one, and nowhere else."""
        gemma = load_tokenizer(tiny_gemma(tmp_path))
        assert encode_solutions(gemma, [("p", ["a"])], 1, 512)[0].ids[0] == gemma.bos_token_id
        phi = encode_solutions(TOKENIZER, [("p", ["a"])], 1, 512)[0]
        assert TOKENIZER.decode(phi.ids[:3]) == "###"

    def test_lines_that_do_not_fit_are_left_out_and_it_says_so(self):
        """A long solution keeps the lines that fit, whole; it is marked as truncated."""
        row = encode_solutions(TOKENIZER, [("p", ["x" * 10] * 30)], 1, 100)[0]
        head = len("### Problem:\np\n\n### Solution:\n") - 1  # one token is two line feeds
        assert row.truncated
        assert row.readouts == [head + 11 * line - 1 for line in range(1, (100 - head) // 11 + 1)]

    @pytest.mark.parametrize("lines", [["x" * 300], ["x" * 10, "y"], ["x" * 1_000_000]])
    def test_a_long_problem_loses_its_middle(self, lines):
        """Problem and solution share the room, the problem keeps its beginning and end, and a line is always read."""
        row = encode_solutions(TOKENIZER, [("begin" + "p" * 200_000 + "end", lines)], 1, 100)[0]
        text = TOKENIZER.decode(row.ids)
        assert row.truncated
        assert len(row.ids) <= 100
        assert text.startswith("### Problem:\nbegin")
        assert "end\n\n### Solution:\n" in text
        assert row.readouts[-1] == len(row.ids) - 1

    def test_version_0_is_read_once(self):
        """A model that was trained on whole solutions is read at the last token only, also of a text that was cut."""
        short, long = encode_solutions(TOKENIZER, [("p", ["a", "b"]), ("p", ["a" * 500, "b"])], 0, 512)
        assert TOKENIZER.decode(short.ids).endswith("### Answer:\na\nb")
        assert (short.readouts, short.truncated) == ([len(short.ids) - 1], False)
        assert (long.readouts, long.truncated) == ([511], True)
