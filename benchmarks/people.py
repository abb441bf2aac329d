"""Claim: twenty people can ask at once, each every 15 s, all questions different, without a language model.

`python -m benchmarks.people --vault DIR [--people 20] [--every 15] [--minutes 5]`: a real `mivault chat` over a synced
vault, asked over HTTP by the documented protocol (POST gradio_api/call/v2/ask_vault, then the event stream). Asked: no
error, 95 % answered within 5 s on two cores, memory after the first minute steady within 10 %. The peer in the same
run is one person alone, at the same pace, first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from statistics import median

import httpx

from benchmarks.served import Served, free_port, percentile, started, until_ready

FORMS = (
    "What is said about {}?", "How is {} explained?", "Why does {} matter?", "What evidence is there for {}?",
    "How was {} measured?",
)  # fmt: skip
ALONE_QUESTIONS = 4
SAMPLE_SECONDS = 5.0


@dataclass
class Seen:
    """Seconds of each answer, what went wrong, and the server's memory (seconds since the start, MB)."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    abstained: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, required=True)
    options.add_argument("--people", type=int, default=20)
    options.add_argument("--every", type=float, default=15.0)
    options.add_argument("--minutes", type=float, default=5.0)
    chosen = options.parse_args()
    asked = questions(chosen.vault)
    with started(chosen.vault, free_port()) as served:
        until_ready(served)
        alone = asyncio.run(crowd(served, asked, people=1, every=0.5, seconds=0.5 * ALONE_QUESTIONS))
        before = served.cpu_seconds()
        together = asyncio.run(
            crowd(served, asked, people=chosen.people, every=chosen.every, seconds=chosen.minutes * 60)
        )
        print(told(alone, together, served.cpu_seconds() - before))


def questions(vault: Path) -> Iterator[str]:
    """Questions without end, no two alike, about words that stand in the vault's papers; always the same ones."""
    from ingest.vault import Vault

    opened = Vault.open(vault)
    chance = random.Random(20)
    texts = [p.text for source in opened.source_ids() for p in opened.passages(source) if p.kind == "text"]
    chance.shuffle(texts)
    for turn in count():
        for text in texts:
            words = [word for word in text.split() if word.isalpha()]
            pairs = [f"{a} {b}" for a, b in pairwise(words) if len(a) > 4 and len(b) > 4]
            if len(pairs) > turn:
                yield chance.choice(FORMS).format(pairs[turn])


async def crowd(served: Served, asked: Iterator[str], *, people: int, every: float, seconds: float) -> Seen:
    """People who begin one after the other and each ask every so often, whether or not the last answer has come."""
    seen, end = Seen(), time.perf_counter() + seconds
    client = httpx.AsyncClient(base_url=served.url, timeout=60, limits=httpx.Limits(max_connections=None))
    async with client, asyncio.TaskGroup() as all_of:
        all_of.create_task(_watch(served, seen, end))
        for person in range(people):
            all_of.create_task(_person(client, asked, seen, end, begin=every * person / people, every=every))
    return seen


async def _person(
    client: httpx.AsyncClient, asked: Iterator[str], seen: Seen, end: float, *, begin: float, every: float
) -> None:
    due = time.perf_counter() + begin
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await _ask(client, next(asked), seen)
        due += every


async def _ask(client: httpx.AsyncClient, question: str, seen: Seen) -> None:
    began = time.perf_counter()
    try:
        answer = await _answer(client, question)
    except (httpx.HTTPError, ValueError) as error:
        seen.errors.append(f"{question}: {type(error).__name__} {error}")
        return
    seen.seconds.append(time.perf_counter() - began)
    seen.abstained += bool(answer["abstained"])


async def _answer(client: httpx.AsyncClient, question: str) -> dict[str, object]:
    begun = await client.post("gradio_api/call/v2/ask_vault", json={"question": question})
    begun.raise_for_status()
    kind = ""
    async with client.stream("GET", f"gradio_api/call/ask_vault/{begun.json()['event_id']}") as told:
        async for line in told.aiter_lines():
            kind = line.removeprefix("event: ") if line.startswith("event: ") else kind
            if line.startswith("data: ") and kind == "complete":
                (answer,) = json.loads(line.removeprefix("data: "))
                return dict(answer)
            if line.startswith("data: ") and kind == "error":
                raise ValueError(line)
    raise ValueError("the stream ended without an answer")


async def _watch(served: Served, seen: Seen, end: float) -> None:
    began = time.perf_counter()
    while time.perf_counter() < end:
        seen.memory.append((time.perf_counter() - began, served.memory_mb()))
        await asyncio.sleep(SAMPLE_SECONDS)


def told(alone: Seen, together: Seen, cpu: float) -> str:
    lines = [
        f"alone: {len(alone.seconds)} answers, median {median(alone.seconds):.2f} s",
        f"together: {len(together.seconds)} answers ({together.abstained} abstentions), {len(together.errors)} errors, "
        f"median {median(together.seconds):.2f} s, 95 % within {percentile(together.seconds, 0.95):.2f} s, "
        f"longest {max(together.seconds):.2f} s, {cpu / len(together.seconds):.2f} CPU seconds each",
        steady(together.memory),
    ]
    return "\n".join(lines + together.errors[:5])


def steady(memory: Sequence[tuple[float, float]]) -> str:
    """How the memory went after the first minute, which fills what is kept on purpose."""
    later = [mb for seconds, mb in memory if seconds >= 60]
    if not later:
        return f"memory: {memory[0][1]:.0f} to {memory[-1][1]:.0f} MB within the first minute; give it more minutes"
    change = max(abs(mb - later[0]) for mb in later) / later[0]
    return (
        f"memory: {later[0]:.0f} MB after a minute, {later[-1]:.0f} MB at the end, never further off than {change:.1%}"
    )


if __name__ == "__main__":
    main()
