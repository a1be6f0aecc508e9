"""The shipped runbooks."""

from __future__ import annotations
