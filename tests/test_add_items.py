"""Exports of Zotero, JabRef and Better BibTeX: what is read, what goes into a vault, what is said of the rest."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from pdf_maker import paper_pdf

from ingest.add import add
from ingest.added import Added
from ingest.bibliography import bibliography
from ingest.bibtex import looks_like_bibtex, read_bibtex, readable
from ingest.csl import looks_like_csl, read_csl
from ingest.file_field import located, paths_in
from ingest.items import Broken, Item
from ingest.manifest import load
from ingest.parse_pdf import Identity
from ingest.records import Entry
from ingest.starter import create
from ingest.vault import Vault

ZOTERO = r"""
@misc{goedel2023,
  title = {{{On}} G{\"o}del's {{\'E}tude} of \emph{circuits}: 50\% \& more},
  author = {G{\"o}del, Kurt and {van der Berg}, Jan and Doe, Jr., John and {{The Team and Co}}},
  year = 2023, month = may, number = {arXiv:2301.00001}, doi = {10.48550/arXiv.2301.00001},
  file = {Full Text PDF:files/12/paper.pdf:application/pdf;Snapshot:files/13/page.html:text/html}
}
@online{Post:2021/a, title = {A Post}, author = {Roe, R. and others}, date = {2021-03-02},
  url = {https://example.org/a\_post.html}, file = {Snapshot:files/13/page.html:text/html}}
@article{away, title = {Only There}, eprint = {2302.00002}, archiveprefix = {arXiv}}
@book{nowhere, title = {A Book}, year = {1999}}
@article{lost, title = {Lost}, url = {https://example.org/lost}, file = {:gone/lost.pdf:PDF}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as Zotero exports it with files."""
    for number in (12, 13):
        (tmp_path / "export" / "files" / str(number)).mkdir(parents=True)
    pdf(tmp_path / "export" / "files" / "12" / "paper.pdf", "On Something")
    (tmp_path / "export" / "files" / "13" / "page.html").write_text(
        "<!doctype html><html><body><p>A post.</p></body></html>"
    )
    return tmp_path / "export"


def pdf(path: Path, title: str) -> Path:
    return paper_pdf(path, title, ["Ada Byron"], [("Introduction", "Some text about circuits. " * 20)], [], None)


def put(vault: Vault, path: Path, text: str) -> list[Added]:
    path.write_text(text, encoding="utf-8")

    def unseen(path: Path) -> Identity:
        raise AssertionError(f"{path} was looked into")

    return list(add(vault, str(path), unseen))


def entries(vault: Vault) -> dict[str, Entry]:
    return {entry.id: entry for entry in load(vault).entries}


# --- into a vault -----------------------------------------------------------------------------------------------------


def test_each_item_of_zoteros_export_becomes_an_entry_with_its_file(vault: Vault, folder: Path) -> None:
    added = put(vault, folder / "My Library.bib", "\ufeff" + ZOTERO)
    assert [one.entry_id for one in added] == ["goedel2023", "post-2021-a", "away", "nowhere", "lost"]
    held = entries(vault)
    paper = held["goedel2023"]
    assert paper.title == "On Gödel's Étude of circuits: 50% & more"
    assert paper.authors == ("Kurt Gödel", "Jan van der Berg", "John Doe Jr.", "The Team and Co")
    assert (paper.year, paper.arxiv) == (2023, "2301.00001")
    assert vault.inside(paper.file or "").read_bytes() == (folder / "files" / "12" / "paper.pdf").read_bytes()
    post = held["post-2021-a"]
    assert (post.url, post.year, post.authors, post.authors_complete) == (
        "https://example.org/a_post.html",
        2021,
        ("R. Roe",),
        False,
    )
    assert (post.file or "").startswith("files/post-2021-a-") and (post.file or "").endswith(".html")


def test_an_item_without_a_file_is_downloaded_or_listed_with_the_reason(vault: Vault, folder: Path) -> None:
    reasons = {one.entry_id: one.reason for one in put(vault, folder / "a.bib", ZOTERO)}
    held = entries(vault)
    assert (held["away"].arxiv, held["away"].sources, reasons["away"]) == (
        "2302.00002",
        ("arxiv_html", "arxiv_pdf"),
        "",
    )
    assert "listed only" in reasons["nowhere"] and held["nowhere"].sources == ()
    assert "'gone/lost.pdf' is missing" in reasons["lost"] and "sync downloads it" in reasons["lost"]
    assert held["lost"].sources == ("html",)


def test_an_export_added_again_adds_nothing(vault: Vault, folder: Path) -> None:
    first = put(vault, folder / "a.bib", ZOTERO)
    before = vault.manifest_path.read_text()
    again = put(vault, folder / "a.bib", ZOTERO)
    assert [one.entry_id for one in again] == [one.entry_id for one in first]
    assert all("already" in one.reason for one in again)
    assert vault.manifest_path.read_text() == before


def test_what_the_vault_holds_by_another_name_is_not_added_twice(vault: Vault, folder: Path) -> None:
    put(vault, folder / "a.bib", ZOTERO)
    other = r"""
@article{other1, title = {Differently}, doi = {https://doi.org/10.48550/arXiv.2302.00002}}
@article{other2, title = {Same Bytes}, file = {files/12/paper.pdf}}
@article{other3, title = {New}, url = {https://arxiv.org/abs/2303.00003v2}}
@article{other4, title = {New}, eprint = {2303.00003}, eprinttype = {arxiv}}
"""
    added = put(vault, folder / "b.bib", other)
    assert [one.entry_id for one in added] == ["away", "goedel2023", "other3", "other3"]
    assert len(entries(vault)) == 6


def test_a_file_joins_the_entry_that_had_none(folder: Path, tmp_path: Path) -> None:
    vault = create(tmp_path / "starter")
    text = "@misc{sae, title={Sparse}, eprint={2309.08600}, archiveprefix={arXiv}, file={files/12/paper.pdf}}"
    [added] = put(vault, folder / "a.bib", text)
    assert added.entry_id == "cunningham-2023-sae"
    assert vault.inside(entries(vault)[added.entry_id].file or "").is_file()
    assert len(load(vault).entries) == 107


def test_two_texts_of_one_name_and_one_key_are_both_kept(vault: Vault, folder: Path) -> None:
    pdf(folder / "other.pdf", "Another")
    text = "@misc{k, title={Notes}, file={other.pdf}}\n@misc{k, title={Notes}, file={files/12/paper.pdf}}"
    assert [one.entry_id for one in put(vault, folder / "a.bib", text)] == ["k", "k-2"]


def test_a_broken_item_costs_itself_and_is_named_with_its_line(vault: Vault, tmp_path: Path) -> None:
    text = "@misc{one, title={One}}\n\n@article{broken, title = {never closed\n@misc{two, title={Two}}\n"
    one, broken, two = put(vault, tmp_path / "a.bib", text)
    assert (one.entry_id, two.entry_id) == ("one", "two")
    assert broken.failed and "line 3 (broken)" in broken.what and "\n" not in broken.reason
    assert len(broken.reason) > len(" (mend it and add the export again)")


def test_a_field_that_stands_twice_keeps_its_item() -> None:
    [item] = read_bibtex("@misc{k, title={First}, title={Second}, year={2020}}")
    assert item == Item("k", "First", year=2020)


# --- hostile ones -----------------------------------------------------------------------------------------------------


def test_an_attachment_that_is_no_text_by_name_and_content_is_not_taken(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "id_rsa").write_text("-----BEGIN PRIVATE KEY-----")
    (tmp_path / "link.txt").symlink_to(tmp_path / "id_rsa")
    (tmp_path / "fake.pdf").write_text("no PDF")
    names = [
        "/etc/passwd",
        "id_rsa",
        "link.txt",
        "fake.pdf",
        "../" * 30 + "etc/passwd",
        "x" * 5000,
        "a\0b.pdf",
        "/dev/zero",
    ]
    text = "\n".join(f"@misc{{k{n}, title={{T{n}}}, file={{{name}}}}}" for n, name in enumerate(names))
    added = put(vault, tmp_path / "a.bib", text)
    assert len(added) == len(names) and all(one.reason for one in added)
    assert all(entry.file is None for entry in entries(vault).values())
    assert not (vault.root / "files").exists() or not list((vault.root / "files").iterdir())


def test_control_characters_do_not_reach_the_vault(vault: Vault, tmp_path: Path) -> None:
    put(vault, tmp_path / "a.bib", "@misc{k\x1b[31m, title={A\x00\x1b[31m\u202eB\u2028C\x85D}, author={E\x07, F}}")
    put(vault, tmp_path / "a.json", json.dumps([{"id": "j", "type": "book", "title": "A\ud800\x1bB\u2029C"}]))
    held = entries(vault)
    assert [entry.title for entry in held.values()] == ["A [31mB C D", "A B C"]
    assert set(held) == {"k-31m", "j"}


def test_strings_that_name_each_other_and_braces_without_end_come_to_an_end() -> None:
    cyclic = '@string{a = b}\n@string{b = a}\n@misc{k, title = a # b, year = "2001"}'
    assert [item.year for item in read_bibtex(cyclic) if isinstance(item, Item)] == [2001]
    assert readable("{" * 5000 + "deep" + "}" * 5000) == "deep"
    assert all(isinstance(item, Broken) for item in read_bibtex("@a{" * 2000))


@pytest.mark.slow
def test_ten_thousand_items_are_added_in_seconds(vault: Vault, tmp_path: Path) -> None:
    rows = [
        f'@misc{{same, title={{Paper {n} of G{{\\"o}}del}}, author={{A, B}}, year=2020, file={{{n}.pdf}}}}'
        for n in range(10_000)
    ]
    start = time.monotonic()
    added = put(vault, tmp_path / "a.bib", "\n".join(rows))
    assert len({one.entry_id for one in added}) == 10_000
    assert time.monotonic() - start < 60  # 10,000 rewrites of vault.yaml would take hours


# --- forms of an export -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "paths"),
    [
        ("Full Text PDF:files/12/p.pdf:application/pdf;Snap:f/x.html:text/html", ["files/12/p.pdf", "f/x.html"]),
        (":p.pdf:PDF", ["p.pdf"]),
        ("/abs/p.pdf", ["/abs/p.pdf"]),
        (r"a\:b.pdf;c\;d.pdf", ["a:b.pdf", "c;d.pdf"]),
        (r"PDF:C\:\\Users\\me\\a b.pdf:application/pdf", [r"C:\Users\me\a b.pdf"]),
        (r"C:\Users\a.pdf", [r"C:\Users\a.pdf"]),
        ("p.pdf:PDF", ["p.pdf"]),
        (r"x:a\_b.pdf:application/pdf", ["a_b.pdf"]),
        ("", []),
        (":::;;", []),
    ],
)
def test_each_programs_file_field_names_its_files(field: str, paths: list[str]) -> None:
    assert paths_in(field) == paths


def test_a_path_of_another_system_is_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "a b.pdf"
    file.touch()
    for written in (r"sub\a b.pdf", str(file).lstrip("/"), file.as_uri(), str(file)):
        assert located(tmp_path, written) == file
    assert located(tmp_path, "sub") is None


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"G{\"o}del", "Gödel"),
        (r"\v{C}ech and {\L}ukasiewicz", "Čech and Łukasiewicz"),
        (r"The $O(n^2)$ cost---{GPT}-2 \& ``more''", "The $O(n^2)$ cost—GPT-2 & “more”"),
        ("50% of R&D", "50% of R&D"),
        ("no latex", "no latex"),
    ],
)
def test_latex_becomes_plain_text(latex: str, text: str) -> None:
    assert readable(latex) == text


def test_csl_json_is_read_as_zotero_writes_it(vault: Vault, folder: Path) -> None:
    rows = [
        {
            "id": "http://zotero.org/users/1/items/ABC",
            "citation-key": "lee2020",
            "type": "article",
            "title": "On <i>Circuits</i> &amp; more",
            "author": [{"family": "Berg", "given": "Jan", "non-dropping-particle": "van der"}, {"literal": "The Team"}],
            "issued": {"date-parts": [[2020, 5]]},
            "DOI": "10.48550/ARXIV.2301.00001",
            "attachments": [{"title": "Full Text", "path": "files/12/paper.pdf"}, "files/13/page.html"],
        },
        "no item",
        {"id": 7, "type": "webpage", "title": "Page", "URL": "https://example.org/p", "issued": {"raw": "May 2021"}},
    ]
    one, broken, page = put(vault, folder / "lib.json", json.dumps(rows))
    held = entries(vault)
    assert (held["lee2020"].title, held["lee2020"].authors) == ("On Circuits & more", ("Jan van der Berg", "The Team"))
    assert (held["lee2020"].year, held["lee2020"].arxiv) == (2020, "2301.00001")
    assert (held["lee2020"].file or "").endswith(".pdf")
    assert broken.failed and "item 2" in broken.what
    assert (held[page.entry_id].id, held[page.entry_id].year, held[page.entry_id].sources) == ("7", 2021, ("html",))
    assert one.reason == ""


def test_better_bibtexs_own_json_is_read() -> None:
    creators = [
        {"firstName": "Ada", "lastName": "Byron", "creatorType": "author"},
        {"name": "Ed", "creatorType": "editor"},
    ]
    item = {"itemType": "preprint", "citationKey": "b1", "title": "T", "creators": creators, "date": "2022-01-02"}
    item |= {"extra": "arXiv:2301.00001 [cs]", "attachments": [{"path": "a.html"}, {"path": "a.pdf"}]}
    text = json.dumps({"config": {}, "items": [item, {"itemType": "attachment", "title": "x"}]})
    assert looks_like_csl(text)
    assert read_csl(text) == [
        Item("b1", "T", ("Ada Byron",), year=2022, arxiv="2301.00001", attachments=("a.pdf", "a.html"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "@article{k,\n title={x}}",
        "% Encoding: UTF-8\n\n@Comment{jabref-meta: x}",
        '@string{j = "J"}',
        "\n@misc(k, title={x})",
    ],
)
def test_bibtex_is_told_by_its_content(text: str) -> None:
    assert looks_like_bibtex(text)


@pytest.mark.parametrize(
    "text",
    ["# Tool\n\n```bibtex\n@misc{k, title={x}}\n```", "@ada wrote {this, too}", "[1, 2]", '{"a": 1}', "- @misc{k,", ""],
)
def test_other_texts_are_no_bibliography(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.bib").write_text(text)
    assert bibliography(tmp_path / "a.bib") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"@misc{k, title={x}}\n@misc{l, title={G\xf6del}}", "line 2 is not UTF-8"),
        (b'[{"id": "a", "type": "book"},\n {"id": ', "line 2 is not JSON"),
        (b'[{"id": "a", "type": "book", "x": ' + b"[" * 100_000, "JSON"),
        (b"@comment{nothing}", "lists nothing"),
    ],
)
def test_an_export_that_cannot_be_read_is_said_in_one_line(
    vault: Vault, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "a.bib").write_bytes(data)
    [added] = add(vault, str(tmp_path / "a.bib"), lambda _: Identity("", (), None, None, None))
    assert added.failed and said in added.reason and "\n" not in added.reason
    assert load(vault).entries == ()
