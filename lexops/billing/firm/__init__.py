"""The demo firm: a seeded, believable law firm with some deliberate problems."""

from __future__ import annotations

from lexops.billing.firm.build import FirmSummary, build_firm
from lexops.billing.firm.model import Size

__all__ = ["FirmSummary", "Size", "build_firm"]
