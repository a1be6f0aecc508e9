"""Reads what Alertmanager posts to a webhook (version "4" of its message). Pure.

The fields are those of Prometheus' documentation of `webhook_config`; Grafana and others send the same, but
Grafana counts its versions by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lexops.checks.model import Status
from lexops.errors import InvalidRequest
from lexops.intake.model import Alert, Delivery
from lexops.text import brief, clean, one_line

VERSION, GRAFANA = "4", "1"
MOST = 5_000
"""Alerts of one message."""
LABELS = 100
"""Labels of one alert that are kept."""
TITLE = 200
TEXT = 4_000

CRITICAL = frozenset({"critical", "page", "emergency", "fatal", "disaster", "error", "high", "p1", "sev1"})
"""Values of the label `severity` that are critical; all others are a warning."""
INFORMATION = frozenset({"info", "information", "informational", "none", "debug", "notice"})
"""Values of it that need no act: a warning of the lowest priority."""


def parse(body: bytes) -> Delivery:
    """The alerts of one message, and what is wrong with those that are none.

    Raises InvalidRequest when the message is none, with the place that does not fit.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidRequest("the body is no JSON object")
    version = document.get("version")
    if version not in (VERSION, GRAFANA):
        raise InvalidRequest(
            f'version: {one_line(version, 40)!r} is not "{VERSION}", nor "{GRAFANA}" of Grafana'
        )
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        raise InvalidRequest("alerts: is no list")
    if len(alerts) > MOST:
        raise InvalidRequest(f"alerts: {len(alerts):,} are more than {MOST:,}")
    left_out = document.get("truncatedAlerts", 0)
    if type(left_out) is not int or left_out < 0:  # true is 1 in Python
        raise InvalidRequest("truncatedAlerts: is no number")
    taken, refused = list[Alert](), list[str]()
    for number, each in enumerate(alerts):
        try:
            taken.append(_alert(each, f"alerts[{number}]"))
        except InvalidRequest as error:  # one that does not fit takes no other with it
            refused.append(str(error))
    return Delivery(tuple(taken), tuple(refused), left_out)


def _alert(document: Any, where: str) -> Alert:
    if not isinstance(document, dict):
        raise InvalidRequest(f"{where}: is no JSON object")
    labels = _texts(document, "labels", where)
    notes = _texts(document, "annotations", where)
    status = document.get("status")
    if status not in ("firing", "resolved"):
        raise InvalidRequest(f"{where}.status: {one_line(status, 40)!r} is neither firing nor resolved")
    starts = _moment(document, "startsAt", where)
    ends = _moment(document, "endsAt", where) if document.get("endsAt") else None
    named = notes.get("summary") or notes.get("title") or labels.get("alertname") or "Alert without a name"
    severity = labels.get("severity", "").strip().lower()
    return Alert(
        _fingerprint(document, labels, where),
        status == "firing",
        brief(one_line(named, 10 * TITLE), TITLE),
        clean(notes.get("description") or notes.get("message") or named, TEXT),
        Status.CRITICAL if severity in CRITICAL else Status.WARNING,
        severity in INFORMATION,
        starts,
        ends if ends is not None and ends >= starts else None,
        labels,
    )


def _texts(document: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    found = document.get(key) or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise InvalidRequest(f"{where}.{key}: is no object of texts")
    return {one_line(name, 100): clean(found[name], TEXT) for name in sorted(found)[:LABELS]}


def _moment(document: Mapping[str, Any], key: str, where: str) -> datetime:
    """A moment as RFC 3339 writes it; Go's has nine digits after the second, and a year 1 for never."""
    try:
        found = datetime.fromisoformat(document[key])
        if found.tzinfo is None:
            raise ValueError
        return found.replace(tzinfo=UTC) if found.year == 1 else found.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InvalidRequest(f"{where}.{key}: {one_line(document.get(key), 60)!r} is no time") from None


def _fingerprint(document: Mapping[str, Any], labels: Mapping[str, str], where: str) -> str:
    """Who made it: as given, else from the labels, as versions did that had none."""
    given = document.get("fingerprint")
    if given is None or given == "":
        text = json.dumps(labels, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    if not isinstance(given, str) or not given.isascii() or not given.isalnum() or len(given) > 64:
        raise InvalidRequest(f"{where}.fingerprint: {one_line(given, 80)!r} is none")
    return given


def target_of(alert: Alert, targets: Mapping[str, object]) -> str | None:
    """The target of ours that an alert names: in `target`, or as the host of `instance`."""
    for label in ("lexops_target", "target", "instance", "host", "hostname", "database"):
        value = alert.labels.get(label, "")
        bare = value.partition("://")[2] or value
        for name in (value, bare.partition("/")[0].rpartition(":")[0], bare.partition(".")[0]):
            if name in targets:
                return name
    return None
