"""What is approved, recorded and run: an act frozen into bytes, and their hash. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from lexops.clock import utc_text
from lexops.operations import Operation, Privacy

SECRET = "(secret)"


def plain(value: object) -> str | int | float | bool | None:
    """An argument as JSON knows it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return utc_text(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def personal(operation: Operation, arguments: Mapping[str, object]) -> dict[str, str]:
    """The given arguments that are only kept sealed."""
    return {
        p.name: str(plain(arguments[p.name]))
        for p in operation.parameters
        if p.privacy is Privacy.PERSONAL and arguments.get(p.name) is not None
    }


def kept(
    operation: Operation, arguments: Mapping[str, object], commitments: Mapping[str, str]
) -> dict[str, object]:
    """The arguments as they are kept: open ones as they are, sealed ones as commitments, no secrets."""
    found: dict[str, object] = {}
    for parameter in operation.parameters:
        value = plain(arguments.get(parameter.name))
        if value is not None and parameter.privacy is Privacy.SECRET:
            value = SECRET
        commitment = commitments.get(parameter.name)
        found[parameter.name] = {"commitment": commitment} if commitment else value
    return found


def fingerprint(
    *,
    operation: str,
    arguments: Mapping[str, object],
    plan: Sequence[str],
    operator: str,
    environment: str,
    key: str,
) -> str:
    """What an approval binds to: SHA-256 of the act in canonical JSON, as hex.

    Another operation, argument, plan, requester, environment or request has another one.
    """
    document = {
        "arguments": arguments,
        "environment": environment,
        "key": key,
        "operation": operation,
        "operator": operator,
        "plan": list(plan),
        "v": 1,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
