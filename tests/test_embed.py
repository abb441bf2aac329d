"""Embedding: the packaged model as OpenVINO and as sentence-transformers run it, and what is embedded of a passage."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readable_embedder import ReadableEmbedder

from index.embed import LocalEmbedder, embedded_text, load_embedder, token_counter
from index.errors import EmbedderError
from index.model_folder import find_model, read_model
from index.safetensors import Weights
from ingest.records import Passage

TEXTS = [
    "Sparse autoencoders find interpretable features in language models.",
    "A dictionary of features is learnt by sparse autoencoders.",
    "The indirect object is moved by name mover heads.",
    "",
    "Σ_i α_i x_i → ŷ, 稀疏自编码器",
    "superposition " * 400,
]
PASSAGE = Passage("id", "paper", 0, ("1 Introduction",), "p. 1", "p. 1", "text", ())


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return load_embedder(backend="openvino")


def test_vectors_are_unit_length_in_order_and_near_in_meaning(embedder: LocalEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.7 > 0.3 > vectors[0] @ vectors[2]
    backwards = embedder.embed(TEXTS[::-1])[::-1]
    assert np.allclose((vectors * backwards).sum(axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(embedder: LocalEmbedder) -> None:
    together = embedder.embed([*TEXTS, *TEXTS])
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.allclose(together[: len(TEXTS)], together[len(TEXTS) :], atol=1e-5)
    assert np.allclose(together[: len(TEXTS)], alone, atol=1e-4)


def test_asking_twice_gives_the_same_vector(embedder: LocalEmbedder) -> None:
    assert np.array_equal(embedder.embed([TEXTS[0]]), embedder.embed([TEXTS[0]]))


def test_text_is_cut_where_the_model_ends(embedder: LocalEmbedder) -> None:
    fits = "word " * (embedder.max_tokens - 2)
    longer, shorter = fits + "autoencoder " * 50, fits[: -len("word ")]
    vectors = embedder.embed([fits, longer, shorter])
    assert vectors[0] @ vectors[1] > 0.99999
    assert not np.array_equal(vectors[0], vectors[2])


def test_no_texts_are_no_vectors(embedder: LocalEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_progress_counts_up_to_all(embedder: LocalEmbedder) -> None:
    heard: list[int] = []
    embedder.embed(["a few words"] * 20, on_done=heard.append)
    assert heard == sorted(heard) and heard[-1] == 20 and len(heard) > 1


def test_the_packaged_model_is_known_by_all_its_names() -> None:
    names = (None, "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", str(find_model().path))
    found = [find_model(name) for name in names]
    assert {one.path for one in found} == {found[0].path}
    assert {(one.dimension, one.max_tokens, one.pooling, one.bert) for one in found} == {(384, 256, "mean", True)}
    assert [one.name for one in found[:3]] == ["all-MiniLM-L6-v2"] * 3


@pytest.mark.parametrize(
    "name", ["./no/such/folder", "no-such-model", "nobody/no-such-model", "not a model name at all"]
)
def test_a_missing_model_is_an_error_with_a_hint(name: str) -> None:
    with pytest.raises(EmbedderError) as caught:
        load_embedder(name)
    assert name in str(caught.value) and caught.value.hint


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"config\.json"):
        load_embedder(str(tmp_path))
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    with pytest.raises(EmbedderError, match=r"tokenizer\.json"):
        load_embedder(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbedderError, match="cannot be read"):
        load_embedder(str(tmp_path))


def test_weights_that_are_none_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00not json")
    with pytest.raises(EmbedderError, match="safetensors"):
        Weights(path)
    path.write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(EmbedderError, match="does not hold"):
        Weights(path)["embeddings.LayerNorm.bias"]


def test_tokens_are_counted_without_markers_and_without_a_limit(embedder: LocalEmbedder) -> None:
    count = token_counter()
    assert count("What is superposition?") == embedder.count_tokens("What is superposition?") == 5
    assert count("word " * 1000) == 1000
    assert count("") == 0


@given(
    st.text(max_size=300),
    st.lists(st.text(max_size=60), max_size=4),
    st.text(min_size=1, max_size=600).filter(lambda text: len(text.split()) < 250),
)
@settings(max_examples=60, deadline=None)
def test_a_prefix_never_costs_a_passage_its_tokens(title: str, section: list[str], text: str) -> None:
    embedder = ReadableEmbedder(max_tokens=256)
    passage = replace(PASSAGE, section=tuple(section), text=text)
    embedded = embedded_text(passage, title, embedder)
    assert embedded.endswith(text)
    prefix = embedded.removesuffix(text)
    assert embedder.count_tokens(prefix) <= 48
    own = embedder.count_tokens(text)
    assert own > 254 or embedder.count_tokens(prefix) + own <= 254


def test_title_and_section_are_embedded_before_the_text() -> None:
    assert embedded_text(PASSAGE, "On  Circuits", ReadableEmbedder()) == "On Circuits | 1 Introduction\ntext"
    assert embedded_text(replace(PASSAGE, text="word " * 254), "On Circuits", ReadableEmbedder()) == "word " * 254


def test_the_light_path_loads_no_torch_and_tells_nobody(tmp_path: Path) -> None:
    """Importing openvino as it comes sends an event to Google Analytics, and leaves its user id in the home folder."""
    code = """
import sys
from index.embed import load_embedder
assert load_embedder().embed(["a question"]).shape == (1, 384)
unwanted = {"torch", "transformers", "sentence_transformers", "openvino_telemetry", "huggingface_hub", "numba"}
print(sorted(unwanted & sys.modules.keys()))
"""
    root = Path(__file__).resolve().parent.parent
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_openvino_and_sentence_transformers_agree(embedder: LocalEmbedder) -> None:
    torch = load_embedder(backend="torch")
    assert (torch.name, torch.dimension, torch.max_tokens) == (embedder.name, embedder.dimension, embedder.max_tokens)
    assert (torch.embed(TEXTS) * embedder.embed(TEXTS)).sum(axis=1).min() > 0.9999


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
def test_other_models_run_too(tmp_path: Path, pooling: str) -> None:
    """A tiny random BERT of another shape, saved as its own library does: by OpenVINO where the pooling allows."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(7)
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
    BertModel(config).save_pretrained(tmp_path / "bert")
    AutoTokenizer.from_pretrained(str(find_model().path), local_files_only=True).save_pretrained(tmp_path / "bert")
    words = Transformer(str(tmp_path / "bert"), max_seq_length=64)
    SentenceTransformer(modules=[words, Pooling(32, pooling_mode=pooling)]).save(str(tmp_path / "tiny"))

    folder = read_model("tiny", tmp_path / "tiny")
    assert (folder.dimension, folder.max_tokens, folder.pooling) == (32, 64, pooling)
    assert folder.bert == (pooling != "max")
    vectors = LocalEmbedder(folder).embed(TEXTS)
    expected = SentenceTransformer(str(tmp_path / "tiny"), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert (vectors * np.asarray(expected)).sum(axis=1).min() > 0.9999
