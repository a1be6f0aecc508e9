"""PagerDuty's Events API, version 2: an incident there is opened, taken and ended with ours.

https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from lexops.outbox.channels import Proof
from lexops.outbox.model import Message
from lexops.outbox.posting import Poster
from lexops.outbox.rendering import Rendered
from lexops.outbox.routing import RESOLVED, TAKEN

LONGEST_SUMMARY, LONGEST_KEY = 1024, 255
_SEVERITIES = {"CRITICAL": "critical", "WARNING": "warning", "UNKNOWN": "error"}
_ACTIONS = {TAKEN: "acknowledge", RESOLVED: "resolve"}


class PagerDuty:
    """Sends events with one routing key."""

    def __init__(self, poster: Poster, routing_key: str) -> None:
        self._poster, self._routing_key = poster, routing_key

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        body = event(rendered) | {"routing_key": self._routing_key}
        answer = self._poster.post(json.dumps(body).encode(), {}, rendered.at)
        return Proof(f"{body['event_action']}: {answer.proof.detail}")


def event(rendered: Rendered) -> dict[str, Any]:
    """The event without the routing key."""
    message = rendered.messages[0]
    action = _ACTIONS.get(message.template, "trigger")
    found: dict[str, Any] = {"event_action": action, "dedup_key": dedup_key(message, rendered.site)}
    if action == "trigger":
        values = message.values
        found["client"] = "LexOps"
        found["payload"] = {
            "summary": rendered.short[:LONGEST_SUMMARY] or rendered.subject[:LONGEST_SUMMARY],
            "source": values.get("target") or rendered.site,
            "severity": _SEVERITIES.get(values.get("severity", ""), "error") if rendered.is_page else "info",
            "component": values.get("check", ""),
            "group": values.get("priority", ""),
            "custom_details": {name: value for name, value in values.items() if value},
        }
    return found


def dedup_key(message: Message, site: str) -> str:
    """By which PagerDuty knows an incident again: ours of this site, else the message itself."""
    mine = sha256(site.encode()).hexdigest()[:8]
    incident = message.values.get("incident")
    return f"lexops/{mine}/{f'incident/{incident}' if incident else message.key}"[:LONGEST_KEY]
