"""The addresses of a name, asked of one resolver (RFC 1035): each one may know something else."""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from ipaddress import ip_address

A, AAAA = 1, 28
RESOLV_CONF = "/etc/resolv.conf"

_CODES = {1: "the question is malformed", 2: "the resolver failed", 3: "there is no such name"}
_CODES |= {4: "the resolver cannot do that", 5: "the resolver refuses"}
_LIMIT = 4096


class NoAnswer(Exception):
    """The resolver gave none, or one that is none; the text says why."""


def question(name: str, kind: int, number: int) -> bytes:
    """A message that asks for the records of one kind. Raises NoAnswer for a name that is none."""
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").encode("idna").decode().split(".")]
    except UnicodeError:
        labels = []
    if not labels or any(not 0 < len(label) < 64 for label in labels):
        raise NoAnswer(f"{name!r} is no name")
    written = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + written + struct.pack(">2H", kind, 1)


def addresses_in(message: bytes, asked: bytes) -> frozenset[str] | None:
    """The addresses that answer a question; None when the answer was cut short and TCP has to be used.

    Raises NoAnswer for what is no answer to this question.
    """
    try:
        return _read(message, asked)
    except (struct.error, IndexError, ValueError):
        raise NoAnswer("the answer is malformed") from None


def _read(message: bytes, asked: bytes) -> frozenset[str] | None:
    number, flags, questions, answers = struct.unpack_from(">4H", message)
    same = message[12 : len(asked)].lower() == asked[12:].lower()
    if number != struct.unpack_from(">H", asked)[0] or not flags & 0x8000:
        raise NoAnswer("the answer is to another question")
    if code := flags & 0x000F:
        raise NoAnswer(_CODES.get(code, f"the resolver answers with code {code}"))
    if questions != 1 or not same:
        raise NoAnswer("the answer is to another question")
    return None if flags & 0x0200 else frozenset(_addresses(message, len(asked), answers))


def _addresses(message: bytes, place: int, count: int) -> Iterator[str]:
    for _ in range(count):
        place = _after_name(message, place)
        kind, group, _, size = struct.unpack_from(">2HIH", message, place)
        place += 10
        data = message[place : place + size]
        place += size
        if group == 1 and (kind, len(data)) in ((A, 4), (AAAA, 16)):
            yield str(ip_address(data))


def _after_name(message: bytes, place: int) -> int:
    """Where a name ends: at its empty label, or at a pointer to the rest of it."""
    while length := message[place]:
        if length & 0xC0:
            return place + 2
        place += 1 + length
    return place + 1


def look_up(
    resolver: tuple[str, int], name: str, seconds: float, opened: Callable[[socket.socket], None]
) -> frozenset[str]:
    """All addresses of `name` that a resolver knows, IPv4 and IPv6. Raises NoAnswer.

    `opened` is given each socket, so that another thread can cut it.
    """
    return _ask(resolver, name, A, seconds, opened) | _ask(resolver, name, AAAA, seconds, opened)


def _ask(
    resolver: tuple[str, int], name: str, kind: int, seconds: float, opened: Callable[[socket.socket], None]
) -> frozenset[str]:
    asked = question(name, kind, secrets.randbelow(1 << 16))
    family = socket.AF_INET6 if ":" in resolver[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            opened(line)
            line.settimeout(seconds)
            line.connect(resolver)
            line.send(asked)
            found = addresses_in(line.recv(_LIMIT), asked)
        return found if found is not None else _over_tcp(resolver, family, asked, seconds, opened)
    except TimeoutError:
        raise NoAnswer(f"no answer within {seconds:g} s") from None
    except OSError as error:
        raise NoAnswer(error.strerror or "cannot be reached") from None


def _over_tcp(
    resolver: tuple[str, int],
    family: socket.AddressFamily,
    asked: bytes,
    seconds: float,
    opened: Callable[[socket.socket], None],
) -> frozenset[str]:
    with socket.socket(family, socket.SOCK_STREAM) as line:
        opened(line)
        line.settimeout(seconds)
        line.connect(resolver)
        line.sendall(struct.pack(">H", len(asked)) + asked)
        with line.makefile("rb") as answer:
            size = int.from_bytes(answer.read(2), "big")
            return addresses_in(answer.read(size), asked) or frozenset()


def system_resolvers() -> list[str]:
    """Those that this machine asks."""
    try:
        with open(RESOLV_CONF, encoding="utf-8") as file:
            words = [line.split() for line in file]
    except (OSError, UnicodeError):
        return []
    return [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
