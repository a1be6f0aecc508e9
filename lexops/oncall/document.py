"""A rota as the JSON document of its revision, and back. Pure.

    {
        "zone": "Europe/London",
        "title": "Billing support",
        "layers": [{
            "name": "week", "people": ["ana", "bo"], "turn": "weekly", "length": 1,
            "start": "2026-11-23T09:00", "hours": "", "holidays": ""
        }]
    }

Layers stand as they lie, the lowest first. Reading takes nothing for granted: what it gives back can be asked
who is on call.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from lexops.calendars.document import reading
from lexops.oncall import notation
from lexops.oncall.model import Layer, Rota, Turn

Document = dict[str, Any]


def to_document(rota: Rota) -> Document:
    """The rota without its name: the same rota is always the same document."""
    return {
        "zone": rota.zone,
        "title": rota.title,
        "layers": [_layer_document(layer) for layer in rota.layers],
    }


def from_document(name: str, document: Any) -> Rota:
    """The rota of a document. Raises Unusable that says what is wrong with it."""
    with reading():
        zone = ZoneInfo(document["zone"]).key
        layers = tuple(_layer(each) for each in document["layers"])
        return Rota(name, zone, layers, str(document["title"]))


def _layer_document(layer: Layer) -> Document:
    return {
        "name": layer.name,
        "people": list(layer.people),
        "turn": layer.turn.value,
        "length": layer.length,
        "start": notation.wall_text(layer.start),
        "hours": layer.hours,
        "holidays": layer.holidays,
    }


def _layer(document: Document) -> Layer:
    people = document["people"]
    if not isinstance(people, list) or not all(isinstance(each, str) for each in people):
        raise ValueError("people that are no list of names")
    return Layer(
        name=notation.name("layer", document["name"]),
        people=notation.people(",".join(people)),
        turn=Turn(document["turn"]),
        start=notation.wall(document["start"]),
        length=notation.length(Turn(document["turn"]), document["length"]),
        hours=notation.hours(document["hours"]),
        holidays=notation.holidays(document["holidays"]),
    )
