"""Whether a language model goes round in circles: small ones do at temperature 0, and then never stop by themselves."""

from __future__ import annotations

TAIL = 2_000  # characters at the end that are looked at; a circle may be a third of it
NEEDLE = 24  # characters whose last occurrence tells how long the circle is
TIMES = 3  # so often it was gone round...
LEAST = 60  # ...and at least so many characters: a list of zeros or a row of a table is none


def looping(said: str) -> bool:
    """Whether the end of `said` is one stretch three times over (a short one more often).

    >>> looping("It is a circuit. " * 5), looping("It is a circuit. It is a circuit that copies names. It is so.")
    (True, False)
    """
    tail = said[-TAIL:].rstrip()
    before = tail.rfind(tail[-NEEDLE:], 0, len(tail) - 1)
    if len(tail) < LEAST or before < 0:
        return False
    round_ = len(tail) - NEEDLE - before
    times = max(TIMES, -(-LEAST // round_))
    return len(tail) >= times * round_ and tail.endswith(tail[-round_:] * times)
