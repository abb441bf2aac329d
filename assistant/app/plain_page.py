"""Pages of our own without Gradio: signing in, and what is shown while mivault starts. No script in either."""

from __future__ import annotations

from pathlib import Path

from assistant.app.page import esc

STYLE = Path(__file__).with_name("plain.css")
# Nothing is fetched, nothing runs; a form may be sent here alone.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def sign_in_html(message: str = "") -> str:
    """The form; `message` says why the last try failed."""
    told = f'<p role="alert">{esc(message)}</p>' if message else ""
    return _page(
        "Sign in to mivault",
        f"""<h1>mivault</h1>{told}
<form method="post" action="/login">
<label for="name">Name</label>
<input id="name" name="username" autocomplete="username" autocapitalize="none" maxlength="32" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="512" required>
<button>Sign in</button>
</form>""",
    )


def starting_html() -> str:
    """Looks again each second: the page itself answers once it is there."""
    head = '<meta http-equiv="refresh" content="1">'
    return _page(
        "mivault is starting", '<h1>mivault</h1><p role="status">Starting. The page opens by itself.</p>', head
    )


def _page(title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body><main>{body}</main></body></html>"
    )
