"""Whose certificates are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

from lexops.errors import ConfigError


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """The system's certificates, and those of the site. Raises ConfigError."""
    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ConfigError(f"ca_file: there are no certificates in {ca_file}") from None
    return context
