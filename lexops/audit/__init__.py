"""The record: every act, in a tree that shows when it was tampered with."""

from __future__ import annotations
