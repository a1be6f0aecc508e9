"""What an incident can be linked with: reading `kind:ref`, and no link that leads back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from lexops.errors import InvalidRequest
from lexops.incidents.model import LinkKind, Relation

LONGEST = 300
_NUMBERED = frozenset({LinkKind.INCIDENT, LinkKind.CHANGE, LinkKind.RUN, LinkKind.REQUEST})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,119}")
_TRACKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}/\S{1,120}")
_SAMPLES = {
    LinkKind.INCIDENT: "incident:12",
    LinkKind.CHECK: "check:billing-db/postgresql.connections",
    LinkKind.CHANGE: "change:7",
    LinkKind.RUN: "run:7",
    LinkKind.REQUEST: "request:7",
    LinkKind.ARTICLE: "article:full-disk",
    LinkKind.TRACKER: "tracker:jira/OPS-12",
    LinkKind.URL: "url:https://wiki.example.com/page",
}
_BETWEEN_INCIDENTS = frozenset({Relation.DUPLICATE, Relation.SPLIT, Relation.RECURRENCE, Relation.ACTION})


def parse(text: str) -> tuple[LinkKind, str]:
    """`incident:12`, `#12`, `check:billing-db/host.load`, `https://…` as kind and reference.

    Raises InvalidRequest.
    """
    text = text.strip()
    if re.fullmatch(r"#\d{1,18}", text):
        return LinkKind.INCIDENT, text[1:]
    if text.startswith(("http://", "https://")):
        return LinkKind.URL, _url(text)
    name, _, ref = text.partition(":")
    if name not in tuple(LinkKind) or not ref:
        kinds = ", ".join(f"{kind}:…" for kind in LinkKind)
        raise InvalidRequest(f"to: {text!r} names nothing", hint=f"write {kinds}")
    kind = LinkKind(name)
    return kind, _ref(kind, ref)


def _ref(kind: LinkKind, ref: str) -> str:
    ref = ref.removeprefix("#") if kind in _NUMBERED else ref
    shapes = {LinkKind.CHECK: _NAME, LinkKind.ARTICLE: _NAME, LinkKind.TRACKER: _TRACKED}
    if kind is LinkKind.URL:
        return _url(ref)
    shape = shapes.get(kind, re.compile(r"[1-9]\d{0,17}"))
    if not ref.isprintable() or not shape.fullmatch(ref):
        raise InvalidRequest(f"to: {ref!r} is no {kind}", hint=f"write for example {_SAMPLES[kind]}")
    return ref


def _url(text: str) -> str:
    """An address that people can open; one with a password in it would be kept for everybody to read."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or not text.isprintable() or " " in text:
        raise InvalidRequest("to: that is no address", hint=f"write for example {_SAMPLES[LinkKind.URL]}")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest("to: an address with a name or password in it would be kept for everybody")
    if len(text) > LONGEST:
        raise InvalidRequest(f"to: an address of more than {LONGEST} characters")
    return text


def check_relation(kind: LinkKind, relation: Relation) -> None:
    """Some relations are only between incidents, a duplicate is more than a link. Raises InvalidRequest."""
    if relation is Relation.DUPLICATE:
        hint = "it ends one of the two: lexops incident duplicate NUMBER OF"
        raise InvalidRequest("relation: a duplicate is not only linked", hint=hint)
    if relation in _BETWEEN_INCIDENTS and kind is not LinkKind.INCIDENT:
        raise InvalidRequest(f"relation: only an incident can be {relation!s} another one")


def leads_back(edges: Iterable[tuple[int, int]], start: int, to: int) -> bool:
    """Whether a new edge from `start` to `to` closes a circle with those that are there."""
    following: dict[int, set[int]] = {}
    for one, other in edges:
        following.setdefault(one, set()).add(other)
    seen, ahead = set[int](), [to]
    while ahead:
        here = ahead.pop()
        if here == start:
            return True
        if here not in seen:
            seen.add(here)
            ahead += following.get(here, ())
    return False
