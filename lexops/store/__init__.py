"""LexOps' own database: connections, transactions, the event table, migrations."""

from __future__ import annotations
