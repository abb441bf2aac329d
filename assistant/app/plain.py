"""Options of components."""

from __future__ import annotations

from typing import Any


def plain(name: str) -> dict[str, Any]:
    """Options of a gr.HTML that shows our HTML and adds nothing: no script, no styles."""
    return {"elem_id": name, "js_on_load": None, "apply_default_css": False, "container": False, "padding": False}
