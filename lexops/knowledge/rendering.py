"""An article as HTML. Its Markdown may have been written by anybody, so nothing in it may act. Pure.

HTML in the text is shown, not taken. What comes out is read once more and written anew from a list of
harmless tags; addresses lead to the web or to mail, pictures are not fetched. A policy in the page forbids
the reader's browser whatever might have been overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

from markdown import Markdown

from lexops.knowledge.model import Article

TAGS = frozenset(
    "a blockquote br code em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split()
)
_EMPTY = frozenset({"br", "hr"})
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f]+", re.IGNORECASE)
DEEPEST = 20
"""Quotes within one another; what is nested deeper is no quote."""
MOST_BRACKETS = 60
"""Opening brackets in one paragraph: what looks for links takes a time that grows with their square."""
_NESTED = re.compile(rf"^[ \t]*(?:>[ \t]*){{{DEEPEST},}}", re.MULTILINE)
_CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)|^(?: {4}|\t).*?$", re.MULTILINE | re.DOTALL)
_BLANK = re.compile(r"\n[ \t]*\n")


def page(article: Article) -> str:
    """A whole page for a browser, with nothing from elsewhere in it."""
    title = escape(article.title)
    facts = [("checks", article.checks), ("runbooks", article.runbooks), ("tags", article.tags)]
    told = "; ".join(f"{name}: {escape(', '.join(values))}" for name, values in facts if values)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">',
            f"<title>{title}</title></head><body>",
            f"<h1>{title}</h1>",
            *([f"<p>{told}</p>"] if told else []),
            body(article.body),
            "</body></html>\n",
        ]
    )


def body(text: str) -> str:
    """Markdown as HTML of harmless tags only."""
    if _is_attack(text):
        return f"<pre>{escape(text)}</pre>"
    reader = Markdown(extensions=["tables", "fenced_code", "sane_lists"], output_format="html")
    # Without these two, HTML in the text is text.
    reader.preprocessors.deregister("html_block")
    reader.inlinePatterns.deregister("html")
    try:
        made = reader.convert(text)
    except RecursionError:
        return f"<pre>{escape(text)}</pre>"
    writer = _Harmless()
    writer.feed(made)
    writer.close()
    return writer.written()


def _is_attack(text: str) -> bool:
    """Whether it would cost far more to read than it is long; no article that a person writes does."""
    blocks = _BLANK.split(_CODE.sub("", text))
    return any(block.count("[") > MOST_BRACKETS for block in blocks) or _NESTED.search(text) is not None


class _Harmless(HTMLParser):
    """Writes what it reads anew: tags of the list without attributes, links with an address that may be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag == "img":
            words = dict(attrs).get("alt") or "picture"
            self._parts.append(f"[{escape(words)}]")
        if tag not in TAGS:
            return
        self._parts.append(f"<{tag}{_address(tag, attrs)}>")
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open[-1] != tag:
                self._parts.append(f"</{self._open.pop()}>")
            self._parts.append(f"</{self._open.pop()}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(escape(data))

    def written(self) -> str:
        """What was read, with all that is open closed."""
        return "".join(self._parts) + "".join(f"</{tag}>" for tag in reversed(self._open))


def _address(tag: str, attributes: Iterable[tuple[str, str | None]]) -> str:
    target = dict(attributes).get("href") if tag == "a" else None
    if not target or not _ADDRESS.fullmatch(target):
        return ""
    return f' href="{escape(target)}" rel="noopener noreferrer"'
