"""Claim: a file that holds another paper than its label says is caught, and one that holds the right paper passes.

`python -m benchmarks.mislabelled [--all]`: the labels of ../shared/papers-mislabelled as a table. Then thousands of
wrong pairs: every label, and titles, slugs, citation keys made of the papers' own titles, against every other paper of
../shared (a wrong file's arXiv id is given to the label, as where it was downloaded by a mistyped title); shares
caught, and false alarms on the right papers. A label whose every word the other title has too cannot be told, and is
counted as missed. `--all` prints each miss. Ends with 1 where a shared label is judged wrongly.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.errors import ParseError
from ingest.identify import Identity
from ingest.parse_pdf import ParseJob
from ingest.quarantine import front
from ingest.right_paper import STOP, Claim, claim_of_name, judge
from ingest.worker import ParserPool

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
PAIRS = SHARED / "papers-mislabelled" / "pairs.tsv"
MISSED_SHOWN = 3

Front = tuple[Identity, str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row of pairs.tsv: `right` where the label fits the file."""

    path: Path
    label: str
    title: str
    right: bool


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--all", action="store_true", help="print every miss")
    shown = 10**9 if options.parse_args().all else MISSED_SHOWN
    if not PAIRS.is_file():
        print("SKIPPED: ../shared/papers-mislabelled is not there: nothing was compared")
        return 0
    rows, titles = labelled(), own_titles()
    fronts = read_fronts({row.path for row in rows} | set(titles))
    misjudged = report_labels(rows, fronts)
    report_made(rows, titles, fronts, shown)
    return 1 if misjudged else 0


def labelled() -> list[Labelled]:
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                (PAIRS.parent / row["file"]).resolve(),
                row["label_given_by_the_downloader"],
                row["actual_title"],
                row["label_matches_content"] == "yes",
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def own_titles() -> dict[Path, str]:
    """The papers of ../shared/papers with the titles that INDEX.tsv gives them."""
    folder = SHARED / "papers"
    with (folder / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return {(folder / row["file"]).resolve(): row["title"] for row in csv.DictReader(file, delimiter="\t")}


def read_fronts(paths: Iterable[Path]) -> dict[Path, Front]:
    """What each file's first page says of itself, and its text."""
    with ParserPool() as pool:
        jobs = [ParseJob("paper", path, first_page=True) for path in sorted(paths)]
        found = {job.path: result for job, result in pool.parse(jobs)}
    return {
        path: (result.identity, front(result.pages))
        for path, result in found.items()
        if not isinstance(result, ParseError)
    }


def report_labels(rows: Iterable[Labelled], fronts: Mapping[Path, Front]) -> int:
    """A line for each label; returns how many were misjudged."""
    misjudged = 0
    for row in rows:
        verdict = judge(claim_of_name(row.label), *fronts[row.path])
        good = verdict == ("right" if row.right else "wrong")
        misjudged += not good
        print(f"{'ok  ' if good else 'MISS'} {verdict:7} {row.label:52.52} {row.title[:60]}")
    print(f"{misjudged} labels misjudged\n")
    return misjudged


def report_made(rows: Iterable[Labelled], titles: Mapping[Path, str], fronts: Mapping[Path, Front], shown: int) -> None:
    """A line for each way to name a paper: false alarms on the paper itself, misses on all the others."""
    ways: dict[str, list[tuple[Path, Claim]]] = {}
    for path, title in titles.items():
        for way, claim in claims(title, fronts[path][0]):
            ways.setdefault(way, []).append((path, claim))
    ways["shared label"] = [(row.path if row.right else Path(), claim_of_name(row.label)) for row in rows]
    print(f"{'named by':22} {'right':>6} {'alarms':>6} {'wrong':>6} {'missed':>6}")
    for way, pairs in ways.items():
        right = [(claim, path) for path, claim in pairs if path in fronts]
        alarms = sum(judge(claim, *fronts[path]) != "right" for claim, path in right)
        wrong = [(mistyped(claim, fronts[o][0]), o) for path, claim in pairs for o in fronts if o != path]
        if way == "shared label":  # some of these name another of the shared papers, rightly
            wrong = [(claim, o) for claim, o in wrong if not _says(claim, fronts[o][0].title)]
        missed = [(claim, o) for claim, o in wrong if judge(claim, *fronts[o]) != "wrong"]
        share = 1 - len(missed) / len(wrong)
        print(f"{way:22} {len(right):6} {alarms:6} {len(wrong):6} {len(missed):6}  {share:.4f} caught")
        for claim, o in missed[:shown]:
            print(f"    {claim.title} {' '.join(claim.authors[:1])} | {fronts[o][0].title[:70]}")


def claims(title: str, seen: Identity) -> Iterator[tuple[str, Claim]]:
    """The ways in which a paper is named, in vault.yaml and in files' names."""
    surname = seen.authors[0].split()[-1].lower() if seen.authors else "anonymous"
    words = [word for word in re.findall(r"\w+", title.lower()) if word not in STOP]
    yield "title", Claim(title)
    yield "title and authors", Claim(title, seen.authors[:3])
    yield "title, authors and id", Claim(title, seen.authors[:3], seen.arxiv_id)
    for count in (2, 3, 5):
        yield f"id and {count} words", claim_of_name(f"{seen.arxiv_id}_{'_'.join(words[:count])}")
    yield (
        "id and cut title",
        claim_of_name(f"{seen.arxiv_id}_{re.sub(r'[^_a-zA-Z0-9]', '', title.replace(' ', '_'))[:45]}"),
    )
    yield "key and 3 words", claim_of_name(f"{surname}2023_{'_'.join(words[:3])}")
    yield "key and 1 word", claim_of_name(f"{surname}2023{words[0]}")
    yield "author and year", claim_of_name(f"{surname}2023")


def mistyped(claim: Claim, other: Identity) -> Claim:
    """The claim as it would be had the other paper been downloaded by its id: the worst case."""
    return replace(claim, arxiv_id=other.arxiv_id) if claim.arxiv_id else claim


def _says(claim: Claim, title: str) -> bool:
    words = set(re.findall(r"\w+", claim.title.lower()))
    return words <= set(re.findall(r"\w+", title.lower()))


if __name__ == "__main__":
    sys.exit(main())
