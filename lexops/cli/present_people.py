"""Operators, what they may do and why, as lines of text and as JSON. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lexops.cli.present import moment
from lexops.cli.present_requests import others
from lexops.clock import show_duration, show_moment
from lexops.text import plural

if TYPE_CHECKING:
    from lexops.auth.policy import Decision, Rule
    from lexops.cli.people import Person, Reviewed
    from lexops.operations import Operation

LEGEND = (
    "yes: at once · factor: after a second factor · +1: one other has to approve it",
    "why: lexops operator explain OPERATION --as NAME --target TARGET",
)


def person_row(person: Person, zone: ZoneInfo) -> tuple[str, ...]:
    """One line of a list of operators."""
    operator = person.operator
    until = f"until {show_moment(operator.expires, zone)}" if operator.expires else ""
    return (
        operator.name,
        operator.role.value,
        person.standing,
        plural(len(operator.keys), "key"),
        factor(person),
        until,
    )


def factor(person: Person) -> str:
    """Which second factor somebody has."""
    if person.enrolled.totp:
        return f"authenticator, {plural(person.enrolled.recovery_left, 'recovery code')}"
    return "SSH key only" if person.operator.keys else "no second factor"


def person_json(person: Person) -> dict[str, Any]:
    """An operator as data."""
    operator = person.operator
    return {
        "operator": operator.name,
        "id": operator.id,
        "role": operator.role.value,
        "standing": person.standing,
        "added": moment(operator.added),
        "expires": moment(operator.expires),
        "removed": moment(operator.removed),
        "authenticator": person.enrolled.totp,
        "recovery_codes_left": person.enrolled.recovery_left,
        "keys": [
            {"fingerprint": key.fingerprint, "comment": key.comment, "added": moment(key.added)}
            for key in operator.keys
        ],
    }


def review_head(reviewed: Reviewed, zone: ZoneInfo) -> list[str]:
    """Who it is and how the person has used what was given."""
    person = reviewed.person
    operator = person.operator
    lines = [f"{operator.name}, {operator.role}, {person.standing}"]
    lines.append(f"  {plural(len(operator.keys), 'key')}, {factor(person)}")
    lines.append(f"  last second factor: {_when(reviewed.last_proof, zone)}")
    lines.append(f"  last act: {_when(reviewed.last_act, zone)}")
    if person.standing == "expired" and operator.expires:
        lines.append(f"  EXPIRED on {show_moment(operator.expires, zone)}: remove the account or renew it")
    return lines


def _when(at: datetime | None, zone: ZoneInfo) -> str:
    return show_moment(at, zone) if at else "never"


def review_rows(reviewed: Reviewed) -> list[tuple[str, ...]]:
    """One line for each operation: what it takes in each environment. Nothing for who may do nothing."""
    if reviewed.person.standing != "active":
        return []
    environments = [where for where, _ in reviewed.decisions[0][1]] if reviewed.decisions else []
    rows = [("", *environments)]
    rows += [
        (operation.name, *(verdict(decision) for _, decision in everywhere))
        for operation, everywhere in reviewed.decisions
    ]
    return rows


def verdict(decision: Decision) -> str:
    """What a decision comes to, in a word or two."""
    if not decision.permitted:
        return "no"
    parts = ["factor"] if decision.second_factor is not None else []
    parts += [f"+{decision.approvals}"] if decision.approvals else []
    return " ".join(parts) or "yes"


def review_json(reviewed: Reviewed) -> dict[str, Any]:
    """What somebody may do, as data."""
    return person_json(reviewed.person) | {
        "last_second_factor": moment(reviewed.last_proof),
        "last_act": moment(reviewed.last_act),
        "never_acted": reviewed.last_act is None,
        "operations": [
            {
                "operation": operation.name,
                "environments": {where: _decided(decision) for where, decision in everywhere},
            }
            for operation, everywhere in reviewed.decisions
        ],
    }


def _decided(decision: Decision) -> dict[str, Any]:
    limit = decision.second_factor
    return {
        "permitted": decision.permitted,
        "why": decision.why,
        "second_factor_seconds": limit.total_seconds() if limit is not None else None,
        "approvals": decision.approvals,
    }


def decision_lines(operation: Operation, operator: str, decision: Decision) -> list[str]:
    """What the rules say to an act, in words."""
    allowed = "may do it" if decision.permitted else "is refused"
    lines = [f"{operation.title} ({operation.name}): {operator} {allowed}: {decision.why}"]
    lines += [f"  {_rule(rule)}" for rule in decision.fitting]
    if not decision.fitting:
        lines.append("  no rule fits, and what no rule permits is refused")
    missing = []
    if decision.second_factor is not None:
        missing.append(f"a second factor no older than {show_duration(decision.second_factor)}")
    if decision.approvals:
        missing.append(f"the approval of {others(decision.approvals)}")
    if operation.effect.value == "destroy" and decision.permitted:
        missing.append("a typed word that confirms it")
    if decision.permitted:
        lines.append(f"  still needs: {', '.join(missing) if missing else 'nothing'}")
    return lines


def _rule(rule: Rule) -> str:
    return f"{rule.verdict.value}s: {rule.why}"


def decision_json(operation: Operation, operator: str, decision: Decision) -> dict[str, Any]:
    """What the rules say to an act, as data."""
    return {
        "operation": operation.name,
        "operator": operator,
        **_decided(decision),
        "rules": [{"verdict": rule.verdict.value, "why": rule.why} for rule in decision.fitting],
    }
