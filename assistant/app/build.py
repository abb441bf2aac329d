"""The page: composes Gradio's components. Door of gradio."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.app.asking import Events
from assistant.app.auth import USER
from assistant.app.beside import Beside
from assistant.app.conversation import Conversation
from assistant.app.intake import MOST_BYTES
from assistant.app.katex import katex_addresses
from assistant.app.load_gradio import load_gradio
from assistant.app.pictures import Pictures
from assistant.app.plain import plain
from assistant.app.programs import Async, add_endpoints
from assistant.app.progress import Progress
from assistant.app.rooms import Rooms
from assistant.app.tab_library import LibraryTab
from assistant.app.watch import Status, Watch
from assistant.conversations import Conversations
from ingest.one_writer import other_writer
from ingest.vault import Vault

if TYPE_CHECKING:
    import fastapi
    import gradio

TITLE = "mivault"
STYLE, SCRIPT = Path(__file__).with_name("style.css"), Path(__file__).with_name("page.js")
HEADING = f"<h1>{TITLE}</h1><p>Every sentence shows the passage it rests on. Open a number to read it in its page.</p>"
SIGN_OUT = '<p class="mv-sign-out"><a href="/logout">Sign out</a></p>'
AT_ONCE, MOST_QUEUED = 100, 200  # events that Gradio runs, and that it holds
# Windows whose fields and turns Gradio remembers, 220 KB each and more, those of the last hours too; its own 10,000
# would be 2 GB. An open one is seen every 20 s, so that it is not the one that is forgotten.
MOST_WINDOWS = 200
# What the system has: a font of Gradio's own would be fetched, by some themes from another host.
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
# Gradio's hints and counts are too pale for WCAG 2 (4.5 to 1) on their ground.
READABLE = {
    f"{name}{scheme}": shade
    for name in ("body_text_color_subdued", "block_info_text_color")
    for scheme, shade in (("", "*neutral_600"), ("_dark", "*neutral_300"))
}
MONOSPACE = ("ui-monospace", "Consolas", "monospace")


def build_page(
    vault: Vault,
    *,
    events: Events,
    status: Status,
    progress: Callable[[], Progress | None],
    answerer: str,
    pictures: Pictures | None = None,
    rooms: Rooms | None = None,
    programs: Sequence[Async] = (),
    signed_in: bool = False,
) -> gradio.Blocks:
    """The page over a vault.

    `events` answers a question (`ask_events` with its parts bound; called in a thread, and a stopped question may still
    run beside the next one); `status` lists the entries; `progress` is a background sync's (`SyncInBackground`, or a
    function that gives None); `answerer` says in words who answers; with `pictures` cards show their pages. The
    conversation lives in the browser's session, and is kept in the vault. `rooms` is what the tabs beside the chat
    need; without, there is only the library's table.
    `programs` are the functions that become API endpoints; with `signed_in` there is a way to sign out.
    """
    gr = load_gradio()
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=False) as page:
        gr.HTML(HEADING + (SIGN_OUT if signed_in else ""), **plain("mv-head"))
        counts, sync = gr.HTML(**plain("mv-counts")), gr.HTML(**plain("mv-sync-line"))
        with gr.Tabs(elem_id="mv-tabs") as tabs:
            with gr.Tab("Chat", id="chat"):
                conversation = Conversation(gr, events, vault, status, partial(Conversations, vault), pictures)
            with gr.Tab("Library", id="library"):
                library = LibraryTab(gr, status, rooms)
            beside = Beside(gr, vault, status, rooms) if rooms else None
        conversation.connect(page)
        watch = Watch(gr, status, progress, answerer, partial(other_writer, vault.root))
        watch.connect(page, counts=counts, sync=sync)
        library.connect(page, watch)
        if beside:
            beside.connect(page, watch, library, tabs, conversation.filter)
        add_endpoints(gr, page, programs)
    # Our lanes say who waits; Gradio's queue only keeps an endless line from filling the memory.
    page.max_threads = AT_ONCE
    page.queue(max_size=MOST_QUEUED)
    page.state_session_capacity = MOST_WINDOWS
    built: gradio.Blocks = page
    return built


def mount(app: fastapi.FastAPI, page: gradio.Blocks, *, signed_in: bool = False) -> fastapi.FastAPI:
    """The application with the page at "/": no files, footer, history, monitoring or tools of Gradio's. With
    `signed_in` Gradio's requests carry the name of who asks."""
    gr = load_gradio()
    theme = gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=FONTS, font_mono=MONOSPACE).set(**READABLE)
    mounted: fastapi.FastAPI = gr.mount_gradio_app(
        app,
        page,
        "/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
        auth_dependency=(lambda request: request.scope.get(USER)) if signed_in else None,
        theme=theme,
        css_paths=STYLE,
        max_file_size=MOST_BYTES,
        head=_head(Path(gr.__file__).parent),
    )
    return mounted


def _head(gradio_folder: Path) -> str:
    """Our script, and where Gradio keeps KaTeX."""
    return (
        f"<script>window.mvKatex = {json.dumps(katex_addresses(gradio_folder))};\n{SCRIPT.read_text('utf-8')}</script>"
    )
