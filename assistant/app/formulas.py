"""Formulas within a text: marked here, set by KaTeX in the browser (page.js); where it cannot, their text stays."""

from __future__ import annotations

import re

from assistant.app.safe import esc

LONGEST = 400  # characters of one formula: what is longer may be made to hang whoever sets it
MOST = 30  # formulas of one text
FORMULA = re.compile(
    r"\$\$(?P<shown>[^$]+)\$\$|\\\[(?P<set>.+?)\\\]|\\\((?P<round>.+?)\\\)"
    r"|(?<![\w\\$])\$(?P<inline>(?! )[^$\n]+?(?<![ \\]))\$(?!\w)",
    re.DOTALL,
)
# What tells a formula from two prices in dollars.
MATHS = re.compile(r"[\\^_{}=<>+]|\A[A-Za-z](?:\([A-Za-z]\))?\Z")


def with_formulas(text: str) -> str:
    """Text as HTML that shows it, with the places of its formulas named."""
    parts, end, count = [], 0, 0
    for match in FORMULA.finditer(text):
        tex = next(group for group in match.groups() if group is not None).strip()
        if count == MOST or len(tex) > LONGEST or not MATHS.search(tex):
            continue
        display = int(match["shown"] is not None or match["set"] is not None)
        place = f'<span class="mv-tex" data-tex="{esc(tex)}" data-display="{display}">{esc(match[0])}</span>'
        parts += [esc(text[end : match.start()]), place]
        end, count = match.end(), count + 1
    return "".join([*parts, esc(text[end:])])
