"""Where tickets come from besides checks and people: a mailbox, and other monitoring systems."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from lexops.config.base import Secret, Section
from lexops.config.checks import loopback


class IntakeSettings(Section):
    """What arrives by itself."""

    maildir: Path | None = Field(
        None, description="e-mail that a mail server drops here (Maildir) becomes tickets"
    )
    clients: dict[str, str] = Field(
        default_factory=dict, description="the client's code by sender: address, or @domain"
    )
    queue: str = Field("", max_length=40, description="the queue of what arrives")
    webhook: Annotated[str, AfterValidator(loopback)] | None = Field(
        None, description="alerts in Alertmanager's format are taken there, for example 127.0.0.1:9479"
    )
    token: Secret | None = Field(
        None,
        description="who posts alerts has to send it: Authorization: Bearer …; without it, any program"
        " of this machine may",
    )

    @field_validator("clients")
    @classmethod
    def _names_senders_and_codes(cls, clients: dict[str, str]) -> dict[str, str]:
        for sender, code in clients.items():
            if not re.fullmatch(r"[^@\s]*@[^@\s]+", sender):
                raise ValueError(
                    f"{sender!r} is no sender; write ana@acme.example, or @acme.example for all there"
                )
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", code):
                raise ValueError(f"{code!r} is no client's code: letters, digits, . _ -, at most 40")
        return clients
