"""Whether the sealed values are those that the entries committed to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hmac import compare_digest

from sqlalchemy import Connection

from lexops.audit import store
from lexops.audit.scan import BATCH
from lexops.audit.verdict import Problem, Verdict
from lexops.privacy.keyring import KeyMissing, Keyring
from lexops.privacy.store import Opened, commitment, reveal_all
from lexops.text import plural

_NONE = b'"personal":{}'


def check_values(connection: Connection, total: int, keyring: Keyring) -> tuple[list[Problem], list[str]]:
    """Problems with the values of the first `total` entries, and remarks; erased values are in order."""
    problems: list[Problem] = []
    erased = locked = 0
    for start in range(0, total, BATCH):
        end = min(total, start + BATCH)
        opened = reveal_all(connection, keyring, store.keys_of(start, end))
        for row in store.rows_for_checking(connection, start, end):
            if _NONE in row[store.BODY]:
                continue
            values = opened.get(row[store.KEY], {})
            wrong = _faults(row[store.BODY], row[store.PLACE], values)
            problems += [
                Problem(Verdict.ALTERED, each, row[store.ENTRY_ID], row[store.PLACE]) for each in wrong
            ]
            erased += sum(each.value is None and each.error is None for each in values.values())
            locked += any(isinstance(each.error, KeyMissing) for each in values.values())
    remarks = []
    if erased:
        remarks.append(f"{plural(erased, 'personal value')} erased")
    if locked:
        remarks.append(
            f"the values of {plural(locked, 'entry')} cannot be opened: a key is not on this machine"
        )
    return problems, remarks


def _faults(body: bytes, place: int, values: Mapping[str, Opened]) -> list[str]:
    """What is wrong with the values of an entry."""
    try:
        committed = {field: str(each["commitment"]) for field, each in json.loads(body)["personal"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # an entry that cannot be read is named by the scan
    found = []
    for field, commitment_ in committed.items():
        opened = values.get(field)
        if opened is None:
            found.append(f"the sealed value {field} of entry {place} is missing")
        elif opened.error is not None:
            found += [] if isinstance(opened.error, KeyMissing) else [str(opened.error)]
        elif opened.value is not None and opened.salt is not None:
            if not compare_digest(commitment(opened.salt, opened.value), commitment_):
                found.append(f"the sealed value {field} of entry {place} is not what the entry committed to")
    return found
