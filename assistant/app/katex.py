"""KaTeX as Gradio ships it: where it lies on our own server."""

from __future__ import annotations

from pathlib import Path


def katex_addresses(gradio_folder: Path) -> list[str] | None:
    """The addresses of its module and its style sheet; None where this Gradio has none, and formulas stay text."""
    assets = gradio_folder / "templates" / "frontend" / "assets"
    script, style = sorted(assets.glob("katex-*.js")), sorted(assets.glob("katex-*.css"))
    return [f"/assets/{script[0].name}", f"/assets/{style[0].name}"] if script and style else None
