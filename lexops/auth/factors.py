"""Second factors in the store: authenticators, recovery codes, challenges, and what they opened for how long.

Every try is written, so whoever calls `check_code` or `check_signature` commits also when the answer is no.
A row is locked before it is judged: of two tries with the same code or challenge one wins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lexops.auth import recovery, sshsig, totp
from lexops.auth.factor_tables import (
    challenge_table,
    recovery_table,
    sk_counter_table,
    step_up_table,
    totp_table,
)
from lexops.auth.model import Operator
from lexops.auth.sshkey import NotAccepted
from lexops.clock import show_duration
from lexops.errors import Refused
from lexops.privacy import store as privacy
from lexops.privacy.keyring import Keyring

TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)
PAUSE = timedelta(minutes=15)
"""Five wrong codes within a quarter of an hour, then a pause as long: at most 480 guesses a day."""
_PAUSED = "wait, sign with an SSH key, or ask an administrator to reset the second factor"
_SIGN_AGAIN = "sign the challenge exactly as shown, with a key that is registered for you"
CHALLENGE_LASTS = timedelta(minutes=2)
_KEEP_CHALLENGES = timedelta(days=1)
"""Used and expired ones are kept so long, so that a late answer is told why it is refused."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Which second factors an operator has, besides SSH keys."""

    totp: bool
    recovery_left: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try to prove who one is."""

    accepted: bool
    method: str = ""
    """`totp`, `recovery` or `ssh-key`; empty when refused."""
    strong: bool = False
    """Whether it cannot be phished: a security key that was touched."""
    flags: tuple[str, ...] = ()
    """What a security key vouched for: `touch`, `pin`."""
    fingerprint: str = ""
    """Of the SSH key that signed."""
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A text to be signed once, soon."""

    text: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class StepUp:
    """A second factor given lately; it covers a scope in one session."""

    scope: str
    method: str
    strong: bool
    flags: tuple[str, ...]
    at: datetime
    expires: datetime


def has_any(connection: Connection, person: Operator) -> bool:
    """Whether the operator has a second factor at all: an authenticator or a key to sign with."""
    return enrolled(connection, person.id).totp or bool(person.keys)


def enrolled(connection: Connection, operator: str) -> Enrolled:
    """Which second factors an operator has."""
    codes = recovery_table.c
    has_totp = connection.scalar(select(func.count()).where(totp_table.c.operator == operator))
    left = connection.scalar(select(func.count()).where(codes.operator == operator, codes.used.is_(None)))
    return Enrolled(bool(has_totp), left or 0)


def enrol_totp(
    connection: Connection,
    keyring: Keyring,
    operator: str,
    secret: bytes,
    code: str,
    recovery_codes: Sequence[str],
    now: datetime,
) -> None:
    """Keep an authenticator's secret and its recovery codes, once a first code shows that it works.

    Raises Refused when the code does not fit, or when the operator has an authenticator already.
    """
    step = totp.accepted_step(secret, _digits(code), now)
    if step is None:
        hint = "type the code shown now; if it is refused again, set the phone's clock and this machine's"
        raise Refused("the code does not fit the new authenticator", hint=hint)
    owner = f"totp:{operator}:{uuid4().hex}"
    row = {"operator": operator, "sealed": owner, "last_step": step, "failures": 0, "added": now}
    added = connection.execute(_insert(connection, totp_table).values(row).on_conflict_do_nothing())
    if added.rowcount != 1:
        raise Refused(
            "an authenticator is enrolled already",
            hint="an administrator takes it away with: lexops operator reset-factor NAME",
        )
    privacy.seal(
        connection, keyring, subject=f"operator:{operator}", owner=owner, field="secret", value=secret.hex()
    )
    salt = recovery.new_salt()
    rows = [{"operator": operator, "salt": salt, "hash": recovery.hashed(c, salt)} for c in recovery_codes]
    if rows:
        connection.execute(insert(recovery_table), rows)


def reset(connection: Connection, operator: str) -> bool:
    """Take an operator's authenticator and codes away and end what they opened; False when there was none."""
    row = connection.execute(select(totp_table).where(totp_table.c.operator == operator)).one_or_none()
    if row is not None:
        privacy.forget(connection, row.sealed)
    for table in (totp_table, recovery_table, challenge_table, step_up_table):
        connection.execute(delete(table).where(table.c.operator == operator))
    return row is not None


def check_code(connection: Connection, keyring: Keyring, operator: str, code: str, now: datetime) -> Outcome:
    """Judge a code of the authenticator, or a recovery code. The caller commits, whatever the answer."""
    # The lock is on the authenticator's row, for recovery codes too: tries are counted there.
    query = select(totp_table).where(totp_table.c.operator == operator).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return Outcome(False, problem="no authenticator is enrolled", hint="enrol one: lexops operator enrol")
    if row.paused_until is not None and now < row.paused_until:
        wait = show_duration(row.paused_until - now)
        return Outcome(False, problem=f"too many wrong codes; tries are paused for {wait}", hint=_PAUSED)
    if len(_digits(code)) == totp.DIGITS:
        outcome, step = _check_totp(connection, keyring, row, _digits(code), now)
    else:
        outcome, step = _check_recovery(connection, operator, code, now), row.last_step
    tried = _after_success(step) if outcome.accepted else _after_failure(row, now)
    connection.execute(update(totp_table).where(totp_table.c.operator == operator).values(tried))
    return outcome


def _check_totp(
    connection: Connection, keyring: Keyring, row: Row[Any], code: str, now: datetime
) -> tuple[Outcome, int]:
    kept = privacy.reveal(connection, keyring, row.sealed).get("secret")
    if kept is None:
        hint = "an administrator resets the second factor; then enrol again"
        return Outcome(False, problem="the authenticator's secret has been erased", hint=hint), row.last_step
    secret = bytes.fromhex(kept)
    step = totp.accepted_step(secret, code, now, row.last_step)
    if step is not None:
        return Outcome(True, "totp"), step
    if totp.step_at(now) + totp.WINDOW <= row.last_step:
        problem, hint = (
            "this machine's clock is behind the last accepted code",
            "set the clock, then try again",
        )
    elif totp.accepted_step(secret, code, now) is not None:
        problem, hint = (
            "the code has been used already, or is older than one that was",
            "wait for the next one",
        )
    else:
        problem, hint = "the code is wrong", "type the code shown now, or use a recovery code"
    return Outcome(False, problem=problem, hint=hint), row.last_step


def _check_recovery(connection: Connection, operator: str, code: str, now: datetime) -> Outcome:
    columns = recovery_table.c
    rows = connection.execute(select(recovery_table).where(columns.operator == operator)).all()
    hashes = {salt: recovery.hashed(code, salt) for salt in {row.salt for row in rows}}
    # Every one is compared, so that how long it takes tells nothing.
    fitting = [row for row in rows if compare_digest(row.hash, hashes[row.salt])]
    if not fitting:
        return Outcome(False, problem="the code is wrong", hint="six digits, or one of the recovery codes")
    if fitting[0].used is not None:
        return Outcome(False, problem="this recovery code has been used already", hint="use another one")
    connection.execute(update(recovery_table).where(columns.id == fitting[0].id).values(used=now))
    return Outcome(True, "recovery")


def _after_success(step: int) -> dict[str, object]:
    return {"last_step": step, "failures": 0, "failing_since": None, "paused_until": None}


def _after_failure(row: Row[Any], now: datetime) -> dict[str, object]:
    """One more wrong code; the fifth begins the pause, and the count starts anew."""
    counting = row.failing_since is not None and now - row.failing_since < TRIES_WITHIN
    failures = row.failures + 1 if counting else 1
    if failures >= TRIES:
        return {"failures": 0, "failing_since": None, "paused_until": now + PAUSE}
    return {
        "failures": failures,
        "failing_since": row.failing_since if counting else now,
        "paused_until": None,
    }


def _digits(code: str) -> str:
    return code.replace(" ", "")


def issue_challenge(
    connection: Connection, operator: str, session: str, scope: str, *, site: str, name: str, now: datetime
) -> Challenge:
    """A new text for an operator to sign; an older one of the same session and scope counts no more.

    `site` and `name` (the operator's) are for the person who signs to read.
    """
    columns = challenge_table.c
    old = (columns.operator == operator, columns.expires < now - _KEEP_CHALLENGES)
    connection.execute(delete(challenge_table).where(*old))
    expires = now + CHALLENGE_LASTS
    text = sshsig.message(site=site, operator=name, scope=scope, nonce=token_urlsafe(24), expires=expires)
    values = {"text": text, "at": now, "expires": expires, "used": None}
    adding = _insert(connection, challenge_table).values(
        operator=operator, session=session, scope=scope, **values
    )
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=[columns.operator, columns.session, columns.scope], set_=values
        )
    )
    return Challenge(text, expires)


def check_signature(
    connection: Connection,
    operator: str,
    session: str,
    scope: str,
    registered_keys: Collection[str],
    armoured: str,
    now: datetime,
    *,
    require_touch: bool = True,
    require_pin: bool = False,
) -> Outcome:
    """Judge a signature over the challenge of this session and scope. The caller commits, whatever it is.

    `registered_keys` are the fingerprints (`SHA256:…`) of the operator's keys. Touch and PIN are asked of
    security keys only; whether another key is enough is for the caller, who sees it in `Outcome.strong`.
    """
    columns = challenge_table.c
    which = (columns.operator == operator, columns.session == session, columns.scope == scope)
    query = select(challenge_table).where(*which).with_for_update()
    row = connection.execute(query).one_or_none()
    try:
        text = _open_challenge(row, now)
        signature = sshsig.parse(armoured)
        if signature.fingerprint not in registered_keys:
            raise NotAccepted(f"the key {signature.fingerprint} is not registered for you", hint=_SIGN_AGAIN)
        sshsig.verify(signature, text)
        _demand(signature, touch=require_touch, pin=require_pin)
        _raise_counter(connection, signature)
    except Refused as refused:
        return Outcome(False, problem=str(refused), hint=refused.hint or _SIGN_AGAIN)
    connection.execute(update(challenge_table).where(*which).values(used=now))
    flags = ("touch",) * signature.proof.touched + ("pin",) * signature.proof.pin_given
    return Outcome(True, "ssh-key", signature.proof.touched, flags, signature.fingerprint)


def _open_challenge(row: Row[Any] | None, now: datetime) -> str:
    ask = "ask for a new challenge and sign that"
    if row is None:
        raise Refused("no challenge is waiting for a signature", hint=ask)
    if row.used is not None:
        raise Refused("the challenge has been answered already", hint=ask)
    if not row.at <= now < row.expires:
        raise Refused(f"the challenge has expired; it lasts {show_duration(CHALLENGE_LASTS)}", hint=ask)
    return str(row.text)


def _demand(signature: sshsig.Signature, *, touch: bool, pin: bool) -> None:
    if signature.proof.hardware and touch and not signature.proof.touched:
        hint = "use a security key made without -O no-touch-required"
        raise Refused("the security key was not touched", hint=hint)
    if signature.proof.hardware and pin and not signature.proof.pin_given:
        hint = "use a security key made with -O verify-required"
        raise Refused("the security key did not ask for its PIN", hint=hint)


def _raise_counter(connection: Connection, signature: sshsig.Signature) -> None:
    """Keep a security key's counter; one that does not rise means that the key was copied.

    Keys without a counter always say 0 (WebAuthn Level 2 section 6.1.1; the rule is that of section 7.2).
    """
    if signature.proof.counter is None:
        return
    columns = sk_counter_table.c
    adding = _insert(connection, sk_counter_table).values(
        fingerprint=signature.fingerprint, counter=signature.proof.counter
    )
    new = adding.excluded.counter
    rises = or_(columns.counter < new, and_(columns.counter == 0, new == 0))
    kept = connection.execute(
        adding.on_conflict_do_update(index_elements=[columns.fingerprint], set_={"counter": new}, where=rises)
    )
    if kept.rowcount != 1:
        hint = "the key may have been copied: take it away from the operator and look into it"
        raise Refused("the security key's counter did not rise", hint=hint)


def grant(
    connection: Connection,
    operator: str,
    session: str,
    scope: str,
    method: str,
    strong: bool,
    now: datetime,
    minutes: int,
    flags: Sequence[str] = (),
) -> StepUp:
    """Let a second factor cover a scope in a session for some minutes, in place of an older one."""
    columns = step_up_table.c
    connection.execute(delete(step_up_table).where(columns.operator == operator, columns.expires <= now))
    given = StepUp(scope, method, strong, tuple(flags), now, now + timedelta(minutes=minutes))
    values = {
        "method": method,
        "strong": strong,
        "flags": " ".join(flags),
        "at": now,
        "expires": given.expires,
    }
    adding = _insert(connection, step_up_table).values(
        operator=operator, session=session, scope=scope, **values
    )
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=[columns.operator, columns.session, columns.scope], set_=values
        )
    )
    return given


def fresh(connection: Connection, operator: str, session: str, scope: str, now: datetime) -> StepUp | None:
    """The second factor that covers this now; one from the future, after the clock went back, does not."""
    columns = step_up_table.c
    row = connection.execute(
        select(step_up_table).where(
            columns.operator == operator,
            columns.session == session,
            columns.scope == scope,
            columns.at <= now,
            columns.expires > now,
        )
    ).one_or_none()
    if row is None:
        return None
    return StepUp(row.scope, row.method, row.strong, tuple(row.flags.split()), row.at, row.expires)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what happens when the row is there already, and tells whether it was."""
    making = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return making(table).execution_options(preserve_rowcount=True)
