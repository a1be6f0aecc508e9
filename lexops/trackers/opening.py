"""Opens the trackers of a site's file."""

from __future__ import annotations

import base64
from typing import assert_never

from lexops.clock import Clock
from lexops.config import SiteFile, TrackerSettings
from lexops.errors import NotFound
from lexops.trackers.port import Tracker


def open_tracker(file: SiteFile, name: str, time: Clock) -> Tracker:
    """The tracker of a name. Nothing is asked yet. Raises NotFound, and ConfigError for its token."""
    # Loading the library opens a socket, which a site without a tracker has no use for.
    from lexops.trackers.http import Http
    from lexops.trackers.jira import Jira
    from lexops.trackers.rest import Rest
    from lexops.trackers.zammad import Zammad

    settings = settings_of(file, name)
    token = settings.token.read() if settings.token is not None else ""
    http = Http(
        settings.url,
        settings.timeout.total_seconds(),
        time,
        {"Authorization": _authorization(settings, token)} if token else {},
        (token, _basic(settings, token)),
        file.resolve(settings.ca_file) if settings.ca_file is not None else None,
    )
    match settings.kind:
        case "rest":
            return Rest(http, settings.project)
        case "jira":
            return Jira(http, settings.project, settings.type)
        case "zammad":
            return Zammad(http, settings.project, settings.customer, time)
        case _:
            assert_never(settings.kind)


def settings_of(file: SiteFile, name: str) -> TrackerSettings:
    """What the file says of a tracker. Raises NotFound."""
    found = file.settings.trackers.get(name)
    if found is None:
        known = ", ".join(file.settings.trackers) or "none; declare one: [trackers.NAME] in lexops.toml"
        raise NotFound(f"there is no tracker {name!r}", hint=f"there are: {known}")
    return found


def _authorization(settings: TrackerSettings, token: str) -> str:
    if settings.kind == "zammad":
        return f"Token token={token}"
    return f"Basic {_basic(settings, token)}" if settings.username else f"Bearer {token}"


def _basic(settings: TrackerSettings, token: str) -> str:
    return base64.b64encode(f"{settings.username or ''}:{token}".encode()).decode()
