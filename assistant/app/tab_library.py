"""The Library tab: what the vault holds and how far each entry is. Gradio is handed in by build.py."""

from __future__ import annotations

from typing import Any

from assistant.app.conversation import plain


class LibraryTab:
    """The table of entries; Watch refreshes it."""

    def __init__(self, gr: Any) -> None:
        self.table = gr.HTML(**plain("mv-library-table"))
