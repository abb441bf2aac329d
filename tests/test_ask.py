from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from answering_vault import SmallSearch, answering_vault
from loopback_model import LoopbackModel, Reply, Request

from assistant.ask import Done, Retrieved, Text, ask, ask_events
from assistant.draft import Drafter, ModelDrafter, WithFallback
from assistant.errors import ModelError
from assistant.extract import ExtractiveDrafter
from assistant.llm import ChatModel, ModelSettings
from assistant.mend import Unsupported
from assistant.prompts import prompts_hash
from assistant.records import Answer, Draft
from assistant.relevance import names, needed, relevance, unseen
from index.errors import IndexMissing
from index.records import Hit
from ingest.errors import UsageError
from ingest.vault import Vault


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


def answered(
    vault: Vault, question: str, drafter: Drafter | None = None, k: int = 8, unsupported: Unsupported = "rewrite"
) -> Answer:
    drafter = drafter or ExtractiveDrafter()
    return ask(
        question,
        search=SmallSearch(vault),
        vault=vault,
        drafter=drafter,
        embedding_model="readable",
        k=k,
        unsupported=unsupported,
    )


def assert_every_quote_on_its_page(answer: Answer, vault: Vault) -> int:
    quotes = [c for s in answer.sentences for c in s.citations if c.quote]
    for citation in quotes:
        assert citation.paper_id and citation.page
        assert citation.quote in vault.pages(citation.paper_id)[citation.page - 1].text
    return len(quotes)


class Parrot:
    """A model that says one thing."""

    name = "parrot"

    def __init__(self, says: str) -> None:
        self.says = says

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert system and user
        yield self.says


def test_answers_with_quotes_that_stand_on_their_pages(vault: Vault) -> None:
    answer = answered(vault, " What is superposition? ")
    assert answer.question == "What is superposition?" and not answer.abstained and answer.reason == ""
    assert answer.sentences[0].text.startswith("Superposition is") and assert_every_quote_on_its_page(answer, vault)
    recipe = answer.recipe
    assert (recipe.embedding_model, recipe.chat_model, recipe.prompts) == ("readable", "extractive", prompts_hash())
    assert recipe.vault_lock == vault.lock_hash() and recipe.parameters["k"] == 8 and answer.seconds > 0


def test_what_is_not_quoted_is_named_as_also_retrieved(vault: Vault) -> None:
    answer = answered(vault, "How many attention heads has the circuit?")
    cited = {c.passage_id for s in answer.sentences for c in s.citations}
    assert answer.nearest and not cited & {n.passage_id for n in answer.nearest}


def test_abstains_in_words_and_shows_the_nearest(vault: Vault) -> None:
    answer = answered(vault, "How do I bake sourdough bread at home?")
    assert answer.abstained and answer.sentences == ()
    assert "sourdough" in answer.reason and "bread" in answer.reason
    assert 1 <= len(answer.nearest) <= 5


def test_abstains_where_what_is_asked_about_is_nowhere(vault: Vault) -> None:
    for question, name in (
        ("How many attention heads has the circuit in Mamba?", "Mamba"),
        ("How many attention heads are in the circuit in GPT-5?", "GPT-5"),
    ):
        answer = answered(vault, question)
        assert answer.abstained and name in answer.reason
    assert not answered(vault, "How many attention heads has the circuit in GPT 2?").abstained


def test_the_events_come_in_order_while_the_model_speaks(vault: Vault) -> None:
    heard = threading.Event()

    class Slow:
        name = "slow"

        def draft(self, q: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
            assert on_text
            on_text("first ")
            assert heard.wait(10), "the first piece was not handed on while drafting"
            return ExtractiveDrafter().draft(q, hits, on_text=on_text)

    kinds = []
    for event in ask_events(
        "What is superposition?", search=SmallSearch(vault), vault=vault, drafter=Slow(), embedding_model="readable"
    ):
        kinds.append(type(event))
        if isinstance(event, Text):
            heard.set()
    assert kinds[:2] == [Retrieved, Text] and kinds[-1] is Done and set(kinds[1:-1]) == {Text}


@pytest.mark.parametrize("question", ["", "  \n", "???", "a" * 50_000, "\x00\x07"])
def test_what_is_no_question_is_one_line(vault: Vault, question: str) -> None:
    with pytest.raises(UsageError) as raised:
        answered(vault, question)
    assert "\n" not in str(raised.value) and raised.value.hint and len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "question", ["a" * 4000, "'; DROP TABLE", "$\\href{x}{y}$", "¿Qué es superposición?", "🧠 superposition"]
)
def test_odd_questions_end_in_an_answer_or_an_abstention(vault: Vault, question: str) -> None:
    answer = answered(vault, question)
    assert answer.abstained == (not answer.sentences) == bool(answer.reason)


def test_an_empty_vault_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "vault.yaml").write_text("name: empty\n")
    with pytest.raises(IndexMissing, match="mivault sync"):
        answered(Vault.open(tmp_path), "What is superposition?")


def test_a_model_that_says_the_passages_do_not_answer_abstains(vault: Vault) -> None:
    answer = answered(vault, "What is superposition?", ModelDrafter(Parrot("NOT IN THE PASSAGES")))
    assert answer.abstained and "language model says" in answer.reason and answer.recipe.chat_model == "parrot"


def test_a_model_that_fails_leaves_the_papers_answering_with_a_notice(vault: Vault) -> None:
    with LoopbackModel(lambda _: Reply("out of memory", status=500)) as server:
        waited: list[float] = []
        model = ModelDrafter(ChatModel(ModelSettings("tiny", base_url=server.base_url), sleep=waited.append))
        answer = answered(vault, "What is superposition?", WithFallback(model, ExtractiveDrafter()))
        with pytest.raises(ModelError, match="out of memory"):
            answered(vault, "What is superposition?", model)
    assert answer.sentences and answer.recipe.chat_model == "extractive"
    assert "out of memory" in answer.notices[0] and len(waited) >= 2


def test_where_no_passage_bears_out_a_word_of_the_model_the_papers_answer(vault: Vault) -> None:
    drafter = WithFallback(
        ModelDrafter(Parrot("It was found in 1999 by Euler. [p1] It is a fish.")), ExtractiveDrafter()
    )
    answer = answered(vault, "What is superposition?", drafter)
    assert answer.recipe.chat_model == "extractive" and answer.sentences[0].verdict == "supported"
    assert "nothing that parrot wrote is borne out" in answer.notices[0] and answer.usage
    kept = answered(vault, "What is superposition?", drafter, unsupported="keep")
    assert [s.verdict for s in kept.sentences] == ["unsupported", "uncited"]


def test_a_model_answers_over_http(vault: Vault) -> None:
    def script(request: Request) -> str:
        assert '<passage key="p1">' in request["messages"][1]["content"]
        return "Superposition represents more features than dimensions. [p1] Bread is tasty. [p2] Heads dance. [p40]"

    with LoopbackModel(script) as server:
        model = ChatModel(ModelSettings("tiny", base_url=server.base_url))
        answer = answered(vault, "What is superposition?", ModelDrafter(model))
    assert [s.verdict for s in answer.sentences] == ["supported", "unsupported", "unknown marker"]
    assert assert_every_quote_on_its_page(answer, vault) == 2


def noise(random_: random.Random, vault: Vault) -> str:
    """What a bad model might write: halves of passages, invented sentences and keys, markers anywhere, in any style."""
    texts = [p.text for i in vault.source_ids() for p in vault.passages(i)]
    styles = ["[p{}]", "[P{}]", "[{}]", "(p{})", "【p{}】", "[p{0}, p{1}]", "[p{0}][p{1}]", "[p{0}-p{1}]", ""]
    said = []
    for _ in range(random_.randint(1, 6)):
        text = random_.choice(texts)
        start = random_.randrange(len(text))
        piece = random_.choice(
            [text[start : start + random_.randint(5, 160)], "The model has 99 heads.", "No. Never", "…"]
        )
        mark = random_.choice(styles).format(random_.randint(1, 12), random_.randint(1, 12))
        said.append(
            random_.choice([f"{piece} {mark}", f"{mark} {piece}", f"- {piece}{mark}\n", f"{piece}. {mark}\n\n"])
        )
    return random_.choice(["", "<think>[p9]", "```\n", "Answer: "]) + " ".join(said)


@pytest.mark.parametrize("seed", range(8))
def test_no_output_of_a_model_shows_a_quote_off_its_page_or_hides_an_invented_key(vault: Vault, seed: int) -> None:
    random_ = random.Random(seed)
    shown = {f"p{n}" for n in range(1, len(SmallSearch(vault)("What is superposition?")) + 1)}
    quotes = unknown = 0
    for _ in range(50):
        drafter = WithFallback(ModelDrafter(Parrot(noise(random_, vault))), ExtractiveDrafter())
        answer = answered(vault, "What is superposition?", drafter, unsupported="keep")
        quotes += assert_every_quote_on_its_page(answer, vault)
        for citation in (c for s in answer.sentences for c in s.citations):
            assert (citation.verdict == "unknown marker") == (citation.key not in shown)
            assert citation.quote == "" if citation.key not in shown else True
            unknown += citation.key not in shown
    assert quotes > 20 and unknown > 20


def test_relevance_says_what_it_saw(vault: Vault) -> None:
    search = SmallSearch(vault)
    question = "Which sourdough heads copy names?"
    fit = relevance(question, search(question), document_frequency=search.document_frequency,
                    passage_count=search.passage_count)  # fmt: skip
    assert "sourdough" in fit.missing and "heads" not in fit.missing and 0 < fit.coverage < 1
    none = relevance(question, [], document_frequency=search.document_frequency, passage_count=search.passage_count)
    assert not none.relevant and none.reason == "nothing in the vault matches the question"
    assert needed(0.3) > needed(0.4) > needed(0.6)


def test_names_of_a_question() -> None:
    assert names("How does Mamba differ from GPT-2?") == ["Mamba", "GPT"]
    assert names("Superposition is what?") == [] and names("ROME edits?") == ["ROME"]
    assert unseen("Does GPT-5 emit CO2 at step 3?", [], {}) == ("GPT-5", "CO2")
