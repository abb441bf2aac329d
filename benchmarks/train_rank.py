"""Claim: the weights of index/rerank.py hold on sentences, claims and questions that they were not made from.

`python -m benchmarks.train_rank [--cache DIR]` builds the vaults of benchmarks/retrieval.py, makes weights from one
half of each set that may be trained on, prints them beside those that ship, and then what both halves gain by them.

Trained on are, half of each: the sentences of interp-citations and what they cite; those that cite a PDF; the
project's own eval cases for tuning (half "dev") with the pages that answer them; and sentences of abstracts in the
public domain (CC0), for which the rest of their own abstract is to be found. SciFact is measured, never trained on:
its claims are said to be under CC BY 4.0 in one place and CC BY-NC 2.0 in another. So all of them are held back.

The loss is listwise (Cao et al., ICML 2007), for a thing that is cited the likelihood of any of its passages; weights
are 0 or more, so that a score is the sum of its parts.

Which signs there are was chosen by cross-validation inside the first halves, with 400 claims of SciFact among the
questions (its weights see none of them; on the other 409 the gain is the same). These gained nothing: BM25 of the
text alone, the largest share of the question within 30 words, words and phrases of the title, authors other than the
first, other names, the cosine of the passage's best sentence, cosines after centring or whitening the vault's
vectors, and the cosine with the mean of the best passages.

Trained parts that were tried over passages' vectors as they are, and left out (nDCG@10; claims of SciFact halved by
what they cite, one half asked by what the other taught; sentences of interp-citations were never trained on):
- a question's vector moved by a matrix of rank 16. Learned from claims: MiniLM alone .684 to .681 [-.013, +.006].
  Learned from 16,212 sentences and titles of 4,000 abstracts (CC0): claims -.002 [-.007, +.003], sentences .294 to .313
  [+.001, +.040]; but ranked again with it in the place of a part of "meaning", claims -.001, sentences -.002 to +.001,
  and from a share of .2 on, one of 35 that cite a PDF is lost (a second run).
- low-rank changes (16) to the last two layers of the question's encoder, learned from claims and every seventh of those
  sentences; one half only, stopped at 50 of 200 steps, so not the last word (the claims it learned from were at .825 by
  then): held-back claims .721 to .713, sentences .294 to .310.
  As a further sign claims gain .009, and the same by as much more weight on the unchanged cosine.
- the same (all layers) from 13,000 questions and claims written for abstracts (benchmarks/reader/questions.txt), 75
  steps: by cosine alone questions on 280 other abstracts find theirs first .434 to .570; but claims of SciFact .684
  to .673, sentences .297 to .317, and the fused score of claims .712 to .713, of sentences .429 to .432. Not yet tried
  on the eval cases, whose questions it may well help.
- rare words matched softly, by the encoder's own vectors of their pieces: claims +.000 to +.003, sentences -.010 to
  +.006. The cosine with the mean of a paper's passages: claims +.001 to +.005 [-.002, +.013], sentences -.006 to +.001.
- boosted trees over these signs and the last two kinds, learned from claims themselves: +.002 to +.010 [+.001, +.020]
  in nine settings. So more is not to be had from these signs; what is missing reads question and passage together.

The model itself adapted, so that questions and passages move alike (low-rank changes of 16 to every matrix of its last
layers, InfoNCE at .05 with a pull to the original vectors, passages cut at 128 tokens, 45 to 90 steps, one run each).
Looked at on 160 claims of the half not trained on and all sentences, and only by ranking the 15 best fused passages
again, so these are not a search's own figures. Fused score with the adapted cosine, nDCG@10:
- three layers, from the other half's claims: claims +.003 [-.004, +.012], sentences -.003 [-.009, +.002].
- four layers, from these and conclusions of that set's other abstracts: claims +.006 [-.005, +.018], sentences -.004
  [-.012, +.003]; ranked again (its share of .343 taken from the new cosine) sentences -.005 [-.011, -.000].
- three layers, from 1,200 sentences with the rest of their own CC0 abstract: claims +.010 [+.001, +.021] (cosine alone
  +.011), sentences +.003 [-.006, +.012] (cosine alone +.014 [+.001, +.028]); ranked again
  claims +.002 [-.007, +.011], sentences +.002 [-.004, +.008]: too small to embed every vault again for.
The model as a reader (low-rank changes to all layers): a claim with a candidate's title and those two sentences of it
that share most of its rarer words, 100 tokens in all; its score is added to the search's for the best 12 papers:
- from 347 claims, three and a half rounds; 150 other claims and 150 sentences: at a quarter of the share it was trained
  with +.005 [-.008, +.018] and +.010 [+.002, +.020], at its full share -.023 [-.046, -.001] and +.016 [.000, +.033].
- from these and 597 sentences of abstracts (CC0), one round, at its full share: all 401 other claims
  +.005 [-.001, +.012], all sentences -.005 [-.015, +.006]; with an eighth to a half of it claims +.004 to +.006,
  sentences -.003 to -.001. So what sentences gained in the first run did not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rank_sets import MEASURES, Ranking, rankings
from benchmarks.retrieval import told
from benchmarks.retrieval_sets import SHARED
from index.embed import load_embedder
from index.rerank import WEIGHTS

NAMES = tuple(WEIGHTS)
HALF = 0  # the one that is trained on
# What a set counts in training: few sentences cite a PDF, and they are among those of interp-citations.
COUNTS = {"interp-citations": 1.0, "PDFs": 0.3, "eval cases": 1.0, "abstracts": 0.4}
L2, STEPS, STEP = 1e-3, 1_000, 0.5
Signs = NDArray[np.float64]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cache", type=Path, help="keep the vaults here")
    chosen = parser.parse_args()
    if not (SHARED / "benchmarks").is_dir():
        print("SKIPPED: ../shared/benchmarks is not there, so nothing was trained")
        return 0
    with tempfile.TemporaryDirectory() as name:
        sets = rankings(chosen.cache or Path(name), load_embedder(cache=chosen.cache or Path(name)))
    weights = trained({name: [one for one in sets[name] if one.query.half == HALF] for name in COUNTS})
    print("\nshares of the score" + "".join(f"\n{n:14}{w:7.3f}  ships {WEIGHTS[n]:.3f}" for n, w in weights.items()))
    for name, asked in sets.items():
        for which in ("held back", "trained on"):
            some = [one for one in asked if (name in COUNTS and one.query.half == HALF) == (which == "trained on")]
            if some:
                print("\n".join(gained(name, which, some, weights)), flush=True)
    return 0


def trained(sets: Mapping[str, Sequence[Ranking]]) -> dict[str, float]:
    """The weight of each sign, their sum 1: projected gradient descent on signs of equal spread."""
    lists = [(one, COUNTS[name] / len(asked)) for name, asked in sets.items() for one in asked if one.cited_at]
    spread = np.concatenate([one.matrix(NAMES) for one, _ in lists]).std(axis=0) + 1e-6
    scaled = [(one.matrix(NAMES) / spread, one, count) for one, count in lists]
    weights = np.full(len(NAMES), 0.5)
    for _ in range(STEPS):
        slope = 2 * L2 * weights
        for signs, one, count in scaled:
            slope += count * gradient(signs, one, weights)
        weights = np.maximum(weights - STEP * slope, 0.0)
    real = weights / spread
    return dict(zip(NAMES, (real / real.sum()).tolist(), strict=True))


def gradient(signs: Signs, one: Ranking, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of -log(the share of what is cited among all that is not cited otherwise), a mean over what is cited."""
    scores = np.exp(signs @ weights - (signs @ weights).max())
    slope = np.zeros(len(weights))
    everything = {place for places in one.cited_at for place in places}
    for places in one.cited_at:
        others = np.array([place not in everything for place in range(len(scores))])
        own = np.zeros(len(scores))
        own[list(places)] = scores[list(places)]
        either = own + scores * others
        slope += signs.T @ (either / either.sum() - own / own.sum())
    return slope / len(one.cited_at)


def gained(name: str, which: str, asked: Sequence[Ranking], weights: Mapping[str, float]) -> Iterator[str]:
    """A line for each measure of a set: fused, ranked again, and the paired difference."""
    for what, measure in MEASURES[name].items():
        before = [measure(one, one.order(one.signs["fused"])) for one in asked]
        after = [measure(one, one.order(one.matrix(tuple(weights)) @ [*weights.values()])) for one in asked]
        known = [place for place, value in enumerate(before) if not isnan(value)]
        queries = [asked[place].query for place in known]
        first, second = ([values[place] for place in known] for values in (before, after))
        difference = told(queries, [b - a for a, b in zip(first, second, strict=True)], sign="+")
        values = f"{told(queries, first)} to {told(queries, second)}: {difference}"
        yield f"{name:17}{which:12}{len(known):5} {what:15}{values}"


if __name__ == "__main__":
    sys.exit(main())
