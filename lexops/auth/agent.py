"""Has the running ssh-agent sign a challenge: at a local console there is no need to leave it and paste.

Speaks the few words of the agent's protocol that are needed (draft-miller-ssh-agent), with one deadline for
all of them: paramiko's Agent would wait for ever.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from pathlib import Path

from lexops.auth import sshsig
from lexops.auth.sshkey import Fields, NotAccepted, fingerprint, string
from lexops.clock import Clock

_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_RSA_SHA2_512 = 4
_HASH = "sha512"
_LONGEST = 1 << 20
"""Bytes of one answer that are read."""
_WHAT = "ssh-agent's answer"
SECONDS = 30.0
"""How long somebody has to touch the security key or to confirm."""


class NoAgent(NotAccepted):
    """The ssh-agent cannot sign."""

    hint = "start ssh-agent and ssh-add your key, or sign with ssh-keygen -Y sign"


def sign(
    agent: Path, text: str, registered_keys: Collection[str], clock: Clock, seconds: float = SECONDS
) -> str:
    """The armoured signature of a challenge by the agent's first key that is registered. Raises NoAgent.

    `agent` is the socket that `$SSH_AUTH_SOCK` names; `registered_keys` are fingerprints.
    """
    deadline = clock.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(str(agent))
            line = _Line(connection, clock, deadline)
            key = next((key for key in line.keys() if fingerprint(key) in registered_keys), None)
            if key is None:
                raise NoAgent("the ssh-agent has no key that is registered for you")
            proof = line.signed(key, sshsig.signed_bytes(text, hash_name=_HASH))
            return sshsig.armour(key, proof, hash_name=_HASH)
    except TimeoutError:
        raise NoAgent(f"the ssh-agent did not sign within {seconds:.0f} s") from None
    except OSError as error:
        raise NoAgent(f"the ssh-agent at {agent} cannot be reached: {error.strerror or error}") from None


class _Line:
    """One connection to the agent; every wait counts against the same deadline."""

    def __init__(self, connection: socket.socket, clock: Clock, deadline: float) -> None:
        self._connection, self._clock, self._deadline = connection, clock, deadline

    def keys(self) -> list[bytes]:
        fields = self._ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES_ANSWER)
        found = []
        for _ in range(fields.number()):
            found.append(fields.string())
            fields.string()  # the comment
        return found

    def signed(self, key: bytes, data: bytes) -> bytes:
        flags = _RSA_SHA2_512 if Fields(key, _WHAT).text() == "ssh-rsa" else 0
        question = bytes([_SIGN_REQUEST]) + string(key) + string(data) + flags.to_bytes(4)
        return self._ask(question, _SIGN_RESPONSE).string()

    def _ask(self, question: bytes, wanted: int) -> Fields:
        self._connection.settimeout(self._left())
        self._connection.sendall(string(question))
        size = int.from_bytes(self._read(4))
        if size > _LONGEST:
            raise NoAgent(f"the ssh-agent's answer is too long ({size:,} bytes)")
        fields = Fields(self._read(size), _WHAT)
        if fields.number(1) != wanted:
            raise NoAgent("the ssh-agent refused to sign; is it locked, or was it not confirmed?")
        return fields

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            self._connection.settimeout(self._left())
            part = self._connection.recv(count - len(data))
            if not part:
                raise NoAgent("the ssh-agent hung up")
            data += part
        return data

    def _left(self) -> float:
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
