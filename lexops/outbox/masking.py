"""Addresses as they are shown to others. Pure."""

from __future__ import annotations

HIDDEN = "•••"


def masked(address: str) -> str:
    """An address that can be recognised but not used: `a•••@firm.example`, `+4•••67`."""
    name, at, domain = address.rpartition("@")
    if at and name:
        return f"{name[0]}{HIDDEN}@{domain}"
    if len(address) > 6:
        return f"{address[:2]}{HIDDEN}{address[-2:]}"
    return HIDDEN if address else ""
