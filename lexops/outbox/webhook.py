"""JSON for a program of the firm; docs/notifications.md describes the body."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import quote

from lexops.clock import utc_text
from lexops.outbox.channels import Proof
from lexops.outbox.model import Urgency
from lexops.outbox.posting import Poster
from lexops.outbox.rendering import Rendered

VERSION = 1
"""Of the body; it rises when a program that reads it would have to change."""


class Webhook:
    """Posts to a URL, with a token, signed."""

    def __init__(self, poster: Poster, token: str | None, signing_key: str | None) -> None:
        self._poster, self._token, self._signing_key = poster, token, signing_key

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        body = json.dumps(document(rendered, address, key), ensure_ascii=True).encode()
        stamp = str(int(rendered.at.timestamp()))
        headers = {"Idempotency-Key": quote(key, safe="/:._-"), "X-LexOps-Timestamp": stamp}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._signing_key:
            headers["X-LexOps-Signature"] = signature(self._signing_key, stamp, body)
        return self._poster.post(body, headers, rendered.at).proof


def signature(key: str, stamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256 of `timestamp.body` in hexadecimal; the time tells a copy sent later."""
    return "v1=" + hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def document(rendered: Rendered, address: str, key: str) -> dict[str, object]:
    """The body."""
    return {
        "version": VERSION,
        "key": key,
        "sent": utc_text(rendered.at),
        "site": rendered.site,
        "recipient": str(rendered.messages[0].recipient),
        "address": address,
        "urgency": (Urgency.PAGE if rendered.is_page else Urgency.NOTICE).value,
        "subject": rendered.subject,
        "short": rendered.short,
        "text": rendered.body,
        "messages": [
            {
                "id": each.id,
                "subject": each.subject,
                "template": each.template,
                "urgency": each.urgency.value,
                "priority": each.priority,
                "values": dict(each.values),
            }
            for each in rendered.messages
        ],
    }
