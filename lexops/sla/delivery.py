"""Writing a report to a file: whole or not at all, for its owner only, never outside of its folder."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

from lexops.errors import Refused
from lexops.sla.rendering import SUFFIX, Format
from lexops.sla.report import Month


def file_name(month: Month, form: Format, client: str = "", provider: str = "") -> str:
    """`sla-2026-10.html`, `sla-2026-10-ACME-1.html`, `sla-2026-10-provider-hosting.html`."""
    parts = ["sla", str(month), *([client] if client else ()), *(["provider", provider] if provider else ())]
    return f"{'-'.join(parts)}.{SUFFIX[form]}"


def deliver(folder: Path, name: str, content: str) -> Path:
    """Write a report into the folder, which is made where it is missing. Raises Refused."""
    place = folder / name
    if place.parent != folder or name in ("", ".", "..") or place.name != name:
        raise Refused(f"{name!r} is no name of a file in {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refused(f"{folder} cannot be made: {error.strerror}", hint="see [sla] reports") from None
    write(place, content)
    return place


def write(path: Path, content: str) -> None:
    """Put a file in its place in one step; a link that stands there is replaced, not followed.

    Raises Refused.
    """
    if not path.name:
        raise Refused(f"{str(path)!r} is no name of a file", hint="name one: october.html")
    made = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        handle = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            made.replace(path)
        except BaseException:
            made.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None
