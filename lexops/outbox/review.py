"""Would people be told? Looks at texts, channels, secrets and contacts before it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from lexops.auth import store as people
from lexops.config import AppriseSettings, SiteFile
from lexops.errors import ConfigError
from lexops.outbox import store
from lexops.outbox.model import Recipient, RecipientKind
from lexops.outbox.opening import open_channel
from lexops.outbox.routing import Way, why_not
from lexops.outbox.template import problems


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps people from being told, or may."""

    where: str
    """`text`, `channel mail`, `last resort`, `operator:ana`."""
    what: str
    is_setting: bool = False
    """Whether lexops.toml, or a file that it names, has to be mended."""


def review(connection: Connection, file: SiteFile, at: datetime) -> list[Fault]:
    """Everything that is wrong; nothing is sent."""
    return [*_texts(file), *_channels(file), *_last_resort(file), *_contacts(connection, file, at)]


def _texts(file: SiteFile) -> Iterator[Fault]:
    folder = file.settings.notify.templates
    if folder is not None:
        yield from (Fault("text", what, is_setting=True) for what in problems(file.resolve(folder)))


def _channels(file: SiteFile) -> Iterator[Fault]:
    if not file.settings.channels:
        yield Fault("channels", "there are none: nobody can be told of anything", is_setting=True)
    for name, settings in file.settings.channels.items():
        try:
            open_channel(settings, file)
            if isinstance(settings, AppriseSettings) and not _is_known(settings):
                what = "Apprise does not know such a URL, or a part of it is missing"
                yield Fault(f"channel {name}", what, is_setting=True)
        except ConfigError as error:
            yield Fault(f"channel {name}", str(error), is_setting=True)


def _is_known(settings: AppriseSettings) -> bool:
    from lexops.outbox.appriser import is_known  # only sites that have such a channel need the library

    return is_known(settings.url.read())


def _last_resort(file: SiteFile) -> Iterator[Fault]:
    lines = file.settings.notify.last_resort
    if file.settings.channels and not lines:
        what = "there is none: a page that no contact takes reaches nobody; see [notify] last_resort"
        yield Fault("last resort", what)
    for line in lines:
        channel, _, address = line.partition(" ")
        if why := why_not(Way(channel, address.strip()), file.settings.channels):
            yield Fault("last resort", why, is_setting=True)


def _contacts(connection: Connection, file: SiteFile, at: datetime) -> Iterator[Fault]:
    known = store.all_contacts(connection)
    for person in people.operators(connection):
        whom = Recipient(RecipientKind.OPERATOR, person.name)
        if person.is_active(at) and whom not in known:
            yield Fault(str(whom), "has no contacts")
    for owner, ways in known.items():
        for each in ways:
            if why := why_not(Way(each.channel, each.address), file.settings.channels):
                yield Fault(str(owner), why)
