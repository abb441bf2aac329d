"""A vault as a LlamaIndex retriever, so that any LlamaIndex program can ask it. A door of llama_index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assistant.found import found_json
from index.records import Hit

if TYPE_CHECKING:
    from llama_index.core.retrievers import BaseRetriever as BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle

# Of `search --json`'s row, what a node's text and id say already, and what is no value for a store of metadata.
ELSEWHERE = frozenset({"text", "score", "passage_id", "explanation"})
# What a language model is shown of a node beside its text; the rest is for programs.
SHOWN = frozenset({"title", "section", "locator"})


def vault_retriever(search: Callable[[str], Sequence[Hit]]) -> BaseRetriever:
    """A retriever over `search` (a question to hits, best first: a `Search` with its k bound, say). A node is a passage
    with its id and text, and `search --json`'s keys as metadata; its score is the fused one."""
    from llama_index.core.retrievers import BaseRetriever

    class VaultRetriever(BaseRetriever):  # type: ignore[misc]  # LlamaIndex has no types here
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [_node(hit) for hit in search(query_bundle.query_str)]

    return VaultRetriever()


def _node(hit: Hit) -> NodeWithScore:
    from llama_index.core.schema import NodeWithScore, TextNode

    row = {name: value for name, value in found_json(hit).items() if name not in ELSEWHERE and value is not None}
    metadata: dict[str, Any] = row | {"authors": ", ".join(hit.paper.authors)}
    if hit.paper.year is not None:
        metadata["year"] = hit.paper.year
    hidden = [name for name in metadata if name not in SHOWN]
    node = TextNode(
        id_=hit.passage.id,
        text=hit.passage.text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=list(metadata),  # title and section are embedded in a way of our own
    )
    return NodeWithScore(node=node, score=hit.score)
