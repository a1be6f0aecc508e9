"""Mail through a server of the firm."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from lexops.config import SMTPSettings
from lexops.errors import ConfigError
from lexops.outbox.channels import Hider, Proof, Undelivered
from lexops.outbox.masking import masked
from lexops.outbox.rendering import Rendered
from lexops.text import one_line
from lexops.web.trust import trust

MARK = "lexops."
"""How every Message-ID of ours begins: who reads mail for LexOps knows its own."""
_LOCAL = ("127.0.0.1", "::1", "localhost")


class SMTP:
    """Sends each message over a connection of its own."""

    def __init__(
        self, settings: SMTPSettings, password: str | None, hide: Hider, ca_file: Path | None
    ) -> None:
        self._settings, self._password, self._hide, self._ca_file = settings, password, hide, ca_file

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        if not address:
            raise Undelivered("a mail address is missing", False)
        message = mail(rendered, self._settings.sender, address, key)
        try:
            with self._connected() as line:
                _taken(line.mail(self._settings.sender), "the sender")
                _taken(line.rcpt(address), masked(address))
                code, said = _taken(line.data(message.as_bytes(policy=policy.SMTP)), "the message")
        except Undelivered as error:
            raise Undelivered(self._hide(error.detail), error.retry) from None
        except ConfigError as error:
            raise Undelivered(str(error), False) from None
        except (smtplib.SMTPException, OSError) as error:
            raise self._explained(_cause(error)) from None
        return Proof(self._hide(f"{code} {one_line(said.decode('utf-8', 'replace'), 200)}"))

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A connection that is encrypted and logged in as the settings say."""
        settings, seconds = self._settings, self._settings.timeout.total_seconds()
        context = trust(self._ca_file) if settings.security != "none" else None
        # The library would ask the name service for our own name, without a time limit.
        name = socket.gethostname() or "localhost"
        if settings.security == "tls":
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, name, timeout=seconds, context=context
            )
        else:
            line = smtplib.SMTP(settings.host, settings.port, name, timeout=seconds)
        try:
            if settings.security == "starttls":
                line.starttls(context=context)
            line.ehlo_or_helo_if_needed()
            if settings.username is not None and self._password is not None:
                if settings.security == "none" and settings.host not in _LOCAL:
                    raise Undelivered("the password would go over the network unencrypted", False)
                line.login(settings.username, self._password)
            yield line
            with suppress(smtplib.SMTPException, OSError):
                line.quit()  # what was taken stays taken, whatever the server says to a good-bye
        finally:
            line.close()

    def _explained(self, error: Exception) -> Undelivered:
        """Why it failed: a code from 400 on is for now, from 500 on for good (RFC 5321, 4.2.1)."""
        match error:
            case smtplib.SMTPResponseException():
                raw = error.smtp_error
                said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
                what = "log-in: " if isinstance(error, smtplib.SMTPAuthenticationError) else ""
                text = f"{what}{error.smtp_code} {one_line(said, 200)}"
                return Undelivered(self._hide(text), not 500 <= error.smtp_code < 600)
            case ssl.SSLCertVerificationError():
                return Undelivered(f"its certificate is not trusted: {one_line(error.verify_message)}", False)
            case smtplib.SMTPNotSupportedError():
                return Undelivered(f"the server cannot do what is needed: {one_line(error, 100)}", False)
            case TimeoutError():
                return Undelivered(f"no answer within {self._settings.timeout.total_seconds():g} s", True)
            case smtplib.SMTPServerDisconnected():
                return Undelivered("the server closed the connection", True)
            case _:
                said = one_line(getattr(error, "strerror", None) or type(error).__name__, 100)
                return Undelivered(f"the connection failed: {said}", True)


def _cause(error: Exception) -> Exception:
    """What really happened: the library calls a server that says nothing one that hung up."""
    inner = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
    return inner if isinstance(inner, OSError) else error


def _taken(answer: tuple[int, bytes], what: str) -> tuple[int, bytes]:
    """The server's answer. Raises Undelivered when it does not take something."""
    code, said = answer
    if not 200 <= code < 300:
        text = one_line(said.decode("utf-8", "replace"), 200)
        raise Undelivered(f"{what}: {code} {text}", not 500 <= code < 600)
    return answer


def mail(rendered: Rendered, sender: str, address: str, key: str) -> EmailMessage:
    """The mail. Sent again it has the same Message-ID; mails about the same thing refer to the same one."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = f"LexOps <{sender}>"
    message["To"] = address
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(rendered.at)
    message["Message-ID"] = f"<{MARK}{_digest(key)}@{domain}>"
    if len(rendered.subjects) == 1:
        message["References"] = f"<{MARK}{_digest(rendered.site + rendered.subjects[0])}@{domain}>"
    # RFC 3834: no program answers this, ours neither.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Any server takes it: lines of any length become short ones of plain signs.
    message.set_content(rendered.body, cte="quoted-printable")
    return message


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
