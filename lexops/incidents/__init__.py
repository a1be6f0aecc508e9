"""Incidents: opened by hard results or by hand, followed, acknowledged, noted, resolved."""

from __future__ import annotations
