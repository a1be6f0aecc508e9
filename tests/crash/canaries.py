"""Secrets with names: the tests and the programs that crash for them know the same ones."""

from __future__ import annotations

import hashlib

NAMES = (
    "local variable",
    "global variable",
    "closure",
    "argument",
    "keyword argument",
    "attribute",
    "repr of an object",
    "nested password",
    "file content",
    "environment",
    "argv",
    "exception text",
    "exception argument",
    "exception attribute",
    "exception's own str",
    "key of a KeyError",
    "document of a JSONDecodeError",
    "note",
    "text of the cause",
    "text of the context",
    "note of the context",
    "text of a group",
    "text of a group's member",
    "note of a group's member",
    "text of a nested group's member",
    "statement",
    "bound parameter",
    "row that exists already",
    "part of an URL",
    "log argument",
    "log text",
    "log extra",
    "exception in a log",
    "exception in our own log",
    "argument that does not fit its log text",
    "earlier log line",
    "thread name",
    "exception in a thread",
    "exception in a task",
    "name of a task",
    "exception in a finaliser",
    "warning",
    "source line",
)


def canary(name: str) -> str:
    """The secret of that name."""
    assert name in NAMES, name
    return "geheim" + hashlib.sha256(name.encode()).hexdigest()[:16]


def found_in(*streams: bytes) -> set[str]:
    """The names of the secrets that can be read there, in either half."""
    everything = b"\n".join(streams)
    return {name for name in NAMES if canary(name)[6:14].encode() in everything or _tail(name) in everything}


def _tail(name: str) -> bytes:
    return canary(name)[-8:].encode()
