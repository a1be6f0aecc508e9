"""How people are told: channels, and what may be said over them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from lexops.config.base import Duration, Secret, Section, url_of


class _Channel(Section):
    timeout: Duration = Field(timedelta(seconds=10), description="one attempt may take so long")
    per_minute: int = Field(30, ge=1, le=6000, description="more than that waits, or goes together")


class SMTPSettings(_Channel):
    """E-mail through a server of the firm."""

    kind: Literal["smtp"]
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: Secret | None = None
    sender: str = Field(description="the address it comes from", pattern=r"^[^@\s]+@[^@\s]+$")
    ca_file: Path | None = Field(None, description="certificates to trust besides the system's")


class WebhookSettings(_Channel):
    """JSON, posted to a URL; the body is described in docs/notifications.md."""

    kind: Literal["webhook"]
    url: Annotated[str, url_of(("https", "http"))]
    token: Secret | None = Field(None, description="sent as Authorization: Bearer …")
    signing_key: Secret | None = Field(None, description="signs the body: X-LexOps-Signature, HMAC-SHA256")
    ca_file: Path | None = Field(None, description="certificates to trust besides the system's")


class PagerDutySettings(_Channel):
    """PagerDuty's Events API, version 2."""

    kind: Literal["pagerduty"]
    routing_key: Secret
    url: Annotated[str, url_of(("https", "http"))] = "https://events.pagerduty.com/v2/enqueue"


class SlackSettings(_Channel):
    """An incoming webhook of Slack, or of what understands the same (Mattermost, Rocket.Chat)."""

    kind: Literal["slack"]
    url: Secret = Field(description="the webhook's address, which is a secret")


class TeamsSettings(_Channel):
    """A workflow of Microsoft Teams that takes adaptive cards."""

    kind: Literal["teams"]
    url: Secret = Field(description="the workflow's address, which is a secret")


class AppriseSettings(_Channel):
    """Any service that Apprise knows; see its list of URLs."""

    kind: Literal["apprise"]
    url: Secret = Field(description="an Apprise URL; {address} stands for the person's address")


class FileDropSettings(_Channel):
    """A file to which every message is appended as a line of JSON: for trying out, and for programs."""

    kind: Literal["file"]
    path: Path = Field(description="relative to this file; only its owner can read it")


ChannelSettings = Annotated[
    SMTPSettings
    | WebhookSettings
    | PagerDutySettings
    | SlackSettings
    | TeamsSettings
    | AppriseSettings
    | FileDropSettings,
    Field(discriminator="kind"),
]


class NotifySettings(Section):
    """What holds for everything that is sent."""

    last_resort: list[str] = Field(
        default_factory=list,
        description="tried when nobody could be told otherwise: CHANNEL, or CHANNEL ADDRESS, in this order",
    )
    titles: bool = Field(
        False, description="titles that people wrote may leave the firm; else only those of checks do"
    )
    templates: Path | None = Field(
        None, description="folder of the site's own texts: NAME.txt, and NAME.md for drafts of updates"
    )
    attempts: int = Field(
        5, ge=1, le=50, description="attempts on one channel before the next channel is tried"
    )
    bundle: Duration = Field(
        timedelta(minutes=1), description="what is not urgent waits so long for more of its kind"
    )
    keep: Duration = Field(timedelta(days=365), description="what was sent is kept this long")
