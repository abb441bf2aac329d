"""Files that hold another paper than their entry says are kept out of the index until somebody accepts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingest.errors import UsageError, WrongPaper
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.lookup import Metadata
from ingest.manifest import load, set_accepted
from ingest.obtain import original_of
from ingest.records import Entry, Page
from ingest.right_paper import Claim, claim_of_name, judge
from ingest.vault import Vault, file_digest

SHOWN = 12  # hex digits of a file's hash in vault.yaml: enough to tell one person's files apart
TELLING = 3  # words of any name that are worth a warning; "notes" and "scan 3" are not
FRONT = 200  # characters that a page must have to be the one that tells title and authors: covers have fewer


def checked(entry: Entry, job: ParseJob, parsed: Parsed, metadata: Metadata | None, sha256: str) -> Parsed:
    """What was parsed, with a warning where it could not be compared with what its entry says. Raises WrongPaper where
    it is something else and nobody has accepted this very file."""
    claim = claimed(entry, metadata)
    if is_accepted(entry, sha256) or not (job.form == "pdf" or (job.form == "html" and entry.arxiv)):
        return parsed
    verdict = judge(claim, parsed.identity, front(parsed.pages))
    if verdict == "wrong" and claim.firm:
        raise WrongPaper(_contrast(claim, parsed.identity), f"if it is the right file: mivault accept {entry.id}")
    if verdict == "wrong" and len(claim.title.split()) >= TELLING:
        return replace(parsed, warnings=(*parsed.warnings, _contrast(claim, parsed.identity)))
    if verdict == "unknown" and claim.title and not claim.by_name:
        return replace(parsed, warnings=(*parsed.warnings, "its title could not be compared with the entry's"))
    return parsed


def claimed(entry: Entry, metadata: Metadata | None) -> Claim:
    """What vault.yaml, else arXiv, says that a file is; else what the name says that it was added under."""
    title = entry.title or (metadata.title if metadata else "")
    authors = entry.authors or (metadata.authors if metadata else ())
    if title or authors:
        return Claim(title, authors, entry.arxiv)
    name = entry.extra.get("file_name")
    return claim_of_name(Path(str(name)).stem) if name else Claim("", arxiv_id=entry.arxiv)


def front(pages: tuple[Page, ...]) -> str:
    """The text of the first page that says more than a cover does."""
    texts = [page.text for page in pages[:4]]
    return next((text for text in texts if len(text) >= FRONT), max(texts, key=len, default=""))


def accept(vault: Vault, entry_id: str) -> None:
    """Remember in vault.yaml that an entry's file is the right one, for as long as it is that very file.

    Raises UsageError for an entry that is not quarantined.
    """
    if not any(entry.id == entry_id for entry in load(vault).entries):
        raise UsageError(f"no entry {entry_id!r} in vault.yaml", "mivault status lists the ids")
    original = original_of(vault, entry_id)
    if original is None or not vault.state(entry_id).get("quarantined"):
        raise UsageError(f"{entry_id} is not quarantined", "mivault status says how far each entry is")
    set_accepted(vault, entry_id, file_digest(original.path)[:SHOWN])


def is_accepted(entry: Entry, sha256: str) -> bool:
    """Whether vault.yaml says that the file with this hash is the right one."""
    return str(entry.extra.get("accepted", "")) == sha256[:SHOWN]


def _contrast(claim: Claim, seen: Identity) -> str:
    """Both titles, in one line."""
    said = (
        f"{claim.title!r}" if claim.title else f"a paper by {', '.join(claim.authors)}" if claim.authors else "another"
    )
    said += f" (arXiv {claim.arxiv_id})" if claim.arxiv_id and claim.arxiv_id != seen.arxiv_id else ""
    by = f" by {seen.authors[0]}{' and others' if len(seen.authors) > 1 else ''}" if seen.authors else ""
    stamp = f" (arXiv {seen.arxiv_id})" if seen.arxiv_id else ""
    where = "its name says" if claim.by_name else "its entry says"
    return f"another paper: {where} {said}, page 1 says {seen.title or 'something else'!r}{by}{stamp}"
