"""SQL as it may be shown: what it does and to which tables, without a single value.

Statements quote client names, narratives and amounts. What cannot be told apart for certain is masked.
"""

from __future__ import annotations

import re

from lexops.text import LIMIT, one_line

MASK = "?"
"""Stands for a literal, and for a run of digits anywhere."""

_DIGITS = re.compile(r"\d+")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
_COMMENT = re.compile(r"/\*|\*/")

_WORD = r"[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*"
_END = r"(?![\w\x80-\U0010ffff])"

# A quote in a way that leaves its end in doubt fails to be a literal and is `rest`: not closed, a backslash
# before a quote (its meaning is a setting of the server), or grown together with a word, as in O'Neil. So is
# a comment that only some servers execute, when there are quotes in it.
_POSTGRESQL = re.compile(
    rf"""
      (?P<gone> --[^\n\r]* )
    | (?P<comment> /\* )
    | (?P<literal>
          [eE]'(?: [^'\\] | '' | \\. )*+'{_END}
        | (?: [bBnNxX] | [uU]& )?'(?: [^'\\] | '' | \\\\ | \\(?!') )*+'{_END}
        | \$(?P<tag> (?: [A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]* )? )\$.*?\$(?P=tag)\$
        | \$?\.?[0-9][\w.]*
      )
    | (?P<name> "(?: [^"] | "" )*+" | (?>{_WORD})(?!') )
    | (?P<rest> {_WORD}' | ['"] | \$(?: [A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]* )?\$ )
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_MARIADB = re.compile(
    rf"""
      (?P<gone> \#[^\n]* | --(?=[\x00-\x20\x7f]|\Z)[^\n]* | /\*M?![0-9]*(?=[^'"`]*?\*/) | \*/ )
    | (?P<comment> /\*(?!M?!) )
    | (?P<literal>
          (?: [bBnNxX] | _\w+ )?'(?: [^'\\] | '' | \\\\ | \\(?!') )*+'{_END}
        | (?: _\w+ )?"(?: [^"\\] | "" | \\\\ | \\(?!") )*+"{_END}
        | \.?[0-9][\w.$]*
      )
    | (?P<name> `(?: [^`] | `` )*+` | (?>{_WORD})(?!['"]) )
    | (?P<rest> /\*M?! | {_WORD}['"] | ['"`] )
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def masked(statement: str, limit: int = 200, *, mariadb: bool = False) -> str:
    """`statement` on one line of at most `limit` characters, without its literals, digits and comments.

    Takes broken and cut off statements, too: a quote that is not closed masks all that follows. Names in
    double quotes are kept, but for MariaDB, where they are strings and backticks quote names.
    """
    text = "".join(_shown(statement[:LIMIT], mariadb))
    text = _LIST.sub(f"({MASK}, …)", _DIGITS.sub(MASK, one_line(text, LIMIT + 1)))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _shown(statement: str, mariadb: bool) -> list[str]:
    grammar = _MARIADB if mariadb else _POSTGRESQL
    shown: list[str] = []
    at = 0
    while (token := grammar.match(statement, at)) is not None:
        at = token.end()
        if token.lastgroup == "rest":
            return [*shown, MASK, "…"]
        if token.lastgroup == "comment":
            at = _end_of_comment(statement, at, nests=not mariadb)
        shown.append(_instead(token))
    return shown


def _instead(token: re.Match[str]) -> str:
    if token["literal"] is not None:
        return MASK
    return " " if token.lastgroup in ("gone", "comment") else token[0]


def _end_of_comment(statement: str, at: int, *, nests: bool) -> int:
    """Where the comment that began before `at` ends: PostgreSQL's contain others."""
    depth = 1
    for mark in _COMMENT.finditer(statement, at):
        if mark[0] == "*/":
            depth -= 1
        elif nests:
            depth += 1
        if not depth:
            return mark.end()
    return len(statement)
