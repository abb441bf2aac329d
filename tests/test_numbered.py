from __future__ import annotations

import pytest

from assistant.numbered import numbered_names, stands_in


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("How far does the vector move the answers of Llama 2 70B Chat?", ("Llama 2 70B",)),
        ("What V-measure do atoms reach on SemEval 2013?", ("SemEval 2013",)),
        ("Which latents of Pythia-2.8B and GPT-2 are dead?", ("Pythia-2.8B", "GPT-2")),
        ("GPT-5 has how many heads?", ("GPT-5",)),
        ("How much CO2 was emitted?", ("CO2",)),
        ("What does Figure 3 of Section 4.2 show for Layer 5, as of June 2023?", ()),
        ("Which 26 heads are needed? Over 400 prompts, The 145 pairs.", ()),
        ("What is superposition?", ()),
    ],
)
def test_names_with_numbers_are_told_from_places_and_counts(question: str, names: tuple[str, ...]) -> None:
    assert numbered_names(question) == names


def test_a_name_stands_in_a_text_however_it_is_written() -> None:
    assert stands_in("Llama 2 70B", "We steer LLaMA-2-70B.")
    assert stands_in("Llama 2 70B", "Llama 2 comes with 7B, 13B and 70B parameters.")
    assert not stands_in("Llama 2 70B", "We steer Llama 2 13B. Another model has 70B parameters.")
    assert not stands_in("Llama 2 7B", "Llama 2 comes with 17B parameters, or with 7Bn.")
    assert not stands_in("Pythia-2.8B", "Pythia was trained in sizes up to 12.8B.")
