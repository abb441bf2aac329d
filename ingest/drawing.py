"""Pictures of an open PDF's pages, as bytes. Part of pypdfium2's door (pdfium.py opens files)."""

from __future__ import annotations

import io
from typing import Any

QUALITY = 50  # of a WebP: the small print of 12 papers is read as well as in a PNG, in 30 % of its bytes


def png(pdf: Any, index: int, scale: float, max_pixels: int) -> bytes:
    """A page, `scale` 1 being 72 pixels per inch, made smaller where it would pass `max_pixels`."""
    out = io.BytesIO()
    _drawn(pdf, index, scale, max_pixels).save(out, "PNG")
    return out.getvalue()


def webp(pdf: Any, index: int, scale: float, max_pixels: int, top: float, bottom: float) -> bytes:
    """A page from `top` to `bottom` (shares of its height), drawn as `png` draws it, in fewer bytes."""
    whole = _drawn(pdf, index, scale, max_pixels).convert("RGB")
    part = whole.crop((0, int(top * whole.height), whole.width, max(round(bottom * whole.height), 1)))
    out = io.BytesIO()
    part.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def _drawn(pdf: Any, index: int, scale: float, max_pixels: int) -> Any:
    page = pdf[index]
    width, height = page.get_size()
    return page.render(scale=min(scale, (max_pixels / max(width * height, 1)) ** 0.5)).to_pil()
