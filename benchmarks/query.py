"""Claim: `mivault search` as a whole process takes under 1.5 s, a fifth of what a LlamaIndex script does.

`python -m benchmarks.query --vault DIR [--runs N]`: a vault that is synced (40 papers, say), both sides as whole
processes on a warm disk, taking turns. The other side is the five lines of LlamaIndex's documentation: its
VectorStoreIndex over a ChromaVectorStore with the same passages, HuggingFaceEmbedding with the same model.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.process_tree import measure, python

QUESTION = "How do induction heads complete a repeated sequence?"
SCRIPT = """
import sys, chromadb
from llama_index.core import VectorStoreIndex
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore
store = ChromaVectorStore(chroma_collection=chromadb.PersistentClient(sys.argv[1]).get_collection("passages"))
index = VectorStoreIndex.from_vector_store(store, embed_model=HuggingFaceEmbedding(sys.argv[2], device="cpu"))
for node in index.as_retriever(similarity_top_k=8).retrieve(sys.argv[3]):
    print(node.score, node.text[:80].replace(chr(10), " "))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, required=True)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print(compare(chosen.vault, copied(chosen.vault, Path(name) / "chroma"), chosen.runs))


def copied(vault: Path, store: Path) -> Path:
    """The vault's passages with their vectors in a Chroma store as LlamaIndex writes it."""
    import chromadb
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from index.state import generation_path, read_state
    from index.table import VectorTable
    from ingest.vault import Vault

    opened = Vault.open(vault)
    state = read_state(opened)
    if state is None:
        raise SystemExit(f"{vault} has no index: mivault sync")
    table = VectorTable(generation_path(opened, state) / "table")
    texts = {one.id: one.text for source in opened.source_ids() for one in opened.passages(source)}
    nodes = [
        TextNode(id_=one, text=texts[one], metadata={"paper": paper}, embedding=vector.tolist())
        for one, paper, vector in zip(*table.rows(), strict=True)
    ]
    collection = chromadb.PersistentClient(str(store)).create_collection("passages", embedding_function=None)
    peer = ChromaVectorStore(chroma_collection=collection)
    for start in range(0, len(nodes), 1_000):
        peer.add(nodes[start : start + 1_000])
    return store


def compare(vault: Path, store: Path, runs: int) -> str:
    """Both sides, `runs` times after one to warm the disk; the table of medians."""
    from index.model_folder import find_model

    ours = python("-m", "mivault", "search", QUESTION, "--vault", str(vault.absolute()))
    theirs = python("-c", SCRIPT, str(store), str(find_model().path), QUESTION)
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    done = [[measure(side, env=env) for side in (ours, theirs)] for _ in range(runs + 1)][1:]
    lines = []
    for place, name in enumerate(("mivault search", "LlamaIndex and Chroma")):
        seconds = [one[place].seconds for one in done]
        cpu = median(one[place].cpu_seconds for one in done)
        shown = " ".join(f"{one:.2f}" for one in seconds)
        lines.append(f"{name:22} {shown} s, median {median(seconds):.2f} s, {cpu:.2f} CPU s")
    wall = median(one[1].seconds / one[0].seconds for one in done)
    cpu = median(one[1].cpu_seconds / one[0].cpu_seconds for one in done)
    return "\n".join([*lines, f"LlamaIndex / mivault: {wall:.1f} times the time, {cpu:.1f} times the CPU time"])


if __name__ == "__main__":
    main()
