"""Whether a quoted sentence speaks for its own paper or reports another work: who is cited in it, as it is printed."""

from __future__ import annotations

import re

# "(Lin et al., 2022; Park, 2023)", "[12, 13]", "Meng et al. (2022)".
BRACKETED = re.compile(r"\(([^()]*\b(?:19|20)\d\d[a-z]?[^()]*)\)")
NUMBERED = re.compile(r"(?<!\w)\[(\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*)\]")
SPOKEN = re.compile(
    r"\b([A-Z][\w'’-]+(?:,? (?:and|&) [A-Z][\w'’-]+| et al\.)?),? "
    r"\(((?:19|20)\d\d[a-z]?(?:[;,] ?(?:19|20)\d\d[a-z]?)*)\)"
)
NAMED = re.compile(r"[A-Z][\w'’-]+(?: et al\.?|,| and | &)")
OWN = re.compile(r"\b(?:we|our|ours|us|this (?:paper|work|study|section)|here)\b", re.IGNORECASE)


def reported_from(quote: str) -> str:
    """Whom the quote reports, as printed ("Lin et al., 2022"); "" where it cites nobody, or speaks of its own paper.

    A sentence in the first person that cites a tool or a data set is the paper's own: "We train GPT-2 (Radford et al.,
    2019)" is not second-hand. A year alone in brackets is no citation.
    """
    if OWN.search(quote):
        return ""
    spoken = [f"{name} ({years})" for name, years in SPOKEN.findall(quote)]
    bracketed = [inside for inside in BRACKETED.findall(quote) if NAMED.search(inside)]
    numbered = [f"[{inside}]" for inside in NUMBERED.findall(quote)]
    return "; ".join(dict.fromkeys([*spoken, *(" ".join(one.split()) for one in bracketed), *numbered]))
