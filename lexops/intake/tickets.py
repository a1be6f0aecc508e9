"""Writes a mail into a ticket: an open one that it answers, or a new one. In the caller's transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection

from lexops.checks.model import Status
from lexops.config import SiteFile
from lexops.errors import NotFound, Refused
from lexops.incidents import attachments, links
from lexops.incidents import store as incidents
from lexops.incidents.model import Attachment, EntryKind, Incident, Opening, Origin, Relation
from lexops.intake import store
from lexops.intake.model import Mail, Source, Unwanted
from lexops.intake.placing import Place, author, client_of, is_theirs, place


def take(
    connection: Connection, file: SiteFile, found: Mail | Unwanted, name: str, at: datetime
) -> str | None:
    """Take a mail that was read from the file `name`; answers why it is no ticket, None when it is one.

    A mail that arrived before changes nothing; the answer is the same again.
    """
    id = store.claim(connection, Source.MAIL, found.key, at)
    if id is None:
        known = store.find(connection, Source.MAIL, found.key)
        return known.refused or None if known else None
    if isinstance(found, Unwanted):
        reason = f"{found.reason}; file {name}"
        store.settle(connection, id, refused=reason)
        return reason
    store.settle(connection, id, incident=_file(connection, file, found, at))
    return None


def _file(connection: Connection, file: SiteFile, mail: Mail, at: datetime) -> int:
    """Write a mail where it belongs; answers the incident."""
    client = client_of(mail.sender, file.settings.intake.clients)
    about = _about(connection, mail, client)
    where = place(about, now=at, reopen_within=file.settings.incidents.reopen_within)
    id = None
    if about is not None and where in (Place.NOTE, Place.RESUME, Place.REOPEN):
        try:
            _answer(connection, about.id, mail, where, at)
            id = about.id
        except Refused:  # nothing was written: another one is open about the same
            where = Place.FOLLOW
    if id is None:
        id = _open(connection, file, mail, client, about if where is Place.FOLLOW else None, at)
    _attach(connection, id, mail, file.settings.incidents.attachment_limit, at)
    return id


def _about(connection: Connection, mail: Mail, client: str) -> Incident | None:
    """The sender's incident that a mail is about: by our mark, by what it answers, by a bare number.

    A bare number comes last, since it may be that of an invoice.
    """
    for number in (mail.marked, store.answered(connection, mail.references), mail.named):
        if number is not None and _is_theirs(connection, number, mail.sender, client):
            return incidents.get(connection, number, lock=True)
    return None


def _is_theirs(connection: Connection, number: int, sender: str, client: str) -> bool:
    try:
        incident = incidents.get(connection, number)
    except NotFound:
        return False
    return is_theirs(incident, incidents.timeline(connection, number), sender, client)


def _answer(connection: Connection, id: int, mail: Mail, where: Place, at: datetime) -> None:
    """The client has said something on a ticket: whoever waits for it can go on."""
    who = author(mail.sender)
    if where is Place.RESUME:
        incidents.resume(connection, id, at, who, "the client has answered", at)
    elif where is Place.REOPEN:
        incidents.reopen(connection, id, at, who, "the client has written again")
    incidents.tell(connection, id, EntryKind.ASKED, at, who, _words(mail), at)


def _open(
    connection: Connection, file: SiteFile, mail: Mail, client: str, before: Incident | None, at: datetime
) -> int:
    who = author(mail.sender)
    opening = Opening(
        f"mail/{mail.key}"[:200],
        mail.title,
        Status.WARNING,
        at,
        who,
        "opened by mail",
        origin=Origin.MAIL,
        facts={"client": client, "queue": file.settings.intake.queue},
    )
    id = incidents.open_(connection, opening)
    incidents.note(connection, id, at, who, _words(mail))
    if before is not None:
        links.join(connection, id, before.id, Relation.RELATED, at, who)
        incidents.add_entry(connection, id, at, EntryKind.LINKED, who, f"goes back to #{before.id}")
    return id


def _words(mail: Mail) -> str:
    """What a mail says, and what of it is missing."""
    told = [mail.text or "(the mail has no text)"]
    if mail.left_out:
        told.append(f"Too large to be kept: {', '.join(mail.left_out)}")
    return "\n\n".join(told)


def _attach(connection: Connection, id: int, mail: Mail, limit: int, at: datetime) -> None:
    """Keep the files that came with a mail, as far as the incident has room for them."""
    room, who = 10 * limit - attachments.kept(connection, id), author(mail.sender)
    names, left_out = list[str](), list[str]()
    for each in mail.attached:
        if len(each.content) > room:
            left_out.append(each.name)
            continue
        sum_, size = hashlib.sha256(each.content).hexdigest(), len(each.content)
        attachments.add(
            connection, Attachment(0, id, each.name, each.type, size, sum_, at, who), each.content
        )
        names.append(each.name)
        room -= size
    if names:
        incidents.add_entry(connection, id, at, EntryKind.ATTACHED, who, ", ".join(names))
    if left_out:
        told = f"not kept, since the ticket has too many files: {', '.join(left_out)}"
        incidents.add_entry(connection, id, at, EntryKind.NOTE, who, told)
