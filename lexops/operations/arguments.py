"""Do the arguments fit the operation? Pure; every door's input passes here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lexops.errors import InvalidRequest
from lexops.operations.model import Operation, Parameter

LONGEST = 10_000
"""Characters of one text argument."""


def validated(operation: Operation, given: Mapping[str, object]) -> dict[str, object]:
    """Arguments of the declared types, defaults filled in. Raises InvalidRequest that names the argument."""
    known = {parameter.name for parameter in operation.parameters}
    for name in given:
        if name not in known:
            raise InvalidRequest(
                f"{operation.name} has no argument {name!r}", hint=f"allowed: {', '.join(sorted(known))}"
            )
    return {p.name: _value(operation, p, given.get(p.name)) for p in operation.parameters}


def _value(operation: Operation, parameter: Parameter, given: object) -> object:
    if given is None or given == "":
        if parameter.required:
            raise InvalidRequest(f"{operation.name} needs {parameter.name}: {parameter.help}")
        return parameter.default
    if parameter.choices and str(given) not in parameter.choices:
        raise InvalidRequest(f"{parameter.name}: {given!r} is none of {', '.join(parameter.choices)}")
    if isinstance(given, str) and len(given) > LONGEST:
        raise InvalidRequest(f"{parameter.name}: longer than {LONGEST:,} characters")
    return _converted(parameter, given)


def _converted(parameter: Parameter, given: object) -> object:
    try:
        if issubclass(parameter.type, StrEnum):
            return parameter.type(str(given))
        if parameter.type is bool:
            return given if isinstance(given, bool) else str(given).lower() in ("true", "yes", "1")
        return parameter.type(given)
    except (TypeError, ValueError):
        raise InvalidRequest(f"{parameter.name}: {given!r} is no {parameter.type.__name__}") from None
