"""The house rules that import-linter cannot hold: who may import the command line, and one door per foreign library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("ingest", "index", "assistant", "evals")
DOORS = {
    "arxiv": {"ingest/lookup.py"},
    "httpx": {"ingest/web.py", "assistant/llm.py"},
    "pypdfium2": {"ingest/pdfium.py", "ingest/page_boxes.py", "ingest/unseen.py"},
    "pypdf": {"ingest/rescue.py"},
    "chromadb": {"index/store.py"},
    "tantivy": {"index/lexical.py", "index/word_schema.py"},
    "filelock": {"ingest/one_writer.py", "ingest/polite.py"},
    "sentence_transformers": {"index/torch_model.py"},
    "numba": {"index/int16_kernels.py", "index/int16_tile.py", "index/int8_scan.py"},
    "llvmlite": {"index/int16_kernels.py", "index/int16_tile.py"},
    "openvino": {"index/openvino_model.py"},
    "lxml": {"ingest/html_tree.py"},
    "trafilatura": {"ingest/main_text.py"},
    "youtube_transcript_api": {"ingest/captions.py"},
    "markdown_it": {"ingest/markdown.py"},
    "gradio": {"assistant/app"},
    "mcp": {"assistant/app/programs.py"},
    "bibtexparser": {"ingest/bibtex.py"},
    "pylatexenc": {"ingest/bibtex.py"},
    "llama_index": {"ingest/chunk.py", "assistant/providers.py", "assistant/llama_retriever.py"},
}
# Of httpx little is loaded; what numba compiles it decorates, in a module that is itself imported only when needed.
AT_TOP = {"httpx", "numba", "llvmlite"}
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> list[tuple[str, bool]]:
    """Top-level names a module imports, and whether it does so at its top, outside functions and TYPE_CHECKING."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name.split(".")[0], id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module.split(".")[0], id(node) in top))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_keeps_the_house_rules(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    for library, at_top in imports(path):
        assert library not in {"mivault", "tests", "benchmarks"}, f"{name} imports {library}"
        if library in DOORS:
            assert any(name.startswith(door) for door in DOORS[library]), f"{library} has its door elsewhere"
            assert not at_top or library in AT_TOP, f"{name} imports {library} before anybody needs it"
    assert len(path.read_text().splitlines()) <= 300, f"{name} has become a drawer: split it"
