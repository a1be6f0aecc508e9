"""The command line: the console's complete twin. It reads the store and makes requests."""

from __future__ import annotations
