"""Commands that ask a vault: search, ask, chat."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ingest.progress import working
from mivault_env import model_settings, open_answering, open_drafter, open_rooms, open_search, provider_keys
from mivault_io import (
    HERE,
    JsonOption,
    VaultOption,
    environment,
    open_or_create,
    open_vault,
    put,
    say,
    say_beside,
    show_json,
)

app = typer.Typer()
Several = list[str] | None
PaperOption = Annotated[Several, typer.Option("--paper", help="Only this paper: its id, or its arXiv id.")]
AuthorOption = Annotated[Several, typer.Option("--author", help="Only papers by this author.")]
YearOption = Annotated[str, typer.Option("--year", help="Only of this year, or these: 2022, 2022-2024, 2022-.")]
SectionOption = Annotated[Several, typer.Option("--section", help="Only under headings with these words.")]
FormatOption = Annotated[str, typer.Option("--format", help="md, json, html or bibtex; otherwise text.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Write it to this file.")]
KindOption = Annotated[Several, typer.Option("--kind", help="Only papers, notes, glossary...: paper, note, glossary.")]


def _form(form: str, as_json: bool) -> str:
    """The form that is wanted, looked at before anything slow. Raises UsageError where there is no such form."""
    from assistant.export import known_form

    return known_form("json" if as_json else form)


@app.command()
def search(
    question: str,
    vault: VaultOption = HERE,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="How many passages.")] = 8,
    references: Annotated[bool, typer.Option("--references", help="Search bibliographies too.")] = False,
    paper: PaperOption = None,
    author: AuthorOption = None,
    year: YearOption = "",
    section: SectionOption = None,
    kind: KindOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say how each passage came to its place.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The passages nearest to a question."""
    from assistant.found import found_json, found_text
    from index.filters import filter_of

    where = filter_of(paper or (), author or (), year, section or (), kind or ())
    with working("Searching"):
        found = open_search(open_vault(vault), environment())
        hits = found.within(where)(question, k=k, references=references)
    if as_json:
        show_json([found_json(hit) for hit in hits])
    else:
        say(found_text(hits, explain=explain))


@app.command()
def ask(
    question: str,
    vault: VaultOption = HERE,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="How many passages to answer from.")] = 8,
    paper: PaperOption = None,
    author: AuthorOption = None,
    year: YearOption = "",
    section: SectionOption = None,
    kind: KindOption = None,
    history: Annotated[Several, typer.Option("--history", help="A question asked before; may be given again.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on in the conversation that was last.")] = False,
    conversation: Annotated[str, typer.Option("--conversation", help="Go on in this one, by its id.")] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave out what no passage fully supports, and say so.")
    ] = False,
    as_written: Annotated[
        bool, typer.Option("--as-written", help="Only mark unsupported sentences: no rewriting.")
    ] = False,
    form: FormatOption = "",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the vault; each sentence with the passage it rests on.

    The answer is kept in a conversation: a new one, unless --follow or --conversation names one to go on in.
    """
    from assistant.ask import ask as ask_vault
    from assistant.bundle import answer_as
    from assistant.conversations import Kept
    from index.filters import filter_of

    form, opened = _form(form, as_json), open_vault(vault)
    where = filter_of(paper or (), author or (), year, section or (), kind or ())
    kept = Kept(opened, follow=follow, conversation=conversation)
    with working("Searching and answering"):
        found = open_search(opened, environment())
        answer = ask_vault(
            question,
            search=found.within(where),
            vault=opened,
            drafter=open_drafter(found, environment()),
            embedding_model=found.embedder.name,
            k=k,
            history=(*kept.history, *(history or ())),
            unsupported="drop" if strict else "keep" if as_written else "rewrite",
        )
        if lost := kept.add(answer):
            say_beside(lost)
        text = answer_as(answer, form, opened)
    put(text, out)


AuthOption = Annotated[
    Path | None, typer.Option("--auth", help="File of the users who may sign in; mivault users add writes it.")
]


@app.command()
def chat(
    vault: VaultOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on; one that others reach needs --auth.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    auth: AuthOption = None,
    name: Annotated[
        Several, typer.Option("--name", help="Another name of this machine, such as its proxy's; may be given again.")
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve the vault's functions as MCP tools too.")] = False,
    no_sync: Annotated[bool, typer.Option("--no-sync", help="Do not build the vault in the background.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Open the chat page while the vault is built in the background. Makes the starter vault where there is none."""
    from assistant.app.launch import chat_page
    from assistant.app.users import open_users

    users = open_users(auth) if auth else None
    opened = open_or_create(vault)
    chat_page(
        opened,
        answering=partial(open_answering, opened, environment()),
        host=host,
        port=port,
        users=users,
        names=name or (),
        mcp=mcp,
        sync=not no_sync,
        open_browser=not no_browser,
        say=say,
        rooms=partial(open_rooms, opened, environment()),
    )


@app.command()
def models(as_json: JsonOption = False) -> None:
    """The language models that are there, which one is used, and whether it answers."""
    from dataclasses import asdict

    from assistant.models import overview, to_text

    settings = model_settings(environment())
    with working("Trying the language models"):
        seen = overview(settings, provider_keys())
    if as_json:
        show_json(asdict(seen))
    else:
        say(to_text(seen))


@app.command()
def summarize(
    paper: Annotated[str, typer.Argument(help="A paper's id, its arXiv id, or the path of a PDF.")],
    vault: VaultOption = HERE,
    form: FormatOption = "",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a paper asks, does, finds and leaves open; each line with its page."""
    from assistant.bundle import overview_as
    from assistant.overview_commands import summary_of
    from assistant.render_overview import summary_text

    form = _form(form, as_json)
    with working("Reading"):
        found = open_search(open_vault(vault), environment())
        summary = summary_of(paper, found.vault, found.embedder.count_tokens, model_settings(environment()))
        text = overview_as(summary, summary_text, form, found.vault)
    put(text, out)


@app.command()
def compare(
    papers: Annotated[list[str], typer.Argument(help="Two papers or more, by id or arXiv id; then an aspect, if any.")],
    vault: VaultOption = HERE,
    form: FormatOption = "",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Papers beside each other, by what they ask, do and find, or by one aspect; each cell with its page."""
    from assistant.bundle import overview_as
    from assistant.overview_commands import comparison_of
    from assistant.render_overview import comparison_text

    form = _form(form, as_json)
    with working("Reading and comparing"):
        found = open_search(open_vault(vault), environment())
        comparison = comparison_of(papers, found, open_drafter(found, environment()), model_settings(environment()))
        text = overview_as(comparison, comparison_text, form, found.vault)
    put(text, out)


@app.command()
def review(
    topic: str,
    vault: VaultOption = HERE,
    form: FormatOption = "",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """A short survey of a topic over the vault, with an outline; each sentence with its page."""
    from assistant.bundle import overview_as
    from assistant.overview_commands import review_of
    from assistant.render_overview import review_text

    form = _form(form, as_json)
    with working("Searching and writing"):
        found = open_search(open_vault(vault), environment())
        survey = review_of(topic, found, open_drafter(found, environment()))
        text = overview_as(survey, review_text, form, found.vault)
    put(text, out)


@app.command()
def replay(
    bundle: Annotated[Path, typer.Argument(help="A page that --format html made.")],
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Check a bundle again against the vault: do its quotes still stand there, do they still say so? 1 where not."""
    from dataclasses import asdict

    from assistant.replay import replay as check_again
    from assistant.replay import replay_text

    result = check_again(bundle, open_vault(vault))
    if as_json:
        show_json(asdict(result) | {"holds": result.holds})
    else:
        say(replay_text(result))
    if not result.holds:
        raise typer.Exit(1)
