"""Do the arguments fit the operation? Pure; every door's input passes here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lexops.errors import InvalidRequest
from lexops.operations.model import Operation, Parameter

LARGEST = 2**63
"""Numbers from here on fit into no database."""


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
    is_blank = isinstance(given, str) and not given.strip()
    if parameter.required and (given is None or is_blank):
        raise InvalidRequest(f"{operation.name} needs {parameter.name}: {parameter.help}")
    if given is None:
        return parameter.default
    if is_blank:  # a variable that was never set would widen what is asked for: everybody's report
        raise InvalidRequest(f"{parameter.name}: it is empty", hint="leave it out, where none is meant")
    if parameter.choices and str(given) not in parameter.choices:
        raise InvalidRequest(f"{parameter.name}: {given!r} is none of {', '.join(parameter.choices)}")
    if isinstance(given, str) and len(given) > parameter.longest:
        raise InvalidRequest(f"{parameter.name}: longer than {parameter.longest:,} characters")
    value = _converted(parameter, given)
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        raise InvalidRequest(f"{parameter.name}: too large a number")
    if isinstance(value, str) and not _can_be_kept(value):
        raise InvalidRequest(
            f"{parameter.name}: it holds what is no text", hint="UTF-8 is text, but for the character NUL"
        )
    return value


def _converted(parameter: Parameter, given: object) -> object:
    try:
        if issubclass(parameter.type, StrEnum):
            return parameter.type(str(given))
        if parameter.type is bool:
            return given if isinstance(given, bool) else str(given).lower() in ("true", "yes", "1")
        return parameter.type(given)
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest(f"{parameter.name}: {given!r} is no {parameter.type.__name__}") from None


def _can_be_kept(text: str) -> bool:
    """Whether it can be stored; bytes of a command line that are no UTF-8 arrive as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
