"""Claim: an index of 75,000 passages is made in bounded memory, and one more paper costs little more than that paper.

`python -m benchmarks.scale [--passages 75000] [--folder DIR] [--stock 2000]`: a vault of the abstracts of
../shared/arxiv is indexed in a process of its own (vectors cost no model here: benchmarks/embedding.py measures that
part), then one paper of 100 passages is added. Beside it LlamaIndex's ChromaVectorStore with the same texts and
vectors, `--stock` of them. Peak memory is the resident set, mapped files included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.process_tree import measure, python


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--passages", type=int, default=75_000)
    options.add_argument("--stock", type=int, default=2_000)
    options.add_argument("--folder", type=Path, help="keep the vault here, for benchmarks.latency")
    options.add_argument("--side", choices=["ours", "few", "added", "stock"], help="do this part in this process")
    chosen = options.parse_args()
    if chosen.side:
        print(json.dumps(part(chosen.side, chosen.folder, chosen.passages)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.folder or Path(name) / "vault"
        compare(folder, Path(name), chosen.passages, chosen.stock)


def compare(folder: Path, scratch: Path, passages: int, few: int) -> None:
    """All parts, and the table of what they cost."""
    if not folder.exists():
        from benchmarks.large_vault import large_vault

        large_vault(folder, passages)
    shown = [("mivault", "ours", folder, passages), ("mivault, one paper more", "added", folder, 100)]
    shown += [("mivault", "few", scratch / "few", few), ("LlamaIndex and Chroma", "stock", scratch / "stock", few)]
    for name, side, where, count in shown:
        arguments = ("--side", side, "--folder", str(where), "--passages", str(count))
        done = measure(python("-m", "benchmarks.scale", *arguments), env=os.environ)
        said = json.loads(done.output.splitlines()[-1])
        rate, each = count / said["seconds"], said["bytes"] / count / 1e3
        print(f"{name:24} {count:8,} passages  {said['seconds']:8.1f} s  {rate:7.0f}/s  ", end="")
        print(f"peak {said['peak_mb']:5.0f} MB  {said['bytes'] / 1e6:7.1f} MB more  {each:5.1f} KB each", flush=True)


def part(side: str, folder: Path, passages: int) -> dict[str, float]:
    """Do one part; seconds, and the bytes that it left on the disk."""
    if side == "stock":
        return stock(folder, passages)
    from benchmarks.large_vault import WordVectors, abstracts, large_vault, write
    from index.build import build
    from ingest.vault import Vault

    embedder: Any = WordVectors()
    vault = Vault(folder) if folder.exists() else large_vault(folder, passages)
    before: dict[int, int] = {}
    if side == "added":
        before = sizes(vault.index_path)
        rows = [(title, f"again {text}") for title, text in abstracts(100)]
        write(vault, f"added-{len(vault.source_ids())}", rows)
    began = time.perf_counter()
    build(vault, embedder)
    seconds = time.perf_counter() - began
    after = sizes(vault.index_path)
    return cost(seconds, sum(max(0, size - before.get(one, 0)) for one, size in after.items()))


def stock(folder: Path, count: int) -> dict[str, float]:
    """The same texts and vectors as LlamaIndex puts them into Chroma."""
    import chromadb
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from benchmarks.large_vault import WordVectors, abstracts

    embedder = WordVectors()
    began = time.perf_counter()
    collection = chromadb.PersistentClient(str(folder)).create_collection("passages", embedding_function=None)
    store = ChromaVectorStore(chroma_collection=collection)
    nodes = [
        TextNode(id_=str(at), text=text, metadata={"title": name}) for at, (name, text) in enumerate(abstracts(count))
    ]
    for start in range(0, count, 500):
        group = nodes[start : start + 500]
        for node, vector in zip(group, embedder.embed([node.text for node in group]), strict=True):
            node.embedding = vector.tolist()
        store.add(group)
    seconds = time.perf_counter() - began
    return cost(seconds, sum(sizes(folder).values()))


def cost(seconds: float, size: int) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "bytes": size, "peak_mb": peak}


def sizes(folder: Path) -> dict[int, int]:
    """Bytes of each file below a folder, by inode: one that two generations share counts once."""
    known = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return {one.st_ino: one.st_size for one in known}


if __name__ == "__main__":
    main()
