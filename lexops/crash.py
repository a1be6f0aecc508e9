"""What nobody foresaw: one line for the person, the traceback (without values) in a private log.

With a Sentry DSN in the settings the same is sent there, without local variables, arguments,
request data or server name.
"""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4


def log_path() -> Path:
    """The private log: `$LEXOPS_LOG`, or under `$XDG_STATE_HOME`."""
    given = os.environ.get("LEXOPS_LOG")
    if given:
        return Path(given)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "lexops" / "lexops.log"


def keep(error: BaseException, dsn: str | None = None) -> str:
    """Log `error` under a reference and return the reference. Never raises."""
    reference = uuid4().hex[:8].upper()
    frames = "".join(traceback.format_tb(error.__traceback__))
    # The message is left out: an exception's text may quote a row.
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    text = f"{moment} {reference} {_chain(error)}\n{frames}\n"
    try:
        path = log_path()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a") as log:
            log.write(text)
    except OSError:
        pass
    if dsn:
        _send(error, reference, dsn)
    return reference


def _chain(error: BaseException) -> str:
    names = [type(error).__name__]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(names) < 5:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return " from ".join(names)


def sentence(reference: str) -> str:
    """The one line that a person sees."""
    return f"LexOps failed unexpectedly (reference {reference}); details are in {log_path()}"


def _send(error: BaseException, reference: str, dsn: str) -> None:
    try:
        import sentry_sdk

        sentry_sdk.init(
            dsn=dsn,
            default_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            server_name="",
            shutdown_timeout=2,
            before_send=scrubbed,
        )
        sentry_sdk.set_tag("reference", reference)
        sentry_sdk.capture_exception(error)
        sentry_sdk.flush(timeout=2)
    except Exception:  # noqa: S110 - a report that cannot be sent must not hide the failure it tells of
        pass


def scrubbed(event: Any, _hint: dict[str, Any]) -> Any:
    """A crash report with types and places only: no messages, no context that could quote data."""
    kept = {key: event[key] for key in ("event_id", "timestamp", "platform", "level", "tags") if key in event}
    exception = event.get("exception") or {}
    kept["exception"] = {"values": [_scrubbed_value(value) for value in exception.get("values", [])]}
    return kept


def _scrubbed_value(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", [])
    places = [{key: frame.get(key) for key in ("module", "function", "lineno")} for frame in frames]
    return {"type": value.get("type"), "stacktrace": {"frames": places}}
