"""Operations that run by the clock: when they are due, what was missed."""

from __future__ import annotations
