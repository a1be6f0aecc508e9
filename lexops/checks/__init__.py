"""The check engine: contract, thresholds, judging, states, scheduling, results, plug-ins."""

from __future__ import annotations
