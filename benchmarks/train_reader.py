"""Claim: index/reader.py picks a sentence to lead with that states a fact more often than the signs do.

    python -m benchmarks.train_reader OUT.safetensors [--arxiv ../shared/arxiv/abstracts-cs-2025-2026.jsonl.gz]
                                      [--exercises 9000] [--abstracts N]

Trains the changes to MiniLM (rank 24, on every matrix of its layers; Apache-2.0) and writes those that index/reader.py
reads. It learns from 25,901 questions and claims written for this project over 2,878 abstracts (CC0;
benchmarks/reader/questions.txt), nine tenths of them, after exercises over 9,000 others (benchmarks/reader/rows.py):
whether a passage answers, where, and what of a claim it supports. One round over the exercises, two over the written
rows; an hour on two cores with bfloat16. Each claim's odds by itself, without a passage, are added to what is learned
in the last round: people's style alone tells a supported claim from another (AUC .84).

`mivault eval` and `python -m benchmarks.paperqa` measure. What it reaches (November 2026), on sentences of papers,
with questions of the eval cases and of paper-qa never trained on; of the twelve best sentences by their signs (12 of 4
to 24 was best on the development half) the likeliest leads: it states a fact in .217 to .278 of 198 development cases
[.000, +.130], .236 to .293 of 174 frozen ones [.000, +.115], both [+.019, +.101]; paper-qa's token F1 .079 to .113
[-.000, +.065], by papers. `mivault eval` with and without it, of cases that are answered: lead states a fact .296 to
.352 of the frozen half [-.006, +.119], .281 to .319 of the other [-.022, +.097]; facts in the whole answer .391 to .412
[+.003, +.041] and .414 to .429 [.000, +.034], by up to one sentence more; faithfulness the same. Over windows of three
sentences of all eight passages it chose no better than the signs on the frozen half (.241 both).

What it was meant for too, and does not do, on what was held back:
- refusing. Of its own abstracts' questions it tells those that a window answers from near misses by .96 (AUC), from
  false premises by .96, from other windows of the abstract by .96. Of the eval cases, as a further sign of
  assistant/evidence.py: frozen AUC .635 to .711, with how much the window contradicts .75; but read with no passage at
  all the question alone gives .73 and .81, its length .81: it is how those questions are written. Refused are 12 of 31
  where .90 are answered, as without it, and with the answering pages taken away the AUC stays .56.
- support. Own claims .92, but on people's sets (best four sentences, claim by sentences) alone CLIFF .61, WiCE .64,
  SummEdits .50; as a further sign in the regression CLIFF .832 to .831, WiCE .820, SummEdits .665 to .664.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from benchmarks.reader.rows import NOT_SUPPORTED, Abstract, Lessons, Row, abstracts, exercises, written
from index.model_folder import find_model
from index.reader import CLS, MOST, MOST_ASKED, SEP
from index.safetensors import Weights

ARXIV = Path(__file__).resolve().parents[2] / "shared" / "arxiv" / "abstracts-cs-2025-2026.jsonl.gz"
RANK, BATCH, SPAN_SHARE = 24, 32, 0.35
ROUNDS = (1.5e-3, 1.2e-3, 8e-4)  # learning rates: exercises, written, written again
HALF = torch.bfloat16


class Changed(nn.Module):  # type: ignore[misc]
    """A linear layer that stays, and a low-rank change to it that is learned."""

    def __init__(self, weight: Any, bias: Any) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight, dtype=HALF))
        self.register_buffer("bias", torch.tensor(bias))
        self.down = nn.Parameter(torch.randn(RANK, weight.shape[1]) / math.sqrt(weight.shape[1]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], RANK))
        self.add = nn.Parameter(torch.zeros(weight.shape[0]))

    def forward(self, x: Any) -> Any:
        changed = F.linear(F.linear(x, self.down.to(HALF)), self.up.to(HALF))
        return F.linear(x, self.weight, (self.bias + self.add).to(HALF)) + changed


class Model(nn.Module):  # type: ignore[misc]
    """MiniLM, with heads: answers, supports (supports, contradicts, neither), spans (start, end)."""

    def __init__(self) -> None:
        super().__init__()
        folder = find_model()
        known, config = (
            Weights(folder.path / "model.safetensors"),
            json.loads((folder.path / "config.json").read_bytes()),
        )
        self.heads, self.size, self.tokenizer = config["num_attention_heads"], folder.dimension, folder.tokenizer()
        names = [f"embeddings.{name}_embeddings.weight" for name in ("word", "position")]
        self.words, self.places = (torch.tensor(known[name]) for name in names)
        self.types = nn.Parameter(torch.tensor(known["embeddings.token_type_embeddings.weight"]))
        self.linear, self.norms = nn.ModuleDict(), nn.ModuleDict()
        self._norm(known, "embeddings.LayerNorm")
        for n in range(config["num_hidden_layers"]):
            layer = f"encoder.layer.{n}."
            for name in (*(f"attention.self.{p}" for p in ("query", "key", "value")), "attention.output.dense"):
                self._linear(known, layer + name)
            self._linear(known, layer + "intermediate.dense")
            self._linear(known, layer + "output.dense")
            self._norm(known, layer + "attention.output.LayerNorm")
            self._norm(known, layer + "output.LayerNorm")
        self.layers = config["num_hidden_layers"]
        self.answers, self.supports = nn.Linear(2 * self.size, 1), nn.Linear(2 * self.size, 3)
        self.spans = nn.Linear(self.size, 2)

    def _linear(self, known: Weights, name: str) -> None:
        self.linear[name.replace(".", "/")] = Changed(known[name + ".weight"], known[name + ".bias"])

    def _norm(self, known: Weights, name: str) -> None:
        norm = nn.LayerNorm(self.size, eps=1e-12)
        norm.weight.data, norm.bias.data = (torch.tensor(known[f"{name}.{part}"]) for part in ("weight", "bias"))
        self.norms[name.replace(".", "/")] = norm

    def _normed(self, name: str, x: Any) -> Any:
        norm = self.norms[name.replace(".", "/")]
        return F.layer_norm(x, (self.size,), norm.weight.to(x.dtype), norm.bias.to(x.dtype), 1e-12)

    def forward(self, ids: Any, types: Any, mask: Any) -> tuple[Any, Any, Any]:
        n, tokens = ids.shape
        x = self._normed("embeddings.LayerNorm", self.words[ids] + self.places[:tokens] + self.types[types]).to(HALF)
        away = ((mask[:, None, None, :].float() - 1) * 1e4).to(HALF)

        def linear(name: str, value: Any) -> Any:
            return self.linear[name.replace(".", "/")](value)

        def by_head(value: Any) -> Any:
            return value.view(n, tokens, self.heads, -1).transpose(1, 2)

        for number in range(self.layers):
            at = f"encoder.layer.{number}."
            q, k, v = (by_head(linear(f"{at}attention.self.{part}", x)) for part in ("query", "key", "value"))
            mixed = torch.softmax(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5 + away, -1) @ v
            mixed = linear(at + "attention.output.dense", mixed.transpose(1, 2).reshape(n, tokens, -1))
            x = self._normed(at + "attention.output.LayerNorm", x + mixed)
            wide = linear(at + "output.dense", F.gelu(linear(at + "intermediate.dense", x)))
            x = self._normed(at + "output.LayerNorm", x + wide)
        x, passage = x.float(), types.float()[:, :, None]
        read = torch.cat([x[:, 0], (x * passage).sum(1) / passage.sum(1)], 1)
        return self.answers(read)[:, 0], self.supports(read), self.spans(x) + (passage - 1) * 1e4

    def changes(self) -> dict[str, Any]:
        """What index/reader.py reads, in half precision."""
        found = {"embeddings.token_type_embeddings.weight": self.types}
        for name, linear in self.linear.items():
            name = name.replace("/", ".")
            found |= {
                f"{name}.weight.up": linear.up,
                f"{name}.weight.down": linear.down,
                f"{name}.bias.add": linear.add,
            }
        for name, norm in (*self.norms.items(), ("answers", self.answers)):
            name = name.replace("/", ".")
            found |= {f"{name}.weight": norm.weight, f"{name}.bias": norm.bias}
        return {name: value.detach().half().contiguous() for name, value in found.items()}

    def encoded(self, row: Row) -> tuple[list[int], int, tuple[int, int] | None]:
        """Tokens, where the passage begins, and its first and last token of the span."""
        asked = self.tokenizer.encode(row.asked, add_special_tokens=False).ids[:MOST_ASKED]
        read = self.tokenizer.encode(row.passage, add_special_tokens=False)
        begins, room = len(asked) + 2, MOST - len(asked) - 3
        span = row.span or (0, 0)
        on = [begins + n for n, (a, b) in enumerate(read.offsets[:room]) if a < span[1] and b > span[0]]
        return [CLS, *asked, SEP, *read.ids[:room], SEP], begins, (on[0], on[-1]) if on else None


def padded(pairs: Sequence[tuple[list[int], int, Any]]) -> tuple[Any, Any, Any]:
    """ids, types, mask."""
    longest = max(len(ids) for ids, _, _ in pairs)
    made = torch.zeros(3, len(pairs), longest, dtype=torch.long)
    for n, (ids, begins, _) in enumerate(pairs):
        made[0, n, : len(ids)] = torch.tensor(ids)
        made[1, n, begins : len(ids) - 1] = 1
        made[2, n, : len(ids)] = 1
    return made[0], made[1], made[2]


def loss(rows: Sequence[Row], pairs: Sequence[Any], told: tuple[Any, Any, Any], alone: dict[str, float]) -> Any:
    """Per row. `alone` are claims' log odds without a passage: what is learned is added to them."""
    total = torch.zeros(())
    known = torch.tensor([row.answers is not None for row in rows])
    aims = torch.tensor([float(bool(row.answers)) for row in rows])
    total = total + F.binary_cross_entropy_with_logits(told[0][known], aims[known], reduction="sum")
    added = torch.tensor([[alone.get(row.asked, 0.0) if row.claim else 0.0, 0.0, 0.0] for row in rows])
    likely = F.log_softmax(told[1] + added, 1)
    for n, row in enumerate(rows):
        if row.supports is not None:
            one = torch.logsumexp(likely[n, 1:], 0) if row.supports == NOT_SUPPORTED else likely[n, row.supports]
            total = total - one
        if pairs[n][2]:
            starts, ends = F.log_softmax(told[2][n, :, 0], 0), F.log_softmax(told[2][n, :, 1], 0)
            total = total - SPAN_SHARE * (starts[pairs[n][2][0]] + ends[pairs[n][2][1]])
    return total / len(rows)


def batches(model: Model, rows: Sequence[Row], chance: random.Random) -> Iterator[tuple[list[Row], list[Any]]]:
    """Batches of like length, in any order."""
    pairs = [(row, model.encoded(row)) for row in rows]
    chance.shuffle(pairs)
    for start in range(0, len(pairs), 40 * BATCH):
        part = sorted(pairs[start : start + 40 * BATCH], key=lambda pair: len(pair[1][0]))
        groups = [part[n : n + BATCH] for n in range(0, len(part), BATCH)]
        chance.shuffle(groups)
        yield from (([row for row, _ in group], [pair for _, pair in group]) for group in groups)


def train(model: Model, rows: Sequence[Row], rate: float, alone: dict[str, float], chance: random.Random) -> None:
    """One round; the rate rises over 60 steps and falls to nothing."""
    learned = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(learned, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    steps = math.ceil(len(rows) / BATCH)
    for step, (part, pairs) in enumerate(batches(model, rows, chance)):
        adam.param_groups[0]["lr"] = rate * min(1.0, step / 60) * max(0.02, 1 - step / steps)
        lost = loss(part, pairs, model(*padded(pairs)), alone)
        adam.zero_grad()
        lost.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        adam.step()
        if step % 50 == 0:
            print(f"{step} of {steps}: {float(lost.detach()):.3f}", flush=True)


def by_themselves(model: Model, rows: Sequence[Row]) -> dict[str, float]:
    """The log odds of the written claims with nothing to read, put on the scale of how often they are supported."""
    claims = {row.asked: float(row.supports == 0) for row in rows if row.claim}
    told = []
    for claim in claims:
        with torch.no_grad():
            likely = F.log_softmax(model(*padded([model.encoded(Row(claim, "i"))]))[1][0], 0)
        told.append(float(likely[0] - torch.logsumexp(likely[1:], 0)))
    x, y, slope, bias = np.array(told), np.array(list(claims.values())), 0.0, 0.0
    x -= x.mean()
    for _ in range(25):  # a logistic regression on one sign, by Newton's method
        p = 1 / (1 + np.exp(-(slope * x + bias)))
        z = np.stack([x, np.ones_like(x)])
        step = np.linalg.solve((z * (p * (1 - p))) @ z.T + 1e-6 * np.eye(2), z @ (p - y))
        slope, bias = slope - step[0], bias - step[1]
    return dict(zip(claims, map(float, slope * x + bias), strict=True))


def lessons(known: Sequence[Abstract], seed: int) -> list[Row]:
    teacher, items = Lessons(known, seed), written()
    return [row for one in known if not one.held for row in teacher.of(one, items[one.id])]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--arxiv", type=Path, default=ARXIV)
    options.add_argument("--exercises", type=int, default=9000)
    options.add_argument("--abstracts", type=int)
    given = options.parse_args()
    if not given.arxiv.is_file():
        print(f"skipped: {given.arxiv} is not there")
        return
    torch.manual_seed(0)
    chance, model, items = random.Random(0), Model(), written()
    every = abstracts(given.arxiv)
    known = [every[name] for name in items if name in every][: given.abstracts]
    others = [one for name, one in sorted(every.items()) if name not in items]
    train(model, list(exercises(chance.sample(others, given.exercises), 5)), ROUNDS[0], {}, chance)
    train(model, lessons(known, 3), ROUNDS[1], {}, chance)
    again = lessons(known, 4)
    train(model, again, ROUNDS[2], by_themselves(model, again), chance)
    from safetensors.torch import save_file

    save_file(model.changes(), given.out)


if __name__ == "__main__":
    main()
