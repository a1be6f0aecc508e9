"""What people do with that which belongs to incidents: links, files, watchers, each other, saved views."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from hashlib import sha256 as hash_of
from typing import Annotated

from lexops.auth import store as people
from lexops.checks import store as checks
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.gate import store as requests
from lexops.incidents import (
    attachments,
    groups,
    joining,
    linking,
    links,
    query,
    rows,
    store,
    views,
    watchers,
)
from lexops.incidents.model import Attachment, EntryKind, Link, LinkKind, Relation, SavedView
from lexops.incidents.transitions import Act as Step
from lexops.operations import Act, Effect, Longest, Privacy, Role, operation
from lexops.operations.common import IncidentNumber
from lexops.text import one_line

LONGEST_NAME = 200
FILES_LIMIT = 10
"""So many times the size of one attachment, all of an incident may have together."""
_BASE64 = Longest(134_000_000)
"""The greatest `[incidents] attachment_limit`, in base64."""


def active(act: Act, name: str) -> str:
    """The name of somebody who is an operator now. Raises NotFound or Refused."""
    person = people.by_name(act.connection, name)
    if person is None:
        raise NotFound(f"there is no operator {name!r}", hint="see: lexops operator list")
    if not person.is_active(act.at):
        raise Refused(f"{name} is no operator any more")
    return person.name


# Watching.


@operation("incident.watch", role=Role.SUPPORT, effect=Effect.CHANGE)
def watch(
    act: Act,
    *,
    incident: IncidentNumber,
    operator: Annotated[str | None, "who; else you", Privacy.PERSONAL] = None,
) -> str:
    """Watch an incident.

    You are told of what happens to it, though it is not yours.
    """
    rows.get(act.connection, incident)
    name = active(act, operator or act.operator)
    if not watchers.watch(act.connection, incident, name):
        raise Refused(f"{name} watches incident #{incident} already")
    return f"{name} watches incident #{incident}"


@operation("incident.unwatch", role=Role.SUPPORT, effect=Effect.CHANGE)
def unwatch(
    act: Act,
    *,
    incident: IncidentNumber,
    operator: Annotated[str | None, "who; else you", Privacy.PERSONAL] = None,
) -> str:
    """Watch an incident no longer."""
    rows.get(act.connection, incident)
    name = operator or act.operator
    if not watchers.unwatch(act.connection, incident, name):
        raise Refused(f"{name} does not watch incident #{incident}")
    return f"{name} no longer watches incident #{incident}"


# Links.


@operation("incident.link", role=Role.SUPPORT, effect=Effect.CHANGE)
def link(
    act: Act,
    *,
    incident: IncidentNumber,
    to: Annotated[str, "what: incident:12, check:db/host.load, change:7, run:7, article:NAME, https://…"],
    relation: Annotated[Relation, "what the incident is to it"] = Relation.RELATED,
) -> str:
    """Link an incident with something."""
    kind, ref = linking.parse(to)
    linking.check_relation(kind, relation)
    store.moved(act.connection, incident, Step.NOTE)
    _check_there(act, incident, kind, ref, relation)
    if not links.add(act.connection, Link(incident, kind, ref, relation, act.at, act.operator)):
        raise Refused(f"incident #{incident} is {relation} {kind}:{ref} already")
    _linked(act, incident, f"{relation} {kind}:{ref}", kind, ref, relation)
    return f"incident #{incident} is {relation} {kind}:{ref}"


def _linked(act: Act, incident: int, text: str, kind: LinkKind, ref: str, relation: Relation) -> None:
    rows.change(act.connection, incident, act.at)
    data = {"kind": kind.value, "ref": ref, "relation": relation.value}
    rows.add_entry(act.connection, incident, act.at, EntryKind.LINKED, act.operator, text, data)


def _check_there(act: Act, incident: int, kind: LinkKind, ref: str, relation: Relation) -> None:
    """What is kept here has to be there; elsewhere nobody can tell. Raises NotFound or Refused."""
    if kind is LinkKind.INCIDENT:
        other = int(ref)
        rows.get(act.connection, other)
        if other == incident:
            raise Refused(f"incident #{incident} is not linked with itself")
        if linking.leads_back(links.edges(act.connection, relation), incident, other):
            raise Refused(
                f"incident #{other} is {relation} #{incident}, or what leads to it: that is a circle"
            )
    elif kind is LinkKind.CHECK:
        target, slash, check = ref.partition("/")
        wanted = (target, check) if slash else (None, ref)
        if not checks.assigned(act.connection, *wanted):
            raise NotFound(f"this site does not have the check {ref}", hint="see: lexops check list")
    elif kind in (LinkKind.CHANGE, LinkKind.RUN, LinkKind.REQUEST):
        requests.numbered(act.connection, int(ref))


@operation("incident.unlink", role=Role.SUPPORT, effect=Effect.CHANGE)
def unlink(
    act: Act,
    *,
    incident: IncidentNumber,
    to: Annotated[str, "what: incident:12, check:db/host.load, change:7, run:7, article:NAME, https://…"],
) -> str:
    """Take a link away."""
    kind, ref = linking.parse(to)
    store.moved(act.connection, incident, Step.NOTE)
    if links.link_of(act.connection, incident, kind, ref, Relation.DUPLICATE):
        raise Refused(f"incident #{incident} stays a duplicate of #{ref}", hint="it was cancelled as one")
    if not links.remove(act.connection, incident, kind, ref):
        raise NotFound(f"incident #{incident} is not linked with {kind}:{ref}")
    _linked(act, incident, f"no longer linked with {kind}:{ref}", kind, ref, Relation.RELATED)
    return f"incident #{incident} is no longer linked with {kind}:{ref}"


# Files.


@operation("incident.attach", role=Role.SUPPORT, effect=Effect.CHANGE)
def attach(
    act: Act,
    *,
    incident: IncidentNumber,
    name: Annotated[str, "name of the file", Privacy.PERSONAL],
    sha256: Annotated[str, "SHA-256 of the content, in hex"],
    content: Annotated[str, "the content, in base64", Privacy.SECRET, _BASE64],
) -> str:
    """Attach a file to an incident.

    The record keeps what it was called and its SHA-256; the content is kept beside the incident only.
    """
    store.moved(act.connection, incident, Step.NOTE)
    data = _decoded(content)
    if hash_of(data).hexdigest() != sha256.strip().lower():
        raise InvalidRequest("sha256: it is not that of the content", hint="send the file again")
    limit = act.file.settings.incidents.attachment_limit
    _check_size(act, incident, len(data), limit)
    called = file_name(name)
    type_ = mimetypes.guess_type(called)[0] or "application/octet-stream"
    found = Attachment(0, incident, called, type_, len(data), hash_of(data).hexdigest(), act.at, act.operator)
    if attachments.same(act.connection, incident, found.sha256, called, act.at):
        raise Refused(f"incident #{incident} has {called} with this content already")
    number = attachments.add(act.connection, found, data)
    rows.change(act.connection, incident, act.at)
    text = f"file {number}: {called}, {len(data):,} bytes"
    facts = {"attachment": str(number), "sha256": found.sha256}
    rows.add_entry(act.connection, incident, act.at, EntryKind.ATTACHED, act.operator, text, facts)
    return f"{called} attached to incident #{incident} as file {number}"


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("content: not base64") from None


def _check_size(act: Act, incident: int, size: int, limit: int) -> None:
    if size > limit:
        hint = "[incidents] attachment_limit in lexops.toml"
        raise InvalidRequest(f"content: {size:,} bytes are more than {limit:,}", hint=hint)
    kept = attachments.kept(act.connection, incident)
    if kept + size > FILES_LIMIT * limit:
        raise Refused(f"the files of incident #{incident} would have more than {FILES_LIMIT * limit:,} bytes")


def file_name(given: str) -> str:
    """The last part of a path as a name that no terminal or shell acts on. Raises InvalidRequest."""
    name = one_line(given.replace("\\", "/").rpartition("/")[2], LONGEST_NAME)[:LONGEST_NAME].strip()
    if name in ("", ".", ".."):
        raise InvalidRequest("name: a file needs a name")
    return name


# Each other.


@operation("incident.group", role=Role.SUPPORT, effect=Effect.CHANGE)
def group(
    act: Act,
    *,
    incident: IncidentNumber,
    under: Annotated[int, "number of the one that it is part of"],
    reason: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """List an incident under another.

    While both are open, people are told of the other one only.
    """
    groups.group(act.connection, incident, under, act.at, act.operator, reason or "")
    return f"incident #{incident} is listed under #{under}"


@operation("incident.ungroup", role=Role.SUPPORT, effect=Effect.CHANGE)
def ungroup(
    act: Act,
    *,
    incident: IncidentNumber,
    reason: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """Let an incident stand alone.

    People are told of it again.
    """
    groups.ungroup(act.connection, incident, act.at, act.operator, reason or "")
    return f"incident #{incident} stands alone"


@operation("incident.duplicate", role=Role.SUPPORT, effect=Effect.CHANGE)
def duplicate(
    act: Act,
    *,
    incident: Annotated[int, "number of the incident that ends"],
    of: Annotated[int, "number of the one that goes on"],
    reason: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """End a duplicate.

    It counts in no report; who watched or had it watches the other one, and its check is followed there.
    """
    joining.duplicate(act.connection, incident, of, act.at, act.operator, reason or "")
    return f"incident #{incident} is a duplicate of #{of}"


@operation("incident.merge", role=Role.SUPPORT, effect=Effect.CHANGE)
def merge(
    act: Act,
    *,
    incident: Annotated[int, "number of the incident that ends"],
    into: Annotated[int, "number of the one that goes on"],
    reason: Annotated[str | None, "why", Privacy.PERSONAL] = None,
) -> str:
    """Merge an incident into another.

    Like a duplicate, and its links are the other's as well. Notes and files stay where they are.
    """
    joining.duplicate(act.connection, incident, into, act.at, act.operator, reason or "", merge=True)
    return f"incident #{incident} is merged into #{into}"


@operation("incident.split", role=Role.SUPPORT, effect=Effect.CHANGE)
def split(
    act: Act,
    *,
    incident: IncidentNumber,
    title: Annotated[str, "what the other one is about, in one line", Privacy.PERSONAL],
    entry: Annotated[int | None, "number of the entry from which it comes"] = None,
) -> str:
    """Make a second incident of one.

    A new one with the same facts, linked with the first; its clocks begin now.
    """
    line = one_line(title, 200)
    number = joining.split(act.connection, incident, act.request.key, line, act.at, act.operator, entry)
    return f"incident #{number} opened, split from #{incident}"


# Saved views.


@operation("incident.view", role=Role.SUPPORT, effect=Effect.CHANGE)
def view(
    act: Act,
    *,
    name: Annotated[str, "what the view is called"],
    filter: Annotated[str, "which incidents: priority:P1 -state:waiting sort:breach"],
    shared: Annotated[bool, "everybody sees it"] = False,
) -> str:
    """Save a view of incidents."""
    words = one_line(filter, query.LONGEST)
    query.parse(words)
    owner = views.EVERYBODY if shared else act.operator
    views.save(act.connection, SavedView(query.check_name(name), owner, words))
    return f"the view {name} is {'everybody' if shared else act.operator}'s"


@operation("incident.unview", role=Role.SUPPORT, effect=Effect.CHANGE)
def unview(
    act: Act,
    *,
    name: Annotated[str, "what the view is called"],
    shared: Annotated[bool, "the one that everybody sees"] = False,
) -> str:
    """Forget a view of incidents."""
    owner = views.EVERYBODY if shared else act.operator
    if not views.remove(act.connection, owner, name):
        raise NotFound(f"there is no such view {name!r}", hint="see: lexops incident views")
    return f"the view {name} is gone"


OPERATIONS = (
    watch,
    unwatch,
    link,
    unlink,
    attach,
    group,
    ungroup,
    duplicate,
    merge,
    split,
    view,
    unview,
)
