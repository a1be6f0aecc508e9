"""An article as somebody wants it: read, cleaned, and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lexops.errors import InvalidRequest
from lexops.knowledge.model import Article, Standing
from lexops.text import clean, one_line

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LONGEST_BODY = 200_000
"""Bytes in UTF-8; a longer text is a book and wants to be several articles."""
LONGEST_TITLE = 120
MOST = 50
"""Checks, runbooks, fingerprints or tags of one article."""
NOTHING = "-"
"""Stands for none, where leaving something out means: as it was."""
_CHECK = re.compile(r"[a-z0-9*][a-z0-9._*-]{0,119}")
_FINGERPRINT = re.compile(r"[^,]{1,200}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An article as it is typed; None: as it was before."""

    name: str
    title: str | None = None
    body: str | None = None
    checks: str | None = None
    fingerprints: str | None = None
    runbooks: str | None = None
    tags: str | None = None
    standing: Standing | None = None


def drafted(wanted: Wanted, before: Article | None) -> Article:
    """The article that is wanted, with what it was before for what is left out. Raises InvalidRequest."""
    if not NAME.fullmatch(wanted.name):
        hint = "up to 40 small letters, digits and dashes; no dash in front"
        raise InvalidRequest(f"name: {one_line(wanted.name, 60)!r} cannot name an article", hint=hint)
    known = before or Article(wanted.name, "", "")
    return Article(
        name=wanted.name,
        title=known.title if wanted.title is None and before else _title(wanted.title or ""),
        body=known.body if wanted.body is None and before else body_text(wanted.body or ""),
        checks=_list("checks", wanted.checks, known.checks, _CHECK.fullmatch),
        fingerprints=_list("fingerprints", wanted.fingerprints, known.fingerprints, _FINGERPRINT.fullmatch),
        runbooks=_list("runbooks", wanted.runbooks, known.runbooks, NAME.fullmatch),
        tags=_list("tags", wanted.tags, known.tags, NAME.fullmatch),
        standing=wanted.standing or known.standing,
        reviewed=known.reviewed,
        incident=known.incident,
    )


def _title(text: str) -> str:
    title = one_line(text, LONGEST_TITLE)
    if not title:
        raise InvalidRequest("title: nothing can be read", hint="say what the article is about")
    return title


def body_text(text: str) -> str:
    """Markdown without what a terminal would act on, lines ending in one way. Raises InvalidRequest."""
    size = len(text.encode("utf-8", "replace"))
    if size > LONGEST_BODY:
        what = f"body: {size:,} bytes; an article has at most {LONGEST_BODY:,}"
        raise InvalidRequest(what, hint="make several articles of it")
    lines = clean(text.replace("\r\n", "\n").replace("\r", "\n"), LONGEST_BODY).split("\n")
    body = "\n".join(line.rstrip() for line in lines).strip("\n")
    if not body.strip():
        raise InvalidRequest("body: nothing can be read", hint="write what is known, in Markdown")
    return body


def _list(
    what: str, text: str | None, before: tuple[str, ...], fitting: Callable[[str], object]
) -> tuple[str, ...]:
    """Names between commas, each once, in their order."""
    if text is None:
        return before
    if text.strip() == NOTHING:
        return ()
    names = tuple(dict.fromkeys(filter(None, (one_line(each, 300) for each in text.split(",")))))
    for name in names:
        if not fitting(name):
            raise InvalidRequest(
                f"{what}: {name!r} names none", hint="names with commas between them; - for none"
            )
    if len(names) > MOST:
        raise InvalidRequest(f"{what}: {len(names)} of them; at most {MOST}", hint="use * for any part")
    return names
