"""Every revision of every calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from lexops.calendars.builtin import ALWAYS_OPEN
from lexops.calendars.document import from_document, to_document
from lexops.calendars.model import Revision
from lexops.calendars.revisions import Revisions, revision_table

calendar_table = revision_table("calendar")

BUILT_IN = Revision(
    ALWAYS_OPEN, 1, datetime(1970, 1, 1, tzinfo=UTC), False, "LexOps", "every site has this calendar"
)

_calendars = Revisions(
    calendar_table,
    "calendar",
    "lexops sla calendar",
    "lexops sla calendar set",
    from_document,
    to_document,
    {ALWAYS_OPEN.name: BUILT_IN},
)
revisions = _calendars.all
history = _calendars.history
get = _calendars.get
newest = _calendars.newest
add = _calendars.add
