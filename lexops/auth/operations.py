"""What people do with operators: add, change and remove them, their keys and their second factor."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from lexops.auth import factors, store
from lexops.auth.keys import read_key
from lexops.auth.model import Operator
from lexops.errors import InvalidRequest, NotFound, Refused
from lexops.operations import Act, Effect, Privacy, Role, operation

NAME = r"[a-z0-9][a-z0-9._-]{0,39}"


@operation("operator.add", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def add(
    act: Act,
    *,
    name: Annotated[str, "login name: small letters, digits, . _ -", Privacy.PERSONAL],
    role: Annotated[Role, "what the person is here for"],
    key: Annotated[str | None, "the SSH public key, as in authorized_keys", Privacy.PERSONAL] = None,
    days: Annotated[int | None, "ends by itself after so many days"] = None,
) -> str:
    """Add an operator.

    Somebody who was one before begins anew, without the old keys.
    """
    if not re.fullmatch(NAME, name):
        raise InvalidRequest(
            f"name: {name!r} is no login name", hint="small letters, digits, dot, _ and -, at most 40"
        )
    if days is not None and not 1 <= days <= 3650:
        raise InvalidRequest(f"days: {days} is not between 1 and 3,650")
    expires = act.at + timedelta(days=days) if days else None
    person = store.add(act.connection, act.keyring, name, role, act.at, expires)
    if key:
        store.add_key(act.connection, act.keyring, person, read_key(key, act.at))
    until = f" until {expires:%Y-%m-%d}" if expires else ""
    return f"{name} is an operator now, as {role}{until}"


@operation("operator.change-role", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def change_role(
    act: Act,
    *,
    name: Annotated[str, "whose role", Privacy.PERSONAL],
    role: Annotated[Role, "the new role"],
) -> str:
    """Change an operator's role."""
    person = _active(act, name)
    if role is not Role.ADMINISTRATOR:
        _keep_an_administrator(act, person)
    store.set_role(act.connection, act.keyring, person, role)
    return f"{name} is {role} now, was {person.role}"


@operation("operator.remove", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def remove(act: Act, *, name: Annotated[str, "who goes", Privacy.PERSONAL]) -> str:
    """Remove an operator.

    Keys and second factor go too; what the person did stays on the record.
    """
    person = _active(act, name)
    _keep_an_administrator(act, person)
    factors.reset(act.connection, person.id)
    store.remove(act.connection, act.keyring, person, act.at)
    return f"{name} is no operator any more"


@operation("operator.add-key", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def add_key(
    act: Act,
    *,
    name: Annotated[str, "whose key", Privacy.PERSONAL],
    key: Annotated[str, "the SSH public key, as in authorized_keys", Privacy.PERSONAL],
) -> str:
    """Add an SSH key to an operator.

    It opens sessions, and signs second factors of sessions that another key has opened.
    """
    person = _active(act, name)
    found = read_key(key, act.at)
    store.add_key(act.connection, act.keyring, person, found)
    return f"{found.fingerprint} opens sessions for {name}"


@operation("operator.remove-key", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def remove_key(
    act: Act,
    *,
    name: Annotated[str, "whose key", Privacy.PERSONAL],
    fingerprint: Annotated[str, "SHA256:… of the key"],
) -> str:
    """Take an SSH key away."""
    person = store.get(act.connection, name)
    if not store.remove_key(act.connection, act.keyring, person, fingerprint):
        raise NotFound(f"{name} has no key {fingerprint}", hint="see: lexops operator list")
    return f"{fingerprint} opens nothing any more"


@operation("operator.enrol", role=None, effect=Effect.CHANGE)
def enrol(
    act: Act,
    *,
    secret: Annotated[str, "the authenticator's secret, in hex", Privacy.SECRET],
    code: Annotated[str, "the code that the authenticator shows now", Privacy.SECRET],
    recovery_codes: Annotated[str, "codes for when it is lost, separated by blanks", Privacy.SECRET],
) -> str:
    """Enrol an authenticator.

    The codes of your phone are your second factor then.
    """
    try:
        raw = bytes.fromhex(secret)
    except ValueError:
        raise InvalidRequest("secret: not hexadecimal") from None
    factors.enrol_totp(
        act.connection, act.keyring, act.operator_id, raw, code, recovery_codes.split(), act.at
    )
    return f"{act.operator} has an authenticator as second factor"


@operation("operator.reset-factor", role=Role.ADMINISTRATOR, effect=Effect.CHANGE, critical=True)
def reset_factor(
    act: Act,
    *,
    name: Annotated[str, "whose authenticator is lost", Privacy.PERSONAL],
    reason: Annotated[str, "how you made sure that it is this person who asks", Privacy.PERSONAL],
) -> str:
    """Reset a second factor.

    Takes an operator's lost authenticator away, so that another can be enrolled.
    """
    person = store.get(act.connection, name)
    if person.id == act.operator_id:
        raise Refused("your own second factor is reset by another administrator")
    if not factors.reset(act.connection, person.id):
        raise NotFound(f"{name} has no authenticator")
    return f"{name} has no authenticator any more"


def _active(act: Act, name: str) -> Operator:
    person = store.get(act.connection, name)
    if person.removed is not None:
        raise Refused(f"{name} is no operator any more")
    return person


def _keep_an_administrator(act: Act, leaving: Operator) -> None:
    """Raises Refused when nobody would be left who can add operators."""
    others = [
        each
        for each in store.operators(act.connection)
        if each.role is Role.ADMINISTRATOR and each.is_active(act.at) and each.id != leaving.id
    ]
    if leaving.role is Role.ADMINISTRATOR and not others:
        raise Refused(
            f"{leaving.name} is the last administrator", hint="make somebody else administrator first"
        )


OPERATIONS = (add, change_role, remove, add_key, remove_key, enrol, reset_factor)
