"""The process that works when nobody looks."""

from __future__ import annotations
