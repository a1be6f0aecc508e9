"""HTML that others wrote, as plain text. Pure. Nothing in it is followed, fetched or shown as markup.

The library's parser takes minutes for 100 kB of tags that nobody has closed. So it is only given tags that
are whole, without their attributes; what looks like the beginning of one is text.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST = 100_000
"""Characters that are looked at."""
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLOCKS = frozenset(
    "address article blockquote body div dl dt dd fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main ol"
    " p pre section table tr ul".split()
)
_TAG = re.compile(
    r"""<(?:(/?[A-Za-z][A-Za-z0-9]{0,20})(?:[^<>"']|"[^"<]{0,2000}"|'[^'<]{0,2000}')*|[!?][^<>]*)>"""
)
"""A tag with its name, or a declaration. No part of it passes the next <, so that looking is linear."""
_SPACE = re.compile(r"[ \t\f\r\u00a0]+")


def plain(html: str) -> str:
    """What a reader would see, line by line."""
    reader = _Reader()
    reader.feed(_whole_tags(_without_comments(html[:MOST])))
    reader.close()
    lines = (_SPACE.sub(" ", line).strip() for line in "".join(reader.found).split("\n"))
    return "\n".join(lines)


def _without_comments(html: str) -> str:
    """An open comment hides the rest, as in a browser."""
    kept, at = [], 0
    while (start := html.find("<!--", at)) >= 0:
        kept.append(html[at:start])
        end = html.find("-->", start)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, html[at:]])


def _whole_tags(html: str) -> str:
    kept, at = [], 0
    for tag in _TAG.finditer(html):
        kept.append(html[at : tag.start()].replace("<", "&lt;"))
        kept.append(f"<{tag[1]}>" if tag[1] else "")
        at = tag.end()
    return "".join([*kept, html[at:].replace("<", "&lt;")])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":  # a head that nobody has closed
            self._unseen = 0
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br" or tag in _BLOCKS:
            self.found.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(data.replace("\n", " "))
