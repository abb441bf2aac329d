"""Which paper a file holds: laws of the comparison, names people give files, and the shared mislabelled papers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.identify import Identity
from ingest.right_paper import Claim, claim_of_name, judge

ABSTRACT = (
    "We show that the model keeps a map of the board, and that it is linear. This is the first result of its kind: "
    "for Othello we find it in a network that was trained to predict moves (OthelloGPT), and we edit it with sparse "
    "autoencoders (SAEs). By that, the predictions of the network change as we expect them to."
)
WORDS = st.lists(
    st.sampled_from(
        ["probing", "neurons", "circuits", "attention", "heads", "sparse", "features", "grokking", "board"]
    ),
    min_size=2,
    max_size=7,
    unique=True,
)
NAMES = st.lists(st.sampled_from(["Ada Byron", "Alan Turing", "Grace Hopper", "Kenneth Li"]), max_size=3, unique=True)


def page(title: str, *authors: str, arxiv: str | None = None) -> tuple[Identity, str]:
    return Identity(title, authors, arxiv, None, None), f"{title}\n\n{', '.join(authors)}\n\n{ABSTRACT}"


@given(WORDS, NAMES, NAMES)
@settings(max_examples=60, deadline=None)
def test_a_page_with_the_claimed_title_is_right_whoever_wrote_it(
    words: list[str], claimed: list[str], theirs: list[str]
) -> None:
    title = " ".join(words)
    assert judge(Claim(title, tuple(claimed)), *page(title.title(), *theirs)) == "right"


@given(WORDS)
@settings(max_examples=60, deadline=None)
def test_case_marks_accents_and_a_nickname_make_no_difference(words: list[str]) -> None:
    shown = page(" ".join(words))
    for title in (
        " ".join(words).upper(),
        "-".join(words),
        f"{' '.join(words)} (SAE)",
        " ".join(words).replace("o", "ó"),
    ):
        assert judge(Claim(title), *shown) == "right"


@given(WORDS, WORDS, NAMES)
@settings(max_examples=100, deadline=None)
def test_a_title_without_a_word_in_common_is_wrong(words: list[str], others: list[str], authors: list[str]) -> None:
    other = [word for word in others if word not in words]
    if len(other) >= 2 and len(words) >= 2 and not any(word in ABSTRACT for word in other):
        assert judge(Claim(" ".join(other), tuple(authors)), *page(" ".join(words), "Nora Example")) == "wrong"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_texts_are_judged(name: str, title: str, front: str) -> None:
    identity = Identity(title, (), None, None, None)
    assert judge(claim_of_name(name), identity, front) in ("right", "wrong", "unknown")
    assert judge(Claim(name), identity, front) in ("right", "wrong", "unknown")
    assert judge(Claim(""), identity, front) == "unknown"


@pytest.mark.parametrize(
    ("name", "title", "authors", "arxiv"),
    [
        ("2409.06981_batchtopk_sae", "batchtopk sae", (), "2409.06981"),
        ("park2023_linear_representation_hypothesis", "linear representation hypothesis", ("park",), None),
        ("nanda2023progress", "progress", ("nanda",), None),
        ("elhage-2021", "", ("elhage",), None),
        ("2309.08600v3", "", (), "2309.08600"),
        ("arXiv-hep-th_9901001", "arXiv hep th", (), None),
    ],
)
def test_a_name_is_taken_apart(name: str, title: str, authors: tuple[str, ...], arxiv: str | None) -> None:
    claim = claim_of_name(name)
    assert (claim.title, claim.authors, claim.arxiv_id) == (title, authors, arxiv)


@pytest.mark.parametrize(
    "name", ["paper", "scan-3", "my_notes", "download (2)", "main", "issue12963", "chapter-4-final", "scrambled-text"]
)
def test_a_name_that_is_no_citation_is_not_held_against_its_file(name: str) -> None:
    assert not claim_of_name(name).firm


@pytest.mark.parametrize(
    ("label", "title", "authors", "verdict"),
    [
        ("2210.13382_othello_world_model", "Emergent World Representations: a Sequence Model", (), "right"),
        ("2203.14680_ff_layers_concepts", "Transformer Feed-Forward Layers Promote Concepts", (), "right"),
        ("2406.04093_scaling_sae", "Scaling and Evaluating Sparse Autoencoders", (), "right"),
        ("2308.07269_EasyEdit_An_Easytouse_Framewo", "EasyEdit: An Easy-to-use Framework for Models", (), "right"),
        (
            "2004.14601_emergent_linguistic_structure",
            "Music Helps: Linguistic Structure in Language Models",
            (),
            "wrong",
        ),
        ("2301.05217_grokking_progress", "Semantic Parsing over Graphs", (), "wrong"),
        ("li2023_world_representations", "Emergent World Representations", ("Kenneth Li",), "right"),
        ("li2023", "Emergent World Representations", ("Kenneth Li",), "right"),
        ("byron1843", "Emergent World Representations", ("Kenneth Li",), "wrong"),
    ],
)
def test_a_label_is_right_or_wrong(label: str, title: str, authors: tuple[str, ...], verdict: str) -> None:
    assert judge(claim_of_name(label), *page(title, *authors)) == verdict


def test_a_title_that_plays_on_another_needs_its_authors() -> None:
    claim = Claim("Attention Is All You Need", ("Ashish Vaswani", "Noam Shazeer"))
    assert judge(claim, *page("Attention Is All You Need")) == "right"
    assert judge(claim, *page("Tree Attention Is All You Need for Long Sentences and Pictures", "Ada Byron")) == "wrong"


def test_a_new_title_is_right_with_its_id_and_authors_alone() -> None:
    claim = Claim("Reading a Board", ("Kenneth Li", "Ada Byron"), "2210.13382")
    retitled = "Emergent World Representations"
    assert judge(claim, *page(retitled, "Kenneth Li", "Ada Byron", arxiv="2210.13382")) == "right"
    assert judge(claim, *page(retitled, "Nora Example", arxiv="2210.13382")) == "wrong"
    assert judge(claim, *page(retitled, "Kenneth Li", "Ada Byron", arxiv="2309.00941")) == "wrong"


def test_a_page_in_another_language_or_script_is_not_called_wrong() -> None:
    german = (
        "Wir zeigen, dass sich Knoten in dynamischen Netzen nach ihrem Inhalt einordnen lassen, ohne Beispiele. " * 5
    )
    chinese = "自然资源统一调查监测现状图建设的若干探索" * 20
    for front in (german, chinese):
        seen = Identity(front[:40], (), None, None, None)
        assert judge(Claim("Classifying Nodes of Dynamic Networks"), seen, front) == "unknown"


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "papers-mislabelled").is_dir(), reason="../shared/papers-mislabelled is not there")
def test_every_mislabelled_paper_is_caught_and_every_right_one_passes() -> None:
    from benchmarks.mislabelled import labelled, read_fronts

    rows = labelled()
    fronts = read_fronts({row.path for row in rows})
    judged = {row.label: judge(claim_of_name(row.label), *fronts[row.path]) for row in rows}
    assert judged == {row.label: "right" if row.right else "wrong" for row in rows}
    assert len(judged) == 31
