"""A month report in the form that is asked for. Pure."""

from __future__ import annotations

import json

from lexops.sla import rendering_csv, rendering_html, rendering_text
from lexops.sla.rendering import Format, as_json
from lexops.sla.view import Report


def write(report: Report, form: Format) -> str:
    """The report in one form."""
    match form:
        case Format.TEXT:
            return rendering_text.text(report)
        case Format.CSV:
            return rendering_csv.csv(report)
        case Format.HTML:
            return rendering_html.html(report)
        case Format.JSON:
            return json.dumps(as_json(report), indent=2, ensure_ascii=True) + "\n"
