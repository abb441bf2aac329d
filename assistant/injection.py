"""Text in a document that tries to instruct a language model: found, so that the answer can say so, and disarmed.

The words are those of published attacks. What is found is never judged by it: a paper about prompt injection is full
of such text. Nothing here makes a model safe; the answering path has no tools, and every sentence is checked.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable

from index.records import Hit

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
TAG = re.compile(
    r"<(?=\s*/?\s*(?:passages?|system|user|assistant|instructions?|question|sources?|documents?|tool|script|img"
    r"|iframe|a)\b)"
    r"|<(?=\|)|<(?=<\s*SYS)",
    re.IGNORECASE,
)
CHAT = re.compile(r"\[(?=/?INST\])|\[(?=p\d{1,3}\])", re.IGNORECASE)
ROLE = re.compile(
    r"(?m)^(\s*(?:#+\s*)?(?:system|assistant|user|human|developer)(?: prompt| message)?\s*):", re.IGNORECASE
)
EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|system|other|all|your)"
ORDERS = r"(?:instructions?|prompts?|directions?|rules?|guidelines?|commands?|messages?)"
TELLING: dict[str, str] = {
    "tells a model to set aside its instructions": (
        rf"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\b[^.\n]{{0,40}}\b{EARLIER}\b"
        rf"[^.\n]{{0,30}}\b{ORDERS}\b|\b(?:ignore|disregard|forget) (?:everything|anything"
        rf"|all)(?: of)? (?:above|before|that|you)"
        r"|\bnew instructions?\s*:"
    ),
    "tells a model to set aside its instructions, in another language": (
        r"\b(?:ignor(?:iere|ieren|a|e|ez|ieren sie|ate|are)|ignor[ae]r?|oubliez?|olvid[ae]|vergiss|negeer"
        r"|dimentica)\b"
        r"[^.\n]{0,60}\b(?:anweisung\w*|instruc\w+|istruzion\w+|instruç\w+|consigne\w*|instructies)"
        r"|忽略[^。\n]{0,20}(?:指令|指示|提示)|игнорируй\w*[^.\n]{0,40}инструкци\w*|(?:以前|上記)の指示を無視"
        r"|تجاهل[^.\n]{0,40}التعليمات"
    ),
    "gives a model a role": (
        r"\byou are (?:now|no longer)\b[^.\n]{0,60}|\b(?:pretend|act as if you|act as an?|role-?play as"
        r"|from now on,? you)\b"
        r"[^.\n]{0,40}\b(?:you|model|assistant|ai|dan|are|unrestricted|expert)\b|\bdeveloper mode\b"
        r"|\bjailbreak mode\b"
    ),
    "poses as a message of a chat": (
        r"(?m)^\s*(?:#+\s*)?(?:system|assistant|developer)(?: prompt| message)?\s*:\s*\S|<\|(?:im_start|system"
        r"|user|assistant|endoftext)"
        r"|\[/?INST\]|<<\s*SYS|</?\s*(?:system|instructions?|assistant|passages?)\b[^>]{0,40}>"
    ),
    "addresses the model that reads it": (
        r"\b(?:attention|note|message|important|instructions?|dear|hey)\b(?:[\s:,!-]|\b(?:to|for|all|any|every|the|our"
        r"|large)\b){1,12}(?:ai|llms?|language models?|chatbots?|assistants?|ai reviewers?|gpt|claude)\b\s*[:,]"
        r"|\bif you are an? (?:ai|llm|language model|assistant)\b"
        r"|\bwhen (?:answering|asked|summari[sz]ing)\b[^.\n]{0,50}\b(?:always|must|only|never|say|reply|answer"
        r"|respond|state)\b"
        r"|(?:^|[.!?:;\"“(\n]\s*|\byou (?:must|should|will|are to|have to)\s+|\bplease\s+)(?:(?:always|only)\s+)?"
        r"(?:reply|respond|answer) (?:only )?with\b[^.\n]{0,40}(?:[\"'“]|\bword\b|\byes\b|\bno\b)"
    ),
    "asks for a model's prompt or secrets": (
        r"\b(?:reveal|print|repeat|output|show|leak|send|disclose|tell (?:me"
        r"|us))\b[^.\n]{0,40}\b(?:system prompt|your (?:instructions|prompt|"
        r"rules)|api keys?|passwords?|secrets?|conversation history|chat history)\b"
    ),
    "asks for praise or a verdict": (
        r"\b(?:give|write|provide|output)\b[^.\n]{0,20}\b(?:a )?positive review(?: only)?\b|\bdo not (?:mention"
        r"|highlight) any (?:negatives?|"
        r"weakness\w*|limitations?)\b|\brecommend (?:accepting|acceptance)\b[^.\n]{0,40}\bpaper\b"
    ),
    "holds citation keys of its own": (
        r"\[p\d{1,3}\](?!\()|\bcite (?:this|it|everything|all) as\b"
    ),
    "holds active markup": (
        r"<\s*(?:script|iframe|img|object|svg|a)\b[^>]{0,200}(?:src|href|onload|onerror|>)|\bjavascript\s*:"
        r"|!\[[^\]\n]{0,80}\]\(\s*https?:"
        r"|\\href\s*\{\s*(?:javascript|https?)"
    ),
    "asks for a link with data in it": (
        r"https?://\S{3,80}[?&]\w{1,20}=(?:\{|\[|<|%7B|\$|DATA|SECRET|PROMPT|YOUR)"
    ),
}  # fmt: skip
REASONS = tuple((reason, re.compile(pattern, re.I)) for reason, pattern in TELLING.items())
ENCODED = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/])")


def attempts(text: str) -> tuple[str, ...]:
    """In words, each once, how a text tries to instruct a model; () where it does not look like that.

    Letters that cannot be seen are taken out first, look-alike forms folded, and what is written in base64 is read.
    """
    found = [reason for reason, pattern in REASONS if pattern.search(_folded(text))]
    hidden = any("tells a model" in r or "gives a model" in r for b in _decoded(text) for r in attempts(b))
    smuggled = len(INVISIBLE.findall(text)) > 8 and "hides letters that cannot be seen"
    more = ["hides an instruction in base64"] if hidden else []
    return tuple(dict.fromkeys([*found, *more, *([smuggled] if smuggled else [])]))


def noticed(hits: Iterable[Hit]) -> tuple[str, ...]:
    """A line for each source among the hits that tries; it is still data, and read as such."""
    seen: dict[str, list[str]] = {}
    for hit in hits:
        seen.setdefault(hit.paper.title or hit.paper.id, []).extend(attempts(hit.passage.text))
    return tuple(
        f"a source has text that reads like an instruction to a language model ({'; '.join(dict.fromkeys(reasons))}), "
        f"which was not followed: {title}"
        for title, reasons in seen.items()
        if reasons
    )


def disarmed(text: str) -> str:
    """The text without letters that cannot be seen, and without anything that could pass for the prompt's own tags,
    keys or speakers: their first character is changed, so that a reader still sees what was there."""
    text = INVISIBLE.sub("", text)
    text = CHAT.sub("⟦", TAG.sub("‹", text))
    return ROLE.sub(r"\1 ∶", text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text))


def _decoded(text: str) -> list[str]:
    """What stretches of base64 say, where they say something in plain letters."""
    said = []
    for found in ENCODED.finditer(text):
        try:
            raw = base64.b64decode(found[0] + "=" * (-len(found[0]) % 4), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        if raw.isprintable() and " " in raw:
            said.append(raw)
    return said
