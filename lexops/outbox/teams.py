"""A workflow of Microsoft Teams: the message as an adaptive card."""

from __future__ import annotations

import json
from typing import Any

from lexops.outbox.channels import Proof
from lexops.outbox.posting import Poster
from lexops.outbox.rendering import Rendered
from lexops.text import plural

MOST = 26_000
"""Bytes of what is shown, as JSON; Teams refuses messages above 28 KB."""
LINE = 1_000
"""Characters of one block: a longer line goes on in the next one."""


class Teams:
    """Posts to the workflow's address."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        return self._poster.post(json.dumps(card(rendered)).encode(), {}, rendered.at).proof


def card(rendered: Rendered) -> dict[str, Any]:
    """The message with its card. Runs of text are shown as they are: a text block would read Markdown."""
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _blocks(rendered),
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    }


def _blocks(rendered: Rendered) -> list[dict[str, Any]]:
    """The subject and each line, as far as Teams takes them; then how many lines are left out.

    Blocks are weighed as they go out: most of a short line is its block, and a letter may take twelve bytes.
    """
    whole = rendered.body.split("\n")
    lines = [line[at : at + LINE] for line in whole for at in range(0, len(line) or 1, LINE)]
    found = [_block(rendered.subject, weight="Bolder", size="Medium")]
    size = len(json.dumps(found))
    for number, line in enumerate(lines):
        block = _block(line or " ", spacing="None")
        size += len(json.dumps(block)) + len(", ")
        if size > MOST:
            left = plural(len(lines) - number, "more line")
            return [*found, _block(f"… {left}", spacing="None")]
        found.append(block)
    return found


def _block(text: str, spacing: str = "Default", **look: str) -> dict[str, Any]:
    return {
        "type": "RichTextBlock",
        "spacing": spacing,
        "inlines": [{"type": "TextRun", "text": text, **look}],
    }
