"""Whose sessions are opened over SSH, and that they were: by a key, by a certificate, on the record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from lexops.auth import sshcert
from lexops.auth import store as people
from lexops.auth.identity import Session
from lexops.auth.model import Operator
from lexops.auth.sshcert import Presented
from lexops.errors import ConfigError, Refused
from lexops.gate.gate import Gate
from lexops.gate.record import NOBODY

PERSONAL = frozenset({"address", "login", "command", "reason"})
"""Details of a session that are about a person: sealed."""


class Sessions:
    """The door-keeper's book."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def active(self) -> list[Operator]:
        """Operators who may open sessions now."""
        with self._gate.store.read() as connection:
            return [person for person in people.operators(connection) if self._may_enter(person)]

    def by_key(self, fingerprint: str) -> Operator | None:
        """Whose session a key opens."""
        found = (p for p in self.active() if any(key.fingerprint == fingerprint for key in p.keys))
        return next(found, None)

    def by_certificate(self, shown: Presented, name: str | None, understood: frozenset[str]) -> Operator:
        """Whose session a certificate opens: the operator it names. Raises Refused (BadCertificate).

        `name` is the log-in that was asked for; without one the first principal that is an operator counts.
        """
        certificate = shown.certificate
        if certificate is None:
            raise Refused("no certificate opened this session")
        trusted = [
            _authority(self._gate, path) for path in self._gate.file.settings.policy.certificate_authorities
        ]
        known = {person.name: person for person in self.active()}
        names = [name] if name is not None else [each for each in certificate.principals if each in known]
        if not names or names[0] not in known:
            raise Refused("the certificate is for no active operator of this site")
        sshcert.accept(certificate, trusted, names[0], self._gate.clock.now(), understood)
        return known[names[0]]

    def enter(self, session: Session) -> None:
        """Let a session begin, and put that on the record. Raises Refused."""
        with self._gate.store.begin() as connection:
            person = people.by_name(connection, session.operator)
            refused = self._why_not(person, session)
            details = {"session": session.id, "how": session.how, "fingerprint": session.fingerprint or ""}
            place = {"address": session.remote} if session.remote else {}
            kind = "session.refused" if refused else "session.opened"
            self._write(connection, kind, person, details | place)
        if refused:
            raise Refused(refused, hint="an administrator sees to it: lexops operator list")

    def record(self, kind: str, operator: str | None, details: Mapping[str, str | int]) -> None:
        """Put on the record what happened to a session or at the door. Raises StoreError."""
        with self._gate.store.begin() as connection:
            person = people.by_name(connection, operator) if operator else None
            self._write(connection, kind, person, details)

    def _write(
        self,
        connection: Connection,
        kind: str,
        person: Operator | None,
        details: Mapping[str, str | int],
    ) -> None:
        now = self._gate.clock.now()
        session = details.get("session", f"{now.timestamp():.6f}")
        personal = {name: str(value) for name, value in details.items() if name in PERSONAL}
        data = {name: value for name, value in details.items() if name not in PERSONAL}
        self._gate.recorder.note(
            connection,
            kind,
            f"session:{session}:{kind.partition('.')[2]}",
            person.id if person else NOBODY,
            now,
            data,
            personal,
        )

    def _why_not(self, person: Operator | None, session: Session) -> str:
        if person is None or not person.is_active(self._gate.clock.now()):
            return f"{session.operator} is no active operator of this site"
        if not people.is_genuine(self._gate.keyring, person):
            return f"{session.operator} was not made an operator by LexOps"
        if session.how == "key" and session.fingerprint not in {key.fingerprint for key in person.keys}:
            return f"the key {session.fingerprint} opens no sessions for {session.operator}"
        return ""

    def _may_enter(self, person: Operator) -> bool:
        return person.is_active(self._gate.clock.now()) and people.is_genuine(self._gate.keyring, person)


def _authority(gate: Gate, path: Path) -> str:
    """The fingerprint of a certificate authority's public key. Raises ConfigError."""
    file = gate.file.resolve(path)
    try:
        return sshcert.read(file.read_text("utf-8").strip()).fingerprint
    except OSError as error:
        raise ConfigError(f"[policy] certificate_authorities: {file}: {error.strerror}") from None
