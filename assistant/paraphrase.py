"""Whether a sentence says a quote in other words: for claims that no layer of check.py can lay over their quote.

The layers of check.py ask for every word, which is right for a sentence that repeats its quote (there one changed word
changes the claim) and too strict for one that is put anew. That is told apart by the word pairs that both have. The
limits were chosen on the fitting half of the labelled claims and on the sentences of five papers;
`python -m benchmarks.support` and `python -m benchmarks.mutations` give the figures on the rest.
"""

from __future__ import annotations

from assistant.support import SIGNS, likelihood, signs

REPEATED = 0.5  # share of the sentence's word pairs in the quote from which it repeats the quote
MISSING = 0.35  # share of its terms that the quote may leave unsaid: .4 lets one other page in eight pass
LIKELY = 0.45  # support from which people mostly agree: the middle of the three sets' best thresholds
FORBIDDEN = ("names missing", "numbers missing", "opposites", "denies, and the best three sentences do not")


def put_anew(sentence: str, quote: str, nearest: str) -> float | None:
    """The support (0 to 1) of a sentence by a quote that says it in other words; None where it does not.

    `nearest` is the part of the quote that is most like the sentence. No name and no number of the sentence may be
    missing, nothing turned round, and no denial stand on its own.
    """
    repeats = 1 - dict(zip(SIGNS, signs(sentence, nearest), strict=True))["new word pairs (share)"]
    if repeats >= REPEATED:
        return None
    seen = dict(zip(SIGNS, found := signs(sentence, quote), strict=True))
    if any(seen[sign] for sign in FORBIDDEN) or seen["terms missing (share)"] > MISSING:
        return None
    likely = likelihood(found)
    return likely if likely >= LIKELY else None
