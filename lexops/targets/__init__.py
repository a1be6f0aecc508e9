"""Connections to what we operate: databases, hosts, endpoints. Everything here only reads."""

from __future__ import annotations
