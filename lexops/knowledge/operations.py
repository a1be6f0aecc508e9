"""What people do with articles. Every change is a new revision; what was written before stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated

from lexops.calendars.model import Revision
from lexops.checks.store import assigned
from lexops.errors import InvalidRequest, Refused
from lexops.incidents import links
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind, Link, LinkKind, Relation
from lexops.knowledge import store
from lexops.knowledge.drafting import LONGEST_BODY, Wanted, drafted
from lexops.knowledge.matching import missing
from lexops.knowledge.model import Article, Standing
from lexops.knowledge.promoting import draft, name_from
from lexops.operations import Act, Effect, Longest, Operation, Privacy, Role, operation
from lexops.operations.common import IncidentNumber
from lexops.store import event


@operation("article.write", role=Role.SUPPORT, effect=Effect.CHANGE)
def write(
    act: Act,
    *,
    name: Annotated[str, "the name of the article; small letters, digits and dashes"],
    title: Annotated[str | None, "what it is about; needed for a new one", Privacy.PERSONAL] = None,
    body: Annotated[
        str | None,
        "what is known, in Markdown; needed for a new one; no client data",
        Privacy.PERSONAL,
        Longest(LONGEST_BODY),
    ] = None,
    checks: Annotated[str | None, "checks it helps with: host.disk-*, with commas; - for none"] = None,
    fingerprints: Annotated[
        str | None, "incidents it helps with: billing-db/host.*, with commas; - for none"
    ] = None,
    runbooks: Annotated[str | None, "runbooks that go with it, with commas; - for none"] = None,
    tags: Annotated[str | None, "words to find it by, with commas; - for none"] = None,
    standing: Annotated[Standing | None, "whether it is to be used; a new one is current"] = None,
    reason: Annotated[str | None, "why it is changed, for the history", Privacy.PERSONAL] = None,
    after: Annotated[int | None, "only if this revision is still the newest"] = None,
) -> str:
    """Write an article.

    Makes it, or a new revision of it; what is left out stays as it was.
    """
    known = store.newest(act.connection, name)
    if after is not None and after != (known.number if known else 0):
        what = f"at revision {known.number}" if known else "gone"
        hint = f"look at it and write again: lexops article show {name}"
        raise Refused(f"{name} was changed meanwhile; it is {what}", hint=hint)
    wanted = Wanted(name, title, body, checks, fingerprints, runbooks, tags, standing)
    article = drafted(wanted, known.value if known else None)
    new = set(article.checks) - set(known.value.checks if known else ())
    _check_names(act, sorted(new))
    return _enter(act, known, article, reason or ("changed" if known else "written"))


@operation("article.promote", role=Role.SUPPORT, effect=Effect.CHANGE)
def promote(
    act: Act,
    *,
    incident: IncidentNumber,
    name: Annotated[str | None, "what the article is called; else after the title"] = None,
    title: Annotated[str | None, "what it is about; else that of the incident", Privacy.PERSONAL] = None,
) -> str:
    """Make an article of an incident.

    A draft with what was seen, done and said when it was solved, to be read through and made current with
    article.review. The incident is linked with it.
    """
    known = incidents.get(act.connection, incident)
    made = _made_of(act, incident)
    if name is None and made:
        raise Refused(f"incident #{incident} has the article {made}", hint=f"see: lexops article show {made}")
    chosen = name or _free_name(act, name_from(title or known.title, incident), incident)
    if store.newest(act.connection, chosen) is not None:
        raise Refused(f"there is an article {chosen}", hint="choose another name")
    entries = incidents.timeline(act.connection, incident)
    made_of = draft(known, entries, chosen, title or known.title, incidents.LEXOPS)
    article = drafted(Wanted(chosen, made_of.title, made_of.body), made_of)
    entered = _enter(act, None, article, f"made from incident #{incident}")
    link = Link(incident, LinkKind.ARTICLE, chosen, Relation.RELATED, act.at, act.operator)
    if links.add(act.connection, link):
        _linked(act, link)
    return f"{entered}, a draft; read it through: lexops article edit {chosen}"


def _made_of(act: Act, incident: int) -> str:
    """The article that was made of an incident; one that is only linked with it says nothing of this one."""
    linked = [each.ref for each in links.links(act.connection, incident) if each.kind is LinkKind.ARTICLE]
    found = {each.value.name: each.value.incident for each in store.articles(act.connection, linked)}
    return next((name for name in reversed(linked) if found.get(name) == incident), "")


def _linked(act: Act, link: Link) -> None:
    text = f"{link.relation} {link.kind}:{link.ref}"
    data = {"kind": link.kind.value, "ref": link.ref, "relation": link.relation.value}
    incidents.change(act.connection, link.incident, act.at)
    incidents.add_entry(act.connection, link.incident, act.at, EntryKind.LINKED, act.operator, text, data)


@operation("article.review", role=Role.SUPPORT, effect=Effect.CHANGE)
def review(
    act: Act,
    *,
    name: Annotated[str, "the name of the article"],
    note: Annotated[str | None, "what was looked at, for the history", Privacy.PERSONAL] = None,
) -> str:
    """Say that an article is right.

    You have read it through and would act by it. A draft becomes current with that.
    """
    known = store.get(act.connection, name)
    if known.value.standing is Standing.RETIRED:
        hint = f"take it back: lexops article write {name} --standing current"
        raise Refused(f"{name} is retired", hint=hint)
    article = replace(known.value, standing=Standing.CURRENT, reviewed=act.at)
    return f"{_enter(act, known, article, note or 'read through and found right')}: read through"


@operation("article.retire", role=Role.SUPPORT, effect=Effect.CHANGE)
def retire(
    act: Act,
    *,
    name: Annotated[str, "the name of the article"],
    reason: Annotated[str, "why it is not to be used any more", Privacy.PERSONAL],
) -> str:
    """Retire an article.

    Nobody is shown it any more; its history stays, and it can be taken back.
    """
    known = store.get(act.connection, name)
    article = replace(known.value, standing=Standing.RETIRED)
    return f"{_enter(act, known, article, reason)}: retired"


def _enter(act: Act, known: Revision[Article] | None, article: Article, reason: str) -> str:
    """Enter what has changed as a new revision: `full-disk revision 3`. Raises Refused."""
    if known is not None and known.value == article:
        raise Refused(f"{article.name} is so already", hint="nothing was entered")
    entered = store.add(
        act.connection,
        article,
        at=act.at,
        operator=act.operator,
        reason=reason,
        after=known.number if known else 0,
    )
    name = f"{article.name} revision {entered.number}"
    event.append(act.connection, act.at, "article.changed", name)
    return name


def _free_name(act: Act, name: str, incident: int) -> str:
    """The name, with the number of the incident when there is an article of it."""
    if store.newest(act.connection, name) is None:
        return name
    return f"{name}-{incident}"[-40:].lstrip("-")


def _check_names(act: Act, patterns: Iterable[str]) -> None:
    """Refuse checks that there are not, naming those that are called alike. Raises InvalidRequest.

    Those of the site are looked at first, then all that are installed: an article may come before its target.
    Where neither is known, everything passes.
    """
    known = {check for _, check in assigned(act.connection, None, None)}
    unknown = missing(list(patterns), known) if known else list(patterns)
    if not unknown:
        return
    from lexops.checks import registry  # seldom needed, and loads all that checks stand on

    folder = act.file.settings.worker.checks
    installed = sorted(registry.load(act.file.resolve(folder) if folder else None).checks)
    gone = missing(unknown, installed)
    if gone:
        close = get_close_matches(gone[0], installed, 3, 0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "see: lexops check list --catalogue"
        raise InvalidRequest(f"checks: there is no check {gone[0]}", hint=hint)


OPERATIONS: tuple[Operation, ...] = (write, promote, review, retire)
