"""Claim: a folder of papers becomes searchable faster, and in less memory, than with stock LlamaIndex.

`python -m benchmarks.ingest [--papers N]`: the same PDFs of ../shared/papers, each side in processes of its own, taking
turns: `mivault init, add, sync` against SimpleDirectoryReader, SentenceSplitter(256, 32), HuggingFaceEmbedding on
the same model folder, and ChromaVectorStore. Then a second sync of a vault in which nothing has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process_tree import ROOT, Measured, measure, python

PAPERS = ROOT.parent / "shared" / "papers"


@dataclass(frozen=True, slots=True)
class Side:
    """What one side needed for all papers. `passages` are its own, cut its own way."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    passages: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--papers", type=int, default=6)
    options.add_argument("--runs", type=int, default=2)
    options.add_argument(
        "--stock", nargs=2, type=Path, metavar=("FOLDER", "STORE"), help="run the peer in this process"
    )
    chosen = options.parse_args()
    if chosen.stock:
        print(json.dumps({"passages": stock(*chosen.stock)}))
    elif PAPERS.is_dir():
        compare(sorted(PAPERS.glob("*.pdf"))[: chosen.papers], chosen.runs)
    else:
        print("../shared/papers is not there: nothing to measure on")


def compare(papers: list[Path], runs: int) -> None:
    """Both sides on the same files, taking turns: `runs` for time, the last one more for memory. Prints every run."""
    pages = sum(map(page_count, papers))
    print(f"{len(papers)} papers, {pages} pages, whole processes on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "papers"
        folder.mkdir()
        for paper in papers:
            shutil.copy(paper, folder)
        done: dict[str, list[Side]] = {"mivault": [], "stock": []}
        for number in range(runs + 1):
            place = Path(name) / str(number)
            done["mivault"].append(mivault(folder, place / "vault", memory=number == runs))
            done["stock"].append(llama_index(folder, place / "store", memory=number == runs))
        again = measure(sync(Path(name) / "0" / "vault"), env=os.environ)
    for side, sides in done.items():
        wall = " ".join(f"{one.seconds:.1f}" for one in sides[:-1])
        cpu = " ".join(f"{one.cpu_seconds:.1f}" for one in sides[:-1])
        print(f"{side:8} wall {wall} s  CPU {cpu} s  peak {sides[-1].peak_mb:.0f} MB  {sides[0].passages} passages")
    report(done["mivault"], done["stock"], pages)
    check_nothing_done(again)


def report(ours: list[Side], theirs: list[Side], pages: int) -> None:
    """Ratios of medians over the timed runs; memory of the last."""
    wall = [median(side.seconds for side in sides[:-1]) for sides in (ours, theirs)]
    cpu = [median(side.cpu_seconds for side in sides[:-1]) for sides in (ours, theirs)]
    print(f"pages a second: mivault {pages / wall[0]:.1f}, stock {pages / wall[1]:.1f}")
    memory = theirs[-1].peak_mb / ours[-1].peak_mb
    print(f"stock / mivault: wall {wall[1] / wall[0]:.2f}, CPU {cpu[1] / cpu[0]:.2f}, memory {memory:.2f}")


def check_nothing_done(again: Measured) -> None:
    done = json.loads(again.output)
    print(f"second sync, nothing changed: {again.seconds:.1f} s, {done['parsed']} read, {done['embedded']} embedded")
    if done["parsed"] or done["embedded"]:
        sys.exit("a second sync must do nothing")


def mivault(folder: Path, vault: Path, *, memory: bool) -> Side:
    """A clean sync as the three commands a user would type, with a cache of its own."""
    env = {**os.environ, "MIVAULT_CACHE": str(vault.parent / "cache")}
    init = python("mivault.py", "init", str(vault), "--empty")
    add = python("mivault.py", "add", str(folder), "--vault", str(vault))
    steps = [measure(step, env=env, memory=memory) for step in (init, add, sync(vault))]
    return Side(
        seconds=sum(step.seconds for step in steps),
        cpu_seconds=sum(step.cpu_seconds for step in steps),
        peak_mb=max(step.peak_mb for step in steps),
        passages=json.loads(steps[-1].output)["passages"],
    )


def sync(vault: Path) -> list[str]:
    return python("mivault.py", "sync", "--vault", str(vault), "--json", "--no-download")


def llama_index(folder: Path, store: Path, *, memory: bool) -> Side:
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    run = measure(python("-m", "benchmarks.ingest", "--stock", str(folder), str(store)), env=env, memory=memory)
    return Side(run.seconds, run.cpu_seconds, run.peak_mb, json.loads(run.output.splitlines()[-1])["passages"])


def stock(folder: Path, store: Path) -> int:
    """The peer as its documentation has it; returns how many passages it indexed."""
    import chromadb
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    from index.model_folder import find_model

    documents = SimpleDirectoryReader(str(folder), file_extractor={".pdf": pdf_reader()}).load_data()
    collection = chromadb.PersistentClient(str(store)).create_collection("papers", embedding_function=None)
    VectorStoreIndex.from_documents(
        documents,
        transformations=[SentenceSplitter(chunk_size=256, chunk_overlap=32)],
        embed_model=HuggingFaceEmbedding(str(find_model().path), device="cpu"),
        storage_context=StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection)),
    )
    return int(collection.count())


def pdf_reader() -> Any:
    """LlamaIndex's own PDFReader where its package is installed; else what that is: pypdf, a document per page."""
    try:
        from llama_index.readers.file import PDFReader

        return PDFReader()
    except ImportError:
        from llama_index.core.readers.base import BaseReader
        from llama_index.core.schema import Document
        from pypdf import PdfReader

        class PageReader(BaseReader):  # type: ignore[misc]
            def load_data(self, file: Path, extra_info: dict[str, Any] | None = None) -> list[Document]:
                pages = enumerate(PdfReader(file).pages, start=1)
                return [
                    Document(text=page.extract_text(), metadata={"page_label": number, **(extra_info or {})})
                    for number, page in pages
                ]

        return PageReader()


def page_count(path: Path) -> int:
    import pypdfium2

    return len(pypdfium2.PdfDocument(path))


if __name__ == "__main__":
    main()
