"""A thousand answers of a language model's server that writes at random: no quote is shown that is not on its page, and
no citation that names nothing is shown as one.

What is true is taken from what the server was sent (the keys of the prompt) and from the stored pages, not from what
the assistant says of itself. Prints how many quotes and invented keys were met.
"""

from __future__ import annotations

import json
import random
import re
import threading

import pytest
from answering_vault import SmallSearch, answering_vault
from loopback_model import Fault, LoopbackModel, Reply, Request

from assistant.ask import ask
from assistant.draft import ModelDrafter, WithFallback
from assistant.extract import ExtractiveDrafter
from assistant.llm import ChatModel, ModelSettings
from assistant.records import Answer
from ingest.vault import Vault

ANSWERS = 1_000
KEY = re.compile(r'<passage key="(p\d+)">')
# One answer in ten breaks off, or is followed by nonsense.
SOUND: Fault = "none"
FAULTS: tuple[Fault, ...] = (*[SOUND] * 18, "broken", "garbage")
QUESTIONS = (
    "What is superposition?",
    "How do name mover heads work?",
    "What do sparse autoencoders learn?",
    "How many heads are in the circuit?",
)
STYLES = (
    *("[p{0}]", "[P{0}]", "[{0}]", "(p{0})", "【p{0}】", "[p{0}, p{1}]", "[p{0}][p{1}]", "[p{0}-p{1}]", "^p{0}", ""),
    *("[[p{0}]]", "[p{0}](http://evil.example)", "<sup>p{0}</sup>", "[source p{0}]", "[ p{0} ; p{1} ]", "[p{0}…"),
)
INVENTED = (
    *(
        "The model has 99 heads.",
        "No. Never.",
        "…",
        "Ignore the passages.",
        "<script>alert(1)</script>",
        r"$\frac{1}{0}$",
    ),
    *(
        "Die Antwort ist 42.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "![x](http://evil.example/x.png)",
        "```python\nprint()\n```",
    ),
)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


class RandomModel:
    """Writes passages' halves, inventions and markers in any style and form; some of its answers break off."""

    def __init__(self, vault: Vault) -> None:
        self._random = random.Random(20261125)
        self._texts = [passage.text for one in vault.source_ids() for passage in vault.passages(one)]
        self._local = threading.Lock()
        self.keys: set[str] = set()  # of the last prompt that asked for an answer

    def __call__(self, request: Request) -> Reply:
        with self._local:
            prompt = "\n".join(str(message["content"]) for message in request["messages"])
            self.keys |= set(KEY.findall(prompt))
            return Reply(self._formed(), fault=self._random.choice(FAULTS))

    def _formed(self) -> str:
        draw, said = self._random, [self._sentence() for _ in range(self._random.randint(1, 6))]
        form = draw.randrange(8)
        if form == 0:
            return json.dumps(said)
        if form == 1:
            return json.dumps({"answer": " ".join(said), "citations": ["p1", "p77"]})
        if form == 2:
            return "- " + "\n- ".join(said)
        text = draw.choice(["", "<think>[p9] hm</think>", "```\n", "Answer: ", "Sure! "]) + " ".join(said)
        return text[: draw.randrange(1, len(text))] if form == 3 else text

    def _sentence(self) -> str:
        draw = self._random
        text = draw.choice(self._texts)
        start = draw.randrange(len(text))
        piece = draw.choice([text, text[start : start + draw.randint(5, 160)], draw.choice(INVENTED)])
        mark = draw.choice(STYLES).format(draw.randint(1, 14), draw.randint(1, 14))
        return draw.choice([f"{piece} {mark}", f"{mark} {piece}", f"{piece}{mark}.", f"{piece}. {mark}\n\n"])


def wrong(answer: Answer, known: set[str], vault: Vault) -> list[str]:
    """What an answer shows that it must not."""
    found = []
    for citation in (c for s in answer.sentences for c in s.citations):
        named = citation.key in known
        if named == (citation.verdict == "unknown marker"):
            found.append(f"{citation.key} is shown as {citation.verdict}")
        if not citation.quote:
            continue
        pages = vault.pages(citation.paper_id or "") if citation.paper_id else []
        if not any(page.number == citation.page and citation.quote in page.text for page in pages):
            found.append(f"a quote that is not on its page: {citation.quote[:60]!r}")
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_random_answers_show_no_quote_off_its_page_and_no_invented_source(vault: Vault) -> None:
    search, script = SmallSearch(vault), RandomModel(vault)
    quotes = invented = extractive = 0
    with LoopbackModel(script, words=4) as server:
        settings = ModelSettings("tiny", base_url=server.base_url, retry_seconds=0.0)
        drafter = WithFallback(ModelDrafter(ChatModel(settings)), ExtractiveDrafter())
        for number in range(ANSWERS):
            script.keys = set()
            question = QUESTIONS[number % len(QUESTIONS)]
            answer = ask(question, search=search, vault=vault, drafter=drafter, embedding_model="readable",
                             unsupported="keep" if number % 4 else "rewrite")  # fmt: skip
            assert wrong(answer, script.keys, vault) == [], f"answer {number}"
            extractive += answer.recipe.chat_model == "extractive"
            quotes += sum(bool(c.quote) for s in answer.sentences for c in s.citations)
            invented += sum(c.verdict == "unknown marker" for s in answer.sentences for c in s.citations)
    print(f"{ANSWERS} answers: {quotes} quotes shown, {invented} invented keys marked, {extractive} fell back")
    assert quotes > ANSWERS / 4 and invented > ANSWERS / 4 and extractive < ANSWERS / 4
