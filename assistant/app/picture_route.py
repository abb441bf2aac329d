"""The route to a page's picture. Part of fastapi's door (server.py)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.app.pictures import Pictures

if TYPE_CHECKING:
    import fastapi

PAGE = re.compile(r"[1-9]\d{0,4}")
# The address names the file's hash, so that a newer file has another one.
KEPT = {"cache-control": "private, max-age=86400, immutable"}


def add_pictures(app: fastapi.FastAPI, pictures: Pictures) -> None:
    """Serve `/picture/PAPER_ID/PAGE`, a PNG; "not found" for anything that is no page of a vault's original PDF."""
    from fastapi.responses import PlainTextResponse, Response

    def picture(paper_id: str, page: str) -> fastapi.Response:
        png = pictures.picture(paper_id, int(page)) if PAGE.fullmatch(page) else None
        if png is None:
            return PlainTextResponse("there is no picture of this page", 404)
        return Response(png, media_type="image/png", headers=KEPT)

    app.add_api_route("/picture/{paper_id}/{page}", picture, methods=["GET", "HEAD"], response_model=None)
