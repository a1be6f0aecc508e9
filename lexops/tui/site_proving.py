"""How the console proves who sits before it: the part of the site's port about the second factor."""

from __future__ import annotations

import os
from pathlib import Path

from lexops.auth import agent, factors, sshsig
from lexops.errors import Refused
from lexops.gate.stepup import LASTS
from lexops.site import Site
from lexops.tui.views import Means, SigningTask


class SiteProving:
    """Second factors of the person whose session it is."""

    _site: Site

    def means(self, scope: str) -> Means:
        person = self._site.operator()
        if person is None:
            raise Refused(f"{self._site.session.operator} is no operator of this site")
        with self._site.store.read() as connection:
            enrolled = factors.enrolled(connection, person.id)
        environment = scope.partition(":")[2]
        demand = getattr(self._site.file.settings.policy, environment, None)
        lasts = (demand and demand.second_factor) or LASTS
        return Means(
            codes=enrolled.totp,
            keys=len(person.keys),
            agent=bool(person.keys) and self._agent() is not None,
            minutes=max(1, int(lasts.total_seconds() // 60)),
            tries=factors.TRIES,
        )

    def _agent(self) -> Path | None:
        """The agent of the person at this machine; over SSH it would be the server's."""
        socket = os.environ.get("SSH_AUTH_SOCK")
        return Path(socket) if socket and self._site.session.how == "account" else None

    def prove_by_code(self, scope: str, code: str) -> str:
        return self._site.step_ups.with_code(self._site.session, scope, code)

    def signing_task(self, scope: str) -> SigningTask:
        challenge = self._site.step_ups.challenge(self._site.session, scope)
        return SigningTask(challenge.text, sshsig.command(challenge.text), challenge.expires)

    def prove_by_signature(self, scope: str, armoured: str) -> str:
        return self._site.step_ups.with_signature(self._site.session, scope, armoured)

    def prove_by_agent(self, scope: str) -> str:
        socket, person = self._agent(), self._site.operator()
        if socket is None or person is None:
            raise Refused("there is no ssh-agent here", hint="sign with ssh-keygen -Y sign")
        challenge = self._site.step_ups.challenge(self._site.session, scope)
        registered = [key.fingerprint for key in person.keys]
        signed = agent.sign(socket, challenge.text, registered, self._site.clock)
        return self.prove_by_signature(scope, signed)
