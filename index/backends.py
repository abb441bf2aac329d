"""Which engine embeds many texts fastest on this machine: measured when it is first asked, remembered in the cache.

    float32 in OpenVINO      there already: it embeds the questions
    bfloat16 in OpenVINO     on CPUs that compute in it: 2.5 times as fast on one with matrix units, .6 times on others
    int16 (int16_model.py)   on CPUs with AVX2: 1.4 times as fast
    int8                     the same with a third of its products in 8 bits, on CPUs with VNNI: 2 times as fast. On one
                             with bfloat16 too: 26 ms of a core for a passage; int16 takes 28, bfloat16 37
    PyTorch                  where there is a GPU (CUDA, or Apple's)

All of them keep the vectors within a cosine of .999 of float32's; what does not is no candidate.

ONNX Runtime comes with Chroma and is none: no model in its format lies on this disk (the package of MiniLM holds
safetensors; Chroma downloads one), and writing one takes torch and another package for what OpenVINO does as it is.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import BATCH, Backend, Model, Vectors, run_batches
from index.errors import EmbedderError
from index.int16_model import Int16Model, has_bytes, runs_here
from index.model_folder import ModelFolder, find_model
from ingest.vault import digest, read_json, write_json
from ingest.worker import cores

# Another engine must be that much faster than the one that is loaded already: less is noise.
GAIN = 1.1
# bfloat16 moves vectors by a cosine of .00005: only a clear gain is worth that.
BF16_GAIN = 1.3
CLOSE = 0.999  # the least cosine to float32's vectors
SURE = 0.9995  # the same for 8 bits: their errors differ from text to text, and few are measured
PASSAGES = ("the features of a sparse autoencoder fire on words that mean much the same ", "heads that move names ")
LIBRARIES = ("openvino", "numba", "numpy", "torch")
ENGINES = 3  # counts the changes of the engines themselves: after one they are measured again

logger = logging.getLogger(__name__)


def fastest(folder: ModelFolder, few: Model, cache: Path | None, backend: Backend) -> Model:
    """The engine for many texts; `few`, the one that is loaded, where it is the fastest, or where there is no cache to
    remember another in."""
    if backend != "auto":
        return Int16Model(folder, small=backend == "int8") if backend in ("int16", "int8") else few
    if cache is None or not folder.bert:
        return few
    remembered = choice_path(cache, folder)
    known = read_json(remembered)
    if not isinstance(known, dict) or known.get("machine") != machine():
        known = measure(folder, few)
        write_json(remembered, known)
    return _loaded(str(known["engine"]), folder, few)


def choice_path(cache: Path, folder: ModelFolder) -> Path:
    """Where it is remembered: {engine, model, machine, passages_per_second: {engine: number}}."""
    return cache / f"engine-{digest(str(folder.path).encode())[:12]}.json"


def chosen(cache: Path, folder: ModelFolder) -> str:
    """The engine that was chosen for this machine, "" before that."""
    known = read_json(choice_path(cache, folder))
    return str(known.get("engine", "")) if isinstance(known, dict) and known.get("machine") == machine() else ""


def engine_text(cache: Path, model: str | None) -> str:
    """Which engine embeds many texts with a model (None: the packaged one) here, and how fast it was, for a person."""
    try:
        folder = find_model(model)
    except EmbedderError as error:
        return f"Embedding: {error}"
    engine = chosen(cache, folder)
    if not engine:
        return f"Embedding: {folder.name}; the fastest engine here is measured when many texts are first embedded."
    rates = read_json(choice_path(cache, folder)).get("passages_per_second", {})
    others = ", ".join(f"{name} {rate:.0f}" for name, rate in sorted(rates.items()) if name != engine)
    measured = f", {rates[engine]:.0f} passages a second when it was measured here" if engine in rates else ""
    return f"Embedding: {folder.name} in {engine}{measured}{f' ({others})' if others else ''}."


def machine() -> str:
    """What a choice holds for: the processor, its cores, the libraries' versions and ours."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([_processor(), f"{cores()} cores", *versions, f"engines {ENGINES}"])


def measure(folder: ModelFolder, few: Model) -> dict[str, Any]:
    """Embeds a batch of passages for each core in every engine that could be the fastest here: about a second each."""
    texts = [(PASSAGES[i % 2] * 40)[: 900 + 10 * i] for i in range(BATCH * cores())]
    best, expected = _timed(few, texts)
    rates, engine = {"float32": best}, "float32"
    for name, (load, gain) in _candidates(folder).items():
        if name == "int16" and "int8" in rates:
            continue  # the same, with more to compute
        try:
            rate, vectors = _timed(load(), texts, elsewhere=name.startswith("torch"))
        except (EmbedderError, RuntimeError, OSError) as error:
            logger.warning("%s does not run here: %s", name, error)
            continue
        if float((vectors * expected).sum(axis=1).min()) < (SURE if name == "int8" else CLOSE):
            logger.warning("%s gives other vectors than float32: it is not used", name)
            continue
        rates[name] = rate
        if rate > gain * rates["float32"] and rate > best:
            best, engine = rate, name
    rounded = {name: round(rate, 1) for name, rate in rates.items()}
    return {"engine": engine, "model": folder.name, "machine": machine(), "passages_per_second": rounded}


def _candidates(folder: ModelFolder) -> dict[str, tuple[Callable[[], Model], float]]:
    from index.openvino_model import OpenVinoModel, has_bf16
    from index.torch_model import TorchModel

    found: dict[str, tuple[Callable[[], Model], float]] = {}
    if has_bf16():
        found["bfloat16"] = (lambda: OpenVinoModel(folder, precision="bf16")), BF16_GAIN
    if runs_here():
        if has_bytes():
            found["int8"] = (lambda: Int16Model(folder, small=True)), GAIN
        found["int16"] = (lambda: Int16Model(folder)), GAIN
    gpu = _gpu()
    if gpu:
        found[f"torch on {gpu}"] = (lambda: TorchModel(folder, device=gpu)), GAIN
    return found


def _loaded(engine: str, folder: ModelFolder, few: Model) -> Model:
    load = _candidates(folder).get(engine)
    try:
        return load[0]() if load else few
    except EmbedderError:
        return few


def _timed(model: Model, texts: Sequence[str], *, elsewhere: bool = False) -> tuple[float, Vectors]:
    """Passages a second, the best of two runs; and the vectors. A batch before them compiles what is to be compiled.

    What counts is the time of all cores that it computed: what waits for other programs, or for the papers that are
    read meanwhile, would choose by chance. Only what computes `elsewhere`, on a GPU, is measured by the clock.
    """
    model.encode(texts[:1])
    clock, lanes = (time.perf_counter, 1) if elsewhere else (time.process_time, cores())
    seconds, rows = [], dict[int, Any]()
    for _ in range(2):
        began = clock()
        for numbers, vectors in run_batches(model, texts):
            rows |= dict(zip(numbers, vectors, strict=True))
        seconds.append((clock() - began) / lanes)
    return len(texts) / max(min(seconds), 1e-9), np.stack([rows[number] for number in range(len(texts))])


def _gpu() -> str:
    """torch's name of a GPU that seems to be there, "" for none; looked at without importing torch."""
    if Path("/dev/nvidiactl").exists():
        return "cuda"
    return "mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    shown = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "amx_tile") if flag in shown.get("flags", "").split()]
    return " ".join([shown.get("model name", platform.machine()), *flags])
