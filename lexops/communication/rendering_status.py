"""How things stand as text, HTML and data. Pure: the same is always the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from lexops.clock import utc_text
from lexops.communication.drafting import minute
from lexops.communication.rendering import LONGEST, html, page
from lexops.communication.standing import Disturbance, Standing, Work
from lexops.text import clean, one_line

NOTHING = "No disturbance is known and no work is planned."


class Format(StrEnum):
    """The forms in which a status is written."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


def write(found: Standing, form: Format) -> str:
    """The status in one form; every line ends itself."""
    match form:
        case Format.TEXT:
            return text(found)
        case Format.HTML:
            return page(_title(found), list(_html(found)))
        case Format.JSON:
            return json.dumps(as_json(found), indent=2, ensure_ascii=True) + "\n"


def text(found: Standing) -> str:
    """For a mail or a terminal."""
    return "".join(f"{clean(line).rstrip()}\n" for line in _lines(found))


def _title(found: Standing) -> str:
    return f"{one_line(found.site)}: how things stand"


def _lines(found: Standing) -> Iterator[str]:
    zone = ZoneInfo(found.zone)
    yield _title(found)
    yield minute(found.at, zone)
    if not found.disturbances and not found.works:
        yield from ("", NOTHING)
    for disturbance in found.disturbances:
        yield from (
            "",
            _head(disturbance, zone),
            *_indented(disturbance.text),
            f"  {_told(disturbance, zone)}",
        )
    for work in found.works:
        yield from ("", _work_head(found, work, zone), *_indented(work.text))


def _indented(words: str) -> Iterator[str]:
    yield from (f"  {line.strip()}" for line in clean(words).splitlines() if line.strip())


def _head(disturbance: Disturbance, zone: ZoneInfo) -> str:
    eased = f"; no more harm since {minute(disturbance.mitigated, zone)}" if disturbance.mitigated else ""
    return f"Disturbance #{disturbance.incident} since {minute(disturbance.since, zone)}{eased}"


def _told(disturbance: Disturbance, zone: ZoneInfo) -> str:
    following = f"; next update by {minute(disturbance.promised, zone)}" if disturbance.promised else ""
    return f"Told {minute(disturbance.told, zone)}{following}."


def _work_head(found: Standing, work: Work, zone: ZoneInfo) -> str:
    goes_on = "goes on" if found.is_under_way(work) else "planned"
    span = f"{minute(work.starts, zone)} to {minute(work.ends, zone)}"
    return f"Work {goes_on}, {span}: {one_line(work.title)}"


def _html(found: Standing) -> Iterator[str]:
    zone = ZoneInfo(found.zone)
    yield f"<h1>{html(_title(found))}</h1>"
    yield f"<p>{html(minute(found.at, zone))}</p>"
    if not found.disturbances and not found.works:
        yield f"<p>{html(NOTHING)}</p>"
    for disturbance in found.disturbances:
        yield f"<h2>{html(_head(disturbance, zone))}</h2>"
        yield _words(disturbance.text)
        yield f"<p>{html(_told(disturbance, zone))}</p>"
    for work in found.works:
        yield f"<h2>{html(_work_head(found, work, zone))}</h2>"
        yield _words(work.text)


def _words(words: str) -> str:
    return f'<p class="words">{escape(clean(words, LONGEST).strip())}</p>'


def as_json(found: Standing) -> dict[str, Any]:
    """The status for programs; moments in UTC."""
    return {
        "site": found.site,
        "audience": found.audience,
        "at": utc_text(found.at),
        "disturbances": [
            {
                "incident": each.incident,
                "since": utc_text(each.since),
                "mitigated": utc_text(each.mitigated) if each.mitigated else None,
                "text": each.text,
                "told": utc_text(each.told),
                "next": utc_text(each.promised) if each.promised else None,
            }
            for each in found.disturbances
        ],
        "works": [
            {
                "title": each.title,
                "text": each.text,
                "starts": utc_text(each.starts),
                "ends": utc_text(each.ends),
                "under_way": found.is_under_way(each),
            }
            for each in found.works
        ],
    }
