"""People: operators, roles, what they may do, and how they prove who they are."""

from __future__ import annotations
