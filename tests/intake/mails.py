"""Mails for tests, as the bytes that a mail server would drop."""

from __future__ import annotations

from pathlib import Path


def mail(
    subject: str = "Cannot open the portal",
    text: str = "It says 502 since nine.",
    *,
    sender: str = "Ana <ana@acme.example>",
    id: str = "<1@acme.example>",
    more: str = "",
) -> bytes:
    """A plain mail; `more` are further header lines, each with its end."""
    head = f"From: {sender}\r\nSubject: {subject}\r\n" + (f"Message-ID: {id}\r\n" if id else "") + more
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def maildir(folder: Path) -> Path:
    """An empty maildir."""
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


def drop(folder: Path, name: str, raw: bytes) -> None:
    """Put a mail where it is new."""
    (folder / "new" / name).write_bytes(raw)


def lying(folder: Path) -> dict[str, list[str]]:
    """The names in each folder of a maildir."""
    return {
        each: sorted(path.name for path in (folder / each).iterdir()) if (folder / each).exists() else []
        for each in ("new", "cur", ".refused")
    }


MIXED = (
    b"From: Ana <ana@acme.example>\r\nSubject: =?utf-8?b?SMOkbGxv?= [LX-41]\r\nMessage-ID: <a@b>\r\n"
    b"In-Reply-To: <z@b>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
    b"--y\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"H=C3=A4llo\r\n--y\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--y--\r\n"
    b'--x\r\nContent-Type: application/pdf; name="a/../b.pdf"\r\nContent-Disposition: attachment\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y\r\nSubject: within\r\n\r\ninner\r\n--x--\r\n"
)
"""Parts within parts, a file with a path for a name, a mail within the mail."""
