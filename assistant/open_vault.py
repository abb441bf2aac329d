"""A vault for Python programs: open a folder, then search, ask, summarise. `docs/python.md` shows how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.ask import ask
from assistant.draft import Drafter
from assistant.drafters import choose
from assistant.mend import Unsupported
from assistant.overview_commands import comparison_of, review_of, summary_of
from assistant.providers import ModelSettings
from assistant.records import Answer, Comparison, Review, Summary
from index.embed import Embedder, load_embedder
from index.filters import Filter
from index.lexical import NOTHING_LEFT_OUT
from index.records import Hit
from index.search import Search
from ingest.manifest import load
from ingest.vault import Vault

if TYPE_CHECKING:
    from assistant.llama_retriever import BaseRetriever


@dataclass(frozen=True, slots=True)
class OpenVault:
    """A vault with what its questions need. The first question opens index and embedding model: about half a second."""

    vault: Vault
    finder: Search
    drafter: Drafter
    model: ModelSettings | None

    def search(self, question: str, *, k: int = 8, where: Filter = NOTHING_LEFT_OUT) -> list[Hit]:
        """The k best passages, best first. Raises UsageError, IndexMissing, ModelMismatch or IndexDamaged."""
        return self.finder(question, k=k, where=where)

    def ask(
        self,
        question: str,
        *,
        k: int = 8,
        where: Filter = NOTHING_LEFT_OUT,
        history: Sequence[str] = (),
        unsupported: Unsupported = "rewrite",
    ) -> Answer:
        """The answer with its checked citations; `history` are the questions before, oldest first. See `ask.ask`."""
        return ask(
            question,
            search=self.finder.within(where),
            vault=self.vault,
            drafter=self.drafter,
            embedding_model=self.finder.embedder.name,
            k=k,
            history=history,
            unsupported=unsupported,
        )

    def summarize(self, paper: str) -> Summary:
        """Of a paper by its id or arXiv id, or of a PDF by its path. Raises UsageError where there is none."""
        return summary_of(paper, self.vault, self.finder.embedder.count_tokens, self.model)

    def compare(self, *papers: str, aspect: str = "") -> Comparison:
        """Two papers or more beside each other, by what they ask, do and find, or by one aspect."""
        named = [*papers, *([aspect if " " in aspect.strip() else f"{aspect}?"] if aspect else [])]
        return comparison_of(named, self.finder, self.drafter, self.model)

    def review(self, topic: str) -> Review:
        """A short cited survey of a topic over the vault."""
        return review_of(topic, self.finder, self.drafter)

    def retriever(self, *, k: int = 8, where: Filter = NOTHING_LEFT_OUT) -> BaseRetriever:
        """This vault as a LlamaIndex retriever."""
        from assistant.llama_retriever import vault_retriever

        find: Callable[[str], list[Hit]] = partial(self.search, k=k, where=where)
        return vault_retriever(find)

    def close(self) -> None:
        """Let go of the index's files."""
        self.finder.close()


def open_vault(
    folder: Path | str,
    *,
    model: ModelSettings | None = None,
    embedder: Embedder | None = None,
    cache: Path = Path("~/.cache/mivault"),
) -> OpenVault:
    """The vault in a folder. `model` names a language model (None: answers in the papers' own sentences), `embedder`
    another than the vault's; `cache` is where a converted embedding model is kept. The environment is not read.

    Raises VaultMissing where there is none.
    """
    vault = Vault.open(Path(folder))
    search = Search(vault, embedder or load_embedder(load(vault).embedding_model, cache=cache.expanduser()))
    return OpenVault(vault, search, choose(search, model), model)
