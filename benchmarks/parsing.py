"""Claim: parsing a PDF whole, with repairs, reading order and sections, costs less than pypdf's plain text.

`python -m benchmarks.parsing [--papers N] [--runs N]`: the same papers of ../shared/papers in one process, taking
turns paper by paper: `parse_pdf` with passages' headings against `PdfReader(...).pages[n].extract_text()`. CPU
seconds, of each paper the better run of each side. Then how many of the words that pdfium's own text has are in ours
and in pypdf's, running heads, page numbers and arXiv's stamp aside, which we leave out on purpose; and how many of
pypdf's ours has. Ends with 1 where we keep under 98 in 100.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.clean import repaired
from ingest.parse_pdf import ParseJob, parse_pdf

PAPERS = Path(__file__).resolve().parent.parent.parent / "shared" / "papers"
KEPT = 0.98
STAMP = re.compile(r"arXiv:\S+\s+\[")

Reader = Callable[[Path], list[str]]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--papers", type=int, default=6)
    options.add_argument("--runs", type=int, default=2)
    chosen = options.parse_args()
    if not PAPERS.is_dir():
        print("SKIPPED: ../shared/papers is not there: nothing to measure on")
        return 0
    return measure(sorted(PAPERS.glob("*.pdf"))[: chosen.papers], chosen.runs)


def measure(papers: Sequence[Path], runs: int) -> int:
    """Prints words kept and seconds of both sides; returns 1 where we keep too few words."""
    wanted = [[words(text) for text in without_heads(pdfium_text(paper))] for paper in papers]
    readers: dict[str, Reader] = {"mivault": mivault, "pypdf": pypdf}
    seconds = dict.fromkeys(readers, 0.0)
    latest: dict[str, list[list[str]]] = {name: [] for name in readers}
    for paper in papers:
        for name, read in readers.items():
            took, texts = zip(*(timed(read, paper) for _ in range(runs)), strict=True)
            seconds[name] += min(took)
            latest[name].append(texts[0])
    least = {name: min(map(kept, latest[name], wanted)) for name in readers}
    pages = sum(map(len, wanted))
    print(f"{len(papers)} papers, {pages} pages")
    for name in readers:
        speed = f"{seconds[name]:6.2f} CPU seconds, {pages / seconds[name]:4.0f} pages a second"
        print(f"{name:8} {speed}, words kept in the worst paper {least[name]:.4f}")
    theirs = [[words(text) for text in without_heads(pages)] for pages in latest["pypdf"]]
    shares = [kept(pages, want) for pages, want in zip(latest["mivault"], theirs, strict=True)]
    print(f"of pypdf's words mivault has {sum(shares) / len(shares):.4f}, in the worst paper {min(shares):.4f}")
    print(f"pypdf / mivault: {seconds['pypdf'] / seconds['mivault']:.1f} times the time")
    return 0 if least["mivault"] >= KEPT else 1


def timed(read: Reader, paper: Path) -> tuple[float, list[str]]:
    began = time.process_time()
    pages = read(paper)
    return time.process_time() - began, pages


def mivault(path: Path) -> list[str]:
    return [page.text for page in parse_pdf(ParseJob("paper", path)).pages]


def pypdf(path: Path) -> list[str]:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(path).pages]


def pdfium_text(path: Path) -> list[str]:
    """What pdfium itself extracts, page by page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def without_heads(pages: Sequence[str]) -> list[str]:
    """Pages without the lines that come again, digits aside, among the first or last two of a third of the pages."""
    lines = [[line for line in page.splitlines() if line.strip()] for page in pages]
    seen = Counter(key for page in lines for key in {head_key(line) for line in (*page[:2], *page[-2:])})
    heads = {key for key, count in seen.items() if count >= max(2, len(pages) / 3)}
    return ["\n".join(x for x in page if head_key(x) not in heads and not STAMP.match(x)) for page in lines]


def head_key(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip()


def words(text: str) -> Counter[str]:
    """Words with the hyphens taken out, so that it does not matter how a line's end broke them."""
    return Counter(re.findall(r"\w+", re.sub("(?:\ufffe|[-\u2010])(?:\\s*\n)?", "", repaired(text).replace("\r", ""))))


def kept(pages: Sequence[str], wanted: Sequence[Counter[str]]) -> float:
    """The share of the wanted words that a paper's text has. Counted over the whole paper: a word that a page's end
    broke stands whole on one page with us."""
    want: Counter[str] = sum(wanted, Counter())
    have: Counter[str] = sum(map(words, pages), Counter())
    return sum((want & have).values()) / max(sum(want.values()), 1)


if __name__ == "__main__":
    sys.exit(main())
