"""Claim: a folder of papers becomes searchable faster, and in less memory, than with stock LlamaIndex.

`python -m benchmarks.ingest [--papers N]`: the same PDFs of ../shared/papers, each side a process of its own, one after
the other: `mivault init, add, sync` against SimpleDirectoryReader, SentenceSplitter(256, 32), HuggingFaceEmbedding on
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
from typing import Any

from benchmarks.process_tree import ROOT, Measured, measure, python

PAPERS = ROOT.parent / "shared" / "papers"


@dataclass(frozen=True, slots=True)
class Side:
    """What one side needed for all papers. `passages` are its own, cut its own way."""

    name: str
    seconds: float
    peak_mb: float
    passages: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--papers", type=int, default=6)
    options.add_argument(
        "--stock", nargs=2, type=Path, metavar=("FOLDER", "STORE"), help="run the peer in this process"
    )
    chosen = options.parse_args()
    if chosen.stock:
        print(json.dumps({"passages": stock(*chosen.stock)}))
    elif PAPERS.is_dir():
        compare(sorted(PAPERS.glob("*.pdf"))[: chosen.papers])
    else:
        print("../shared/papers is not there: nothing to measure on")


def compare(papers: list[Path]) -> None:
    """Both sides on the same files; prints the figures."""
    pages = sum(map(page_count, papers))
    with tempfile.TemporaryDirectory() as name:
        folder, vault = Path(name) / "papers", Path(name) / "vault"
        folder.mkdir()
        for paper in papers:
            shutil.copy(paper, folder)
        ours, again = mivault(folder, vault)
        theirs = llama_index(folder, Path(name) / "store")
    print(f"{len(papers)} papers, {pages} pages, whole processes on {os.cpu_count()} cores")
    for side in (ours, theirs):
        speed = f"{side.seconds:6.1f} s  {pages / side.seconds:5.1f} pages/s"
        print(f"{side.name:8} {speed}  peak {side.peak_mb:5.0f} MB  {side.passages} passages")
    time, memory = theirs.seconds / ours.seconds, theirs.peak_mb / ours.peak_mb
    print(f"stock needs {time:.2f} times the time and {memory:.2f} times the memory")
    done = json.loads(again.output)
    print(f"second sync, nothing changed: {again.seconds:.1f} s, {done['parsed']} read, {done['embedded']} embedded")
    if done["parsed"] or done["embedded"]:
        sys.exit("a second sync must do nothing")


def mivault(folder: Path, vault: Path) -> tuple[Side, Measured]:
    """A clean sync, as three commands a user would type, with a cache of its own; then a second sync."""
    env = {**os.environ, "MIVAULT_CACHE": str(vault.parent / "cache")}
    steps = [("init", str(vault), "--empty"), ("add", str(folder), "--vault", str(vault))]
    sync = python("mivault.py", "sync", "--vault", str(vault), "--json", "--no-download")
    runs = [measure(python("mivault.py", *step), env=env) for step in steps] + [measure(sync, env=env)]
    passages = json.loads(runs[-1].output)["passages"]
    seconds, peak = sum(run.seconds for run in runs), max(run.peak_mb for run in runs)
    return Side("mivault", seconds, peak, passages), measure(sync, env=env)


def llama_index(folder: Path, store: Path) -> Side:
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    run = measure(python("-m", "benchmarks.ingest", "--stock", str(folder), str(store)), env=env)
    return Side("stock", run.seconds, run.peak_mb, json.loads(run.output.splitlines()[-1])["passages"])


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
