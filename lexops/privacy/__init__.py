"""What must not be read by everyone: sealed values, and the keys that open them."""

from __future__ import annotations
