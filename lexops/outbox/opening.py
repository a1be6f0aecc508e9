"""Makes the channels of lexops.toml ready to be used: each kind in one line, with its secrets."""

from __future__ import annotations

from lexops.config import (
    AppriseSettings,
    ChannelSettings,
    FileDropSettings,
    PagerDutySettings,
    Secret,
    SiteFile,
    SlackSettings,
    SMTPSettings,
    TeamsSettings,
    WebhookSettings,
)
from lexops.outbox.channels import Channel, Hider


def open_channel(settings: ChannelSettings, file: SiteFile) -> Channel:
    """A channel with its secrets read. Raises ConfigError that names where a secret was to come from."""
    # Each kind brings libraries along that nobody needs who has no such channel.
    seconds = settings.timeout.total_seconds()
    match settings:
        case SMTPSettings():
            from lexops.outbox.smtp import SMTP

            password = _read(settings.password)
            ca_file = file.resolve(settings.ca_file) if settings.ca_file else None
            return SMTP(settings, password, Hider(filter(None, [password])), ca_file)
        case WebhookSettings():
            from lexops.outbox.posting import Poster
            from lexops.outbox.webhook import Webhook

            token, signing_key = _read(settings.token), _read(settings.signing_key)
            ca_file = file.resolve(settings.ca_file) if settings.ca_file else None
            hide = Hider(filter(None, [token, signing_key]))
            return Webhook(Poster(settings.url, seconds, hide, ca_file), token, signing_key)
        case PagerDutySettings():
            from lexops.outbox.pagerduty import PagerDuty
            from lexops.outbox.posting import Poster

            routing_key = settings.routing_key.read()
            return PagerDuty(Poster(settings.url, seconds, Hider([routing_key])), routing_key)
        case SlackSettings():
            from lexops.outbox.posting import Poster
            from lexops.outbox.slack import Slack

            url = settings.url.read()
            return Slack(Poster(url, seconds, Hider([url])))
        case TeamsSettings():
            from lexops.outbox.posting import Poster
            from lexops.outbox.teams import Teams

            url = settings.url.read()
            return Teams(Poster(url, seconds, Hider([url])))
        case AppriseSettings():
            from lexops.outbox.appriser import Apprise

            url = settings.url.read()
            return Apprise(url, seconds, Hider([url]))
        case FileDropSettings():
            from lexops.outbox.filing import FileDrop

            return FileDrop(file.resolve(settings.path))


def _read(secret: Secret | None) -> str | None:
    return secret.read() if secret else None
