"""Which policy is for an incident, and where policies go in a circle. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lexops.calendars.model import Revision
from lexops.escalation.model import FACTS, Fits, Policy
from lexops.incidents.model import Incident
from lexops.sla.model import matches

Policies = Mapping[str, Revision[Policy]]
"""The newest revision of each."""


def facts_of(incident: Incident, kind: str) -> Fits:
    """What an incident is; `kind` is that of its target."""
    return Fits(
        incident.priority.value,
        incident.client,
        incident.provider,
        incident.queue,
        kind,
        incident.target or "",
    )


def choose(policies: Iterable[Revision[Policy]], facts: Fits) -> Revision[Policy] | None:
    """The policy that is for what is so: the one that names most. None where none fits.

    Of those that name equally many, what is said of the target outweighs the client, the client the provider.
    """
    fitting = [each for each in policies if not each.value.is_ended and holds(each.value.fits, facts)]
    return max(fitting, key=lambda each: (_weight(each.value.fits), each.value.name), default=None)


def holds(fits: Fits, facts: Fits) -> bool:
    """Whether an incident is what a policy wants."""
    return matches(facts, fits, FACTS)


def _weight(fits: Fits) -> tuple[int, tuple[bool, ...]]:
    named = tuple(bool(getattr(fits, name)) for name in FACTS)
    return sum(named), named


def chain(policies: Policies, name: str) -> Sequence[str]:
    """The policies that go on one after the other from `name` on; the last is there twice in a circle."""
    found = [name]
    while (known := policies.get(found[-1])) is not None and known.value.then:
        found.append(known.value.then)
        if found[-1] in found[:-1]:
            break
    return found
