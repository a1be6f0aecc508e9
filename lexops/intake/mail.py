"""Reads an e-mail: what it says, or why it becomes no ticket. Pure; never raises, whatever the bytes are.

The headers are those of RFC 5322, automatic mail is told by RFC 3834, delivery reports by RFC 3462. The
library's older policy is used on purpose: its newer one raises on some malformed headers.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Mapping
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import parseaddr

from lexops.intake.model import Attached, Mail, Unwanted
from lexops.plain import plain
from lexops.text import brief, clean, one_line

MOST = 50_000_000
"""Bytes of a mail that is read at all."""
PARTS = 200
"""Parts that are looked at; also how deep they may be nested."""
TITLE = 200
TEXT = 10_000
"""Characters of the text that are kept."""
HEADER = 10_000
"""Characters of one header that are looked at."""
PARAMETERS = 2_000
"""Characters of a header with parameters; to take one apart takes a time that grows with the square."""
REFERENCES = 50

_PREFIX = re.compile(r"^(?:(?:re|aw|antw|fwd?|wg|sv|vs|tr|rv)\s?(?:\[[0-9]{1,3}\])?\s?:\s*)+", re.IGNORECASE)
_OURS = re.compile(r"\[LX-([0-9]{1,9})\]", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w&])#([0-9]{1,9})\b")
_ID = re.compile(r"<[^<>\s]{1,250}>")
_ADDRESS = re.compile(r"[^@\s<>\"(),;:]{1,64}@[^@\s<>\"(),;:]{1,190}")
_BLANK = re.compile(r"\n{3,}")
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon")
_BULK = ("bulk", "junk", "list")
_SLOW = ("idna", "punycode")
"""Charsets of names, not of text; to read them takes a time that grows with the square."""
OWN_ID = "<lexops."
"""How the Message-IDs begin that LexOps gives to its own mail."""


def read(raw: bytes, limit: int) -> Mail | Unwanted:
    """A mail from its bytes; attachments of more than `limit` bytes, or ten times that together, stay out."""
    try:
        return _read(raw, limit)
    except Exception as error:
        # Whoever writes to us decides on the bytes, and must not stop the others' mail.
        return Unwanted(digest(raw), f"it cannot be read: {type(error).__name__}")


def digest(raw: bytes) -> str:
    """The key of bytes that have no better one."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _read(raw: bytes, limit: int) -> Mail | Unwanted:
    if len(raw) > MOST:
        return Unwanted(digest(raw), f"it has {len(raw):,} bytes, more than {MOST:,}")
    if raw.lower().count(b"boundary") > PARTS:
        return Unwanted(digest(raw), f"it has more than {PARTS} parts within parts")
    message = BytesParser(policy=_Short()).parsebytes(raw)
    headers = _headers(message)
    sender = _address(headers.get("from", ""))
    reason = _why_unwanted(message, headers, sender)
    if reason:
        return Unwanted(digest(raw), reason)
    subject = _decoded(headers.get("subject", ""))
    text, attached, left_out = _content(message, limit)
    ids = _ID.findall(headers.get("message-id", ""))
    references = _ID.findall(f"{headers.get('references', '')} {headers.get('in-reply-to', '')}")
    return Mail(
        _key(ids[0] if ids else "", sender, subject, text, attached),
        sender,
        _title(subject),
        text,
        tuple(dict.fromkeys(references[-REFERENCES:])),
        _numbered(_OURS.search(subject)),
        _numbered(_NUMBER.search(subject) if references or _PREFIX.match(subject) else None),
        attached,
        left_out,
    )


class _Short(Compat32):
    """Cuts headers that have parameters before the parser itself looks for them."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:PARAMETERS] if name.lower().startswith("content-") else value


def _why_unwanted(message: Message, headers: Mapping[str, str], sender: str) -> str:
    """Why a mail is of no person; empty for one that is. Answering machines must not talk to each other."""
    local = sender.partition("@")[0]
    if not sender:
        return "it has no sender, so it is no mail"
    if message.get_content_type() == "multipart/report" or local in _DAEMONS:
        return f"it is a report of a mail server ({sender})"
    if headers.get("return-path", "").strip() == "<>":
        return f"it has no address to return to, so it is a report of a mail server ({sender})"
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return f"it was sent by a program: Auto-Submitted {one_line(submitted, 40)} ({sender})"
    if "x-autoreply" in headers or "x-autorespond" in headers:
        return f"it is an automatic reply ({sender})"
    precedence = headers.get("precedence", "").strip().lower()
    if precedence in _BULK:
        return f"it was sent to many: Precedence {precedence} ({sender})"
    if headers.get("message-id", "").strip().lower().startswith(OWN_ID):
        return f"LexOps itself has sent it ({sender})"
    return ""


def _headers(message: Message) -> dict[str, str]:
    """The first of each header by its small name, unfolded, not yet decoded."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        raw = str(value)[:HEADER].encode("ascii", "surrogateescape")
        found.setdefault(str(name).lower(), " ".join(_characters(raw, "").split()))
    return found


def _decoded(header: str) -> str:
    """A header with its encoded words read."""
    try:
        parts = decode_header(header)
    except (MessageError, ValueError):
        parts = [(header, None)]
    texts = [each if isinstance(each, str) else _characters(each, charset or "") for each, charset in parts]
    return one_line("".join(texts), HEADER)


def _characters(raw: bytes, charset: str) -> str:
    """Bytes as text, whatever their charset is said to be."""
    for name in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            if codecs.lookup(name).name not in _SLOW:
                return raw.decode(name)
        except (LookupError, ValueError):  # unknown, no charset of text, or not what it was said to be
            continue
    return raw.decode("ascii", "replace")


def _address(header: str) -> str:
    """The sender's address in small letters; empty where there is none."""
    found = parseaddr(header)[1].strip().lower()
    return clean(found) if _ADDRESS.fullmatch(found) else ""


def _title(subject: str) -> str:
    bare = one_line(_OURS.sub("", _PREFIX.sub("", subject)), HEADER)
    return brief(bare, TITLE) or "Mail without a subject"


def _numbered(found: re.Match[str] | None) -> int | None:
    return int(found[1]) if found else None


def _key(id: str, sender: str, subject: str, text: str, attached: tuple[Attached, ...]) -> str:
    """A Message-ID alone is no key: who has seen one could send another mail under it, and hide it."""
    said = hashlib.sha256("\0".join((sender, subject, text)).encode("utf-8", "replace"))
    for each in attached:
        said.update(each.content)
    return f"{known_as(id) if id else '- '}{said.hexdigest()[:24]}"


def known_as(message_id: str) -> str:
    """How the keys of mails with this Message-ID begin."""
    if len(message_id) > 150:
        message_id = f"<{hashlib.sha256(message_id.encode()).hexdigest()}>"
    return f"{clean(message_id)} "


# What it says, and what came with it.


def _content(message: Message, limit: int) -> tuple[str, tuple[Attached, ...], tuple[str, ...]]:
    """The text, the attachments, and what was left out of them."""
    plains, htmls = list[str](), list[str]()
    attached, left_out = list[Attached](), list[str]()
    room = 10 * limit
    for number, part in enumerate(_leaves(message), 1):
        kind, name = part.get_content_type(), _name(part)
        if not name and kind in ("text/plain", "text/html") and not _is_attachment(part):
            (plains if kind == "text/plain" else htmls).append(_text(part))
            continue
        content = _bytes(part)
        file = Attached(name or f"part-{number}", one_line(kind, 100), content)
        if len(content) > min(limit, room):
            left_out.append(f"{file.name} ({len(content):,} bytes)")
        elif content or name:
            attached.append(file)
            room -= len(content)
    written = "\n\n".join(each for each in plains if each.strip())
    text = written or "\n\n".join(plain(each) for each in htmls)
    return _tidy(text), tuple(attached), tuple(left_out)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in their order; a mail within the mail is one of them."""
    waiting, seen = [message], 0
    while waiting and seen < PARTS:
        part = waiting.pop()
        seen += 1
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(_within(part)))
        else:
            yield part


def _is_attachment(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")


def _name(part: Message) -> str:
    """The file's name, without any folder; empty where it has none that can be read."""
    try:
        found = part.get_filename() or ""
    except (LookupError, TypeError, ValueError):
        return ""
    last = re.split(r"[/\\]", _decoded(str(found)))[-1]
    return one_line(last, HEADER)[:TITLE].strip(". ")


def _within(part: Message) -> list[Message]:
    """The parts of a part that has some; of any other the library would try to decode the text."""
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _bytes(part: Message) -> bytes:
    if part.is_multipart():
        return b"".join(each.as_bytes() for each in _within(part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_param("charset", "")
    return _characters(_bytes(part), charset if isinstance(charset, str) else str(charset[-1]))


def _tidy(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return clean(_BLANK.sub("\n\n", "\n".join(line.rstrip() for line in lines.split("\n"))).strip(), TEXT)
