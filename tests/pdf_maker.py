"""Real PDFs from Python, without a library: what the tests parse.

`make_pdf` writes pages of placed text; `paper_pdf` lays a whole paper out: title, authors, sections, references, over
as many pages as it takes, in one column or two. `encrypt_pdf` (through pypdf) and `image_pdf` make the hard cases.

    make_pdf(path, ["first page\\nits second line", [Run("big", 72, 700, size=20, font="bold")]], title="A title")
    paper_pdf(path, "A Title", ["Ada Byron"], [("Introduction", "text...")], ["A. Byron. Notes. 1843."], "arXiv:...")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pdf_body import Body, add_font, pdf_string

Font = Literal["regular", "bold", "italic"]
WIDTH, HEIGHT = 612.0, 792.0  # US letter, in points, as most arXiv papers are
FONTS: dict[Font, str] = {"regular": "Helvetica", "bold": "Helvetica-Bold", "italic": "Helvetica-Oblique"}
# Helvetica's advance widths for the characters 32 to 126, in thousandths of the font size (Adobe's font metrics).
ADVANCES = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *([556] * 10),
    *(278, 278, 584, 584, 584, 556, 1015),
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611),
    *(278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833),
    *(556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500),
    *(334, 260, 334, 584),
]


@dataclass(frozen=True)
class Run:
    """One line of text at a place: `x`, `y` in points from the lower left corner; `upward` turns it by 90 degrees;
    `look` are operators that come before it ("1 1 1 rg" makes it white, "3 Tr" invisible)."""

    text: str
    x: float
    y: float
    size: float = 10.0
    font: Font = "regular"
    upward: bool = False
    look: str = ""


@dataclass(frozen=True)
class Mark:
    """One line of the PDF's outline: `level` and `page` count from 1."""

    title: str
    page: int
    level: int = 1


PageContent = str | Sequence[Run]


def make_pdf(
    path: Path,
    pages: Sequence[PageContent],
    *,
    title: str | None = None,
    author: str | None = None,
    outline: Sequence[Mark] = (),
    info: bool = True,
) -> Path:
    """Write a PDF; a page given as a string is set line by line from the top, in 11 point type. Returns `path`."""
    body = Body()
    fonts = " ".join(f"/{name} {add_font(body, FONTS[name])} 0 R" for name in FONTS)
    tree = body.reserve()
    kids = [_page(body, tree, fonts, _runs(page)) for page in pages]
    body.put(tree, f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>")
    marks = f" /Outlines {_outline(body, outline, kids)} 0 R" if outline else ""
    root = body.add(f"<< /Type /Catalog /Pages {tree} 0 R{marks} >>")
    fields = {"Title": title, "Author": author, "Producer": "pdf_maker"}
    entries = "".join(f" /{name} {pdf_string(value)}" for name, value in fields.items() if value)
    path.write_bytes(body.file(root, body.add(f"<<{entries} >>") if info else None))
    return path


def image_pdf(path: Path, pages: int = 1) -> Path:
    """A PDF like a scan: every page is one picture, and there is no text layer."""
    body = Body()
    tree = body.reserve()
    pixels = bytes(range(0, 256, 16))
    entries = "/Type /XObject /Subtype /Image /Width 4 /Height 4 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    picture = body.add_stream(entries, pixels)
    kids = []
    for _ in range(pages):
        content = body.add_stream("", f"q {WIDTH} 0 0 {HEIGHT} 0 0 cm /Im1 Do Q".encode())
        box = f"/MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /XObject << /Im1 {picture} 0 R >> >>"
        kids.append(body.add(f"<< /Type /Page /Parent {tree} 0 R {box} /Contents {content} 0 R >>"))
    body.put(tree, f"<< /Type /Pages /Count {pages} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>")
    path.write_bytes(body.file(body.add(f"<< /Type /Catalog /Pages {tree} 0 R >>"), None))
    return path


def encrypt_pdf(path: Path, password: str, *, owner: str | None = None) -> Path:
    """Encrypt a PDF where it lies. `password` "" with an `owner` password opens without asking."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt(user_password=password, owner_password=owner or password or "owner", algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)
    return path


def paper_pdf(
    path: Path,
    title: str,
    authors: Sequence[str],
    sections: Sequence[tuple[str, str]],
    references: Sequence[str],
    arxiv_stamp: str | None = None,
    *,
    appendices: Sequence[tuple[str, str]] = (),
    columns: Literal[1, 2] = 1,
    running_head: str | None = None,
    outline: bool = False,
    numbered: bool = True,
    hyphenate: bool = False,
    metadata: bool = False,
) -> Path:
    """Lay a paper out as TeX would and write it. Returns `path`.

    A section is (title, text); paragraphs of a text are separated by blank lines. `arxiv_stamp` ("arXiv:2309.08600v3
    [cs.LG] 4 Oct 2023") runs up the left margin of page 1; `running_head` stands on top of every page but the first.
    `appendices` follow the references. `metadata` writes title and authors into the file's Info dictionary.
    """
    press = _Press(columns, hyphenate)
    press.masthead(title, authors)
    count = 0
    for name, text in sections:
        count += name != "Abstract"
        press.heading(f"{count} {name}" if numbered and name != "Abstract" else name)
        press.paragraphs(text)
    if references:
        press.heading("References")
        press.paragraphs("\n\n".join(references))
    for letter, (name, text) in zip("ABCDEFGHIJ", appendices, strict=False):
        press.heading(f"{letter} {name}")
        press.paragraphs(text)
    pages = press.finished(running_head, arxiv_stamp)
    return make_pdf(
        path,
        pages,
        title=title if metadata else None,
        author="; ".join(authors) if metadata else None,
        outline=press.marks if outline else (),
    )


def text_width(text: str, size: float) -> float:
    """Width in points of `text` set in Helvetica; characters past ASCII count as an average letter."""
    return sum(ADVANCES[ord(c) - 32] if " " <= c <= "~" else 556 for c in text) * size / 1000


@dataclass
class _Press:
    """Sets lines into columns, pages after pages. 10 point text on 12 points of leading, margins of an inch."""

    columns: int
    hyphenate: bool
    pages: list[list[Run]] = field(default_factory=lambda: [[]])
    marks: list[Mark] = field(default_factory=list)
    column: int = 0
    y: float = HEIGHT - 90
    top: float = HEIGHT - 90

    @property
    def measure(self) -> float:
        """Width of a column: two columns leave a gutter of 20 points."""
        return (WIDTH - 144 - 20 * (self.columns - 1)) / self.columns

    @property
    def left(self) -> float:
        return 72 + self.column * (self.measure + 20)

    def masthead(self, title: str, authors: Sequence[str]) -> None:
        for line in wrap(title, 17, WIDTH - 144):
            self.pages[0].append(Run(line, (WIDTH - text_width(line, 17)) / 2, self.y, 17, "bold"))
            self.y -= 21
        self.y -= 8
        for line in wrap(", ".join(authors), 11, WIDTH - 144):
            self.pages[0].append(Run(line, (WIDTH - text_width(line, 11)) / 2, self.y, 11))
            self.y -= 14
        self.top = self.y = self.y - 20

    def heading(self, text: str) -> None:
        if self.y < 72 + 40:
            self.turn()
        self.y -= 8
        self.marks.append(Mark(text, len(self.pages)))
        self.line(text, 12, "bold")
        self.y -= 4

    def paragraphs(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            for line in wrap(" ".join(paragraph.split()), 10, self.measure, hyphenate=self.hyphenate):
                self.line(line, 10, "regular")
            self.y -= 6

    def line(self, text: str, size: float, font: Font) -> None:
        if self.y < 72:
            self.turn()
        self.pages[-1].append(Run(text, self.left, self.y, size, font))
        self.y -= size * 1.2

    def turn(self) -> None:
        """On to the next column, or the next page."""
        self.column = (self.column + 1) % self.columns
        if self.column == 0:
            self.pages.append([])
            self.top = HEIGHT - 90
        self.y = self.top

    def finished(self, running_head: str | None, stamp: str | None) -> list[list[Run]]:
        for number, page in enumerate(self.pages, 1):
            page.append(Run(str(number), WIDTH / 2 - 3, 40, 10))
            if running_head and number > 1:
                page.append(Run(running_head, 72, HEIGHT - 50, 9, "italic"))
        if stamp:
            self.pages[0].append(Run(stamp, 30, 230, 20, upward=True))
        return self.pages


def wrap(text: str, size: float, width: float, *, hyphenate: bool = False) -> Iterator[str]:
    """Lines of at most `width` points. `hyphenate` breaks words of 8 letters and more where they do not fit."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if text_width(longer, size) <= width or not line:
            line = longer
        elif hyphenate and len(word) >= 8 and word.isalpha() and text_width(f"{line} {word[:4]}-", size) <= width:
            yield f"{line} {word[:4]}-"
            line = word[4:]
        else:
            yield line
            line = word
    if line:
        yield line


def _page(body: Body, tree: int, fonts: str, runs: Sequence[Run]) -> int:
    content = body.add_stream("", b"\n".join(_show(run) for run in runs))
    resources = f"/MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << {fonts} >> >>"
    return body.add(f"<< /Type /Page /Parent {tree} 0 R {resources} /Contents {content} 0 R >>")


def _runs(page: PageContent) -> Sequence[Run]:
    if not isinstance(page, str):
        return page
    return [Run(line, 72, HEIGHT - 72 - 14 * n, 11) for n, line in enumerate(page.splitlines()) if line]


def _show(run: Run) -> bytes:
    text = run.text.replace("ﬁ", "\x01").replace("ﬂ", "\x02").replace("𝑊", "\x03").encode("cp1252", errors="replace")
    for mark in (b"\\", b"(", b")"):
        text = text.replace(mark, b"\\" + mark)
    turn = "0 1 -1 0" if run.upward else "1 0 0 1"
    place = f"q BT {run.look} /{run.font} {run.size} Tf {turn} {run.x:.2f} {run.y:.2f} Tm ("
    return place.encode() + text + b") Tj ET Q"


def _outline(body: Body, marks: Sequence[Mark], pages: Sequence[int]) -> int:
    """The outline's objects. Its tree follows the levels: a mark belongs to the last one above it of a lower level."""
    root = body.reserve()
    numbers = [body.reserve() for _ in marks]
    parents = [_parent(marks, n) for n in range(len(marks))]
    for n, mark in enumerate(marks):
        children = _links([numbers[c] for c, p in enumerate(parents) if p == n])
        family = [c for c, p in enumerate(parents) if p == parents[n]]
        at = family.index(n)
        before = f" /Prev {numbers[family[at - 1]]} 0 R" if at else ""
        after = f" /Next {numbers[family[at + 1]]} 0 R" if at + 1 < len(family) else ""
        up = root if parents[n] is None else numbers[parents[n] or 0]
        to = f"/Dest [{pages[mark.page - 1]} 0 R /Fit]"
        body.put(numbers[n], f"<< /Title {pdf_string(mark.title)} /Parent {up} 0 R {to}{before}{after}{children} >>")
    top = _links([numbers[c] for c, p in enumerate(parents) if p is None])
    body.put(root, f"<< /Type /Outlines{top} >>")
    return root


def _parent(marks: Sequence[Mark], n: int) -> int | None:
    return next((m for m in range(n - 1, -1, -1) if marks[m].level < marks[n].level), None)


def _links(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f" /First {numbers[0]} 0 R /Last {numbers[-1]} 0 R /Count {len(numbers)}"
