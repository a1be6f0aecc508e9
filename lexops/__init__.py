"""LexOps: the operations console for legal billing systems."""

from __future__ import annotations

__version__ = "0.1.0"
