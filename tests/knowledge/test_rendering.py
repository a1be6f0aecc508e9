"""Articles as HTML: what anybody wrote is shown, and nothing of it acts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.knowledge.model import Article
from lexops.knowledge.rendering import TAGS, body, page

HOSTILE = [
    "<script>alert(1)</script>",
    "a <img src=x onerror=alert(1)> b",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[a]: javascript:alert(1)\n\n[a]",
    '![x" onerror="alert(1)](http://evil/x.png "t\\" onload=x")',
    '[x](http://e.f "t\\" onclick=alert(1) \\"")',
    "<http://e.f/\"onmouseover='alert(1)'>",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "|<script>|b|\n|-|-|\n|<b onclick=x>|2|",
    "<style>*{}</style><title>x</title><plaintext>",
    "</body></html><iframe src=//evil>",
    "<!--><script>alert(1)</script>-->",
    "\x02wzxhzdk:0\x03 \x02amp\x03",
    "<a\x00href=javascript:alert(1)>",
    "# <script>x</script>\n> <object data=x>\n\n- <embed>",
]


class Seen(HTMLParser):
    """Tags and attributes as a browser would take them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)


def check(text: str) -> None:
    seen = Seen(body(text))
    assert seen.tags <= TAGS
    for name, value in seen.attributes:
        assert name in ("href", "rel")
        assert name == "rel" or str(value).lower().startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_in_an_article_acts(text: str) -> None:
    check(text)


PIECES = [
    "<",
    ">",
    "script",
    "&#106;",
    "javascript:",
    "](",
    "[",
    "x",
    '"',
    "\n",
    "`",
    "*",
    " ",
    "on=",
    "!",
    "\x02",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_mixture_of_signs_acts(text: str) -> None:
    check(text)


def test_html_in_an_article_is_shown_as_it_was_typed() -> None:
    assert body("a <b>c</b>") == "<p>a &lt;b&gt;c&lt;/b&gt;</p>"


def test_markdown_is_laid_out() -> None:
    made = body(
        "# Do\n\n1. look at **it**\n2. `VACUUM`\n\n[more](https://example.org/?a=1&b=2)\n\n|a|\n|-|\n|1|"
    )
    assert "<h1>Do</h1>" in made and "<strong>it</strong>" in made and "<code>VACUUM</code>" in made
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">more</a>' in made
    assert "<td>1</td>" in made


def test_pictures_are_not_fetched() -> None:
    assert body("![the plan](https://evil.example/p.png)") == "<p>[the plan]</p>"


@pytest.mark.parametrize(
    "text", ["[ " * 90_000, ">" * 150_000, "![a](" * 30_000, "- [[[[\n" * 20_000], ids=range(4)
)
def test_what_would_take_hours_to_lay_out_is_shown_as_it_is(text: str) -> None:
    assert body(text).startswith("<pre>")


def test_a_page_forbids_everything_from_elsewhere_and_names_what_it_helps_with() -> None:
    made = page(Article("a", "Disk </title><script>", "text", checks=("host.disk-*",), tags=("disk",)))
    assert "default-src 'none'" in made
    assert "Disk &lt;/title&gt;&lt;script&gt;" in made and "<script>" not in made
    assert "checks: host.disk-*; tags: disk" in made
