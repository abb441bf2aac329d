"""Which quotes speak for their own paper, and which report another work."""

from __future__ import annotations

import pytest

from assistant.secondhand import reported_from


@pytest.mark.parametrize(
    ("quote", "whom"),
    [
        ("Models do not always tell the truth (Lin et al., 2022; Park, 2023).", "Lin et al., 2022; Park, 2023"),
        ("Meng et al. (2022) locate facts in early layers.", "Meng et al. (2022)"),
        ("Facts lie in early layers [12, 13].", "[12, 13]"),
        ("Elhage and Olsson (2021a) describe induction heads.", "Elhage and Olsson (2021a)"),
        ("We train GPT-2 (Radford et al., 2019) on nuts.", ""),
        ("Our circuit has 26 heads [3].", ""),
        ("The circuit has 26 heads (in 2022).", ""),
        ("The circuit has 26 heads.", ""),
        ("The matrix W[3, 4] is sparse (see Figure 2).", ""),
    ],
)
def test_a_quote_that_cites_another_work_is_second_hand(quote: str, whom: str) -> None:
    assert reported_from(quote) == whom
