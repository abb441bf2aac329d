"""Imports Gradio in half its time: without its own MCP server, and without the type stubs that it writes beside its
modules at every import. Both are of no use here; measured by benchmarks/page_start.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

STUBS = "gradio.component_meta"


def load_gradio() -> Any:
    """gradio (2 s to import), told first not to call home."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    if "gradio" not in sys.modules:
        with _without("mcp"), _without_stubs():
            import gradio
    import gradio

    return gradio


@contextmanager
def _without(library: str) -> Iterator[None]:
    """As if the library were not installed: what Gradio takes as leave to do without."""
    held = sys.modules.get(library)
    sys.modules[library] = None  # type: ignore[assignment]  # what the import system itself has for "not there"
    try:
        yield
    finally:
        if held is None:
            del sys.modules[library]
        else:
            sys.modules[library] = held


@contextmanager
def _without_stubs() -> Iterator[None]:
    finder = _StubsFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _StubsFinder(MetaPathFinder):
    """Finds the one module that writes the stubs, and has it loaded without that function."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == STUBS else None
        if spec and spec.loader:
            spec.loader = _StubsLoader(spec.loader)
        return spec


class _StubsLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if hasattr(module, "create_or_modify_pyi"):  # a later Gradio may have dropped it
            vars(module)["create_or_modify_pyi"] = lambda *_: None
