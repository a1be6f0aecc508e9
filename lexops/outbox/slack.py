"""An incoming webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat."""

from __future__ import annotations

import json

from lexops.outbox.channels import Proof
from lexops.outbox.posting import Poster
from lexops.outbox.rendering import Rendered

LONGEST = 20_000
"""Characters of a text; Slack cuts at 40,000."""


class Slack:
    """Posts to the webhook's address."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        body = {"text": text(rendered), "unfurl_links": False, "unfurl_media": False}
        return self._poster.post(json.dumps(body).encode(), {}, rendered.at).proof


def text(rendered: Rendered) -> str:
    """Subject and body. Signs that would act (`<!channel>`, links) are escaped, as Slack describes."""
    whole = f"{rendered.subject}\n\n{rendered.body}"[:LONGEST]
    return whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
