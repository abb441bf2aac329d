"""Claim: no bibliography reaches the default search, and the appendices behind one are still text.

`python -m benchmarks.bibliography [--vault DIR]`: the papers of ../shared/papers are parsed and cut, and every passage
that reads like a list of references (three entries or more, told by their own marks, not by ours) must be kept apart;
appendices are headings numbered A, B... behind a bibliography. With a vault of these papers, 20 questions are asked of
its search, eight passages each, and those among them that read like references are counted. Ends with 1 on any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from index.embed import load_embedder, token_counter
from index.search import Search
from ingest.chunk import chunk
from ingest.errors import ParseError
from ingest.parse_pdf import ParseJob
from ingest.records import Passage
from ingest.vault import Vault
from ingest.worker import ParserPool

PAPERS = Path(__file__).resolve().parent.parent.parent / "shared" / "papers"
# What ends or places an entry of a list of references.
ENTRY = re.compile(
    r"arXiv preprint|arXiv:\d{4}\.\d{4,5}|\babs/\d{4}\.\d|In Proceedings of|In Advances in|Conference on [A-Z]|"
    r"\bpp\. ?\d|\bpages \d+[–-]\d+|(?<=[.,] )(?:19|20)\d\d[a-z]?\.(?=\s+(?:[A-Z]|https?:))|URL https?:"
)
MANY = 6  # of these marks in one passage: three entries
APPENDIX = re.compile(r"^(?:Appendix\s+)?[A-Z][.:]?\s+\S", re.IGNORECASE)
QUESTIONS = (
    "Which papers on the linear representation hypothesis are there?",
    "What has Elhage published on superposition?",
    "Who introduced sparse autoencoders for language models?",
    "How are knowledge neurons found?",
    "What did Meng et al. 2022 show about factual associations?",
    "Which work is there on activation patching?",
    "arXiv preprint on dictionary learning",
    "Proceedings of NeurIPS 2023 on steering vectors",
    "What is the logit lens?",
    "Papers by Neel Nanda on grokking",
    "What is indirect object identification?",
    "How is refusal mediated in language models?",
    "Conference papers about model editing at scale",
    "Geva et al. on feed-forward layers as key-value memories",
    "What is the Pile dataset?",
    "Othello world models",
    "How do gated sparse autoencoders improve training?",
    "What does contrastive activation addition do?",
    "References on word embeddings and analogies",
    "Which benchmarks measure truthfulness?",
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, help="a vault of ../shared/papers, to ask the questions of")
    vault = options.parse_args().vault
    if not PAPERS.is_dir():
        print("SKIPPED: ../shared/papers is not there: nothing to measure on")
        return 0
    bad = count_passages(sorted(PAPERS.glob("*.pdf")))
    return 1 if bad + (asked(vault) if vault else 0) else 0


def count_passages(papers: list[Path]) -> int:
    """Prints what the papers' passages are; returns how many bibliographies stand among the text."""
    count = token_counter()
    bad = listed = texts = without = appendices = 0
    with ParserPool() as pool:
        for job, result in pool.parse([ParseJob(path.stem, path) for path in papers]):
            if isinstance(result, ParseError):
                raise result
            passages = chunk(result.pages, count)
            found = [one for one in passages if one.kind == "references"]
            listed, texts, without = listed + len(found), texts + len(passages) - len(found), without + (not found)
            behind = [one for one in passages if found and one.kind == "text" and one.order > found[0].order]
            appendices += any(one.section and APPENDIX.match(one.section[-1]) for one in behind)
            for one in bibliographies(passages):
                bad += 1
                print(f"{job.paper_id} {one.locator}, {one.section[-1:]}: {' '.join(one.text.split())[:100]}")
    print(
        f"{len(papers)} papers: {listed} passages of references, {texts} of text, {bad} of these read like references"
    )
    print(f"{without} papers without references; in {appendices}, appendices stand behind them as text")
    return bad


def bibliographies(passages: Iterable[Passage]) -> list[Passage]:
    return [one for one in passages if one.kind == "text" and len(ENTRY.findall(one.text)) >= MANY]


def asked(path: Path) -> int:
    """Asks the questions; returns how many hits are or read like bibliography."""
    search = Search(Vault.open(path), load_embedder())
    hits = [hit.passage for question in QUESTIONS for hit in search(question)]
    wrong = [one for one in hits if one.kind == "references"] + bibliographies(hits)
    print(f"{len(QUESTIONS)} questions, {len(hits)} passages found, {len(wrong)} of them bibliography")
    for one in wrong:
        print(f"    {one.paper_id} {one.locator}: {' '.join(one.text.split())[:100]}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
