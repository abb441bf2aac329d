from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.sentences import split

pieces = st.sampled_from(
    ["We", "et", "al.", "e.g.", "Fig.", "3", "0.5", "(2020)", "model", "A.", "The", "end.", "Why?", "\n", "\n\n", " ",
     "“Quoted.”", "i.e.", "J.", "layer", "...", "[12]", "x.3", "ﬁne."]
)  # fmt: skip


def parts(text: str) -> list[str]:
    return [text[a:b] for a, b in split(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Meng et al. (2022) edit facts in GPT.",
        "Some heads, e.g. Name Movers, copy names.",
        "See Fig. 3 and Sec. 4 for the loss of 0.5 bits.",
        "The lens is due to J. K. Doe and others.",
        "It holds for i.i.d. samples only.",
        "Version 3.5 is used, cf. Appendix B.",
    ],
)
def test_a_full_stop_inside_a_sentence_ends_nothing(sentence: str) -> None:
    assert parts(sentence + " We go on.") == [sentence, "We go on."]


def test_ends_after_marks_quotes_footnotes_and_single_letters() -> None:
    assert parts("It works. Does it? Yes! “It does.” Fine.") == ["It works.", "Does it?", "Yes!", "“It does.”", "Fine."]
    assert parts("It works.3 We go on.") == ["It works.3", "We go on."]
    assert parts("This is layer L. We then ablate it.") == ["This is layer L.", "We then ablate it."]
    assert parts("Shown by Meng et al. We go on.") == ["Shown by Meng et al.", "We go on."]


def test_a_blank_line_ends_a_sentence_and_a_line_break_only_where_the_next_line_starts_one() -> None:
    assert parts("3 Methods\n\nWe ablate heads") == ["3 Methods", "We ablate heads"]
    assert parts("This runs over\nthe page. Next one.") == ["This runs over\nthe page.", "Next one."]
    assert parts("This is about the\nIOI task.") == ["This is about the\nIOI task."]
    assert parts("Ends here.\nStarts here.") == ["Ends here.", "Starts here."]


@given(st.one_of(st.text(max_size=200), st.lists(pieces, max_size=40).map(" ".join)))
def test_spans_tile_the_text_in_order(text: str) -> None:
    spans = split(text)
    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)
