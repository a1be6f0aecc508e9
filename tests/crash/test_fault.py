"""What is known of a crash: types and places."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lexops.crash.fault import describe, faults, name


def caught(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def types(error: BaseException) -> list[str]:
    return [fault.type for fault in faults(error)]


def fail(error: Exception) -> None:
    raise error


def test_places_are_listed_outermost_first() -> None:
    (fault,) = faults(caught(lambda: fail(ValueError("x"))))
    assert (fault.module, fault.type) == ("builtins", "ValueError")
    outer, middle, inner = fault.places
    assert (outer.module, outer.function) == (__name__, "caught")
    assert middle.function == "test_places_are_listed_outermost_first.<locals>.<lambda>"
    assert inner.function == "fail" and inner.line == fail.__code__.co_firstlineno + 1


def test_causes_and_contexts_follow_the_exception() -> None:
    def chain() -> None:
        try:
            try:
                fail(KeyError("a"))
            except KeyError:
                fail(TypeError("b"))
        except TypeError as error:
            raise RuntimeError("c") from error

    assert types(caught(chain)) == ["RuntimeError", "TypeError", "KeyError"]


def test_a_context_that_was_declared_unimportant_is_left_out() -> None:
    def chain() -> None:
        try:
            fail(KeyError("a"))
        except KeyError:
            raise RuntimeError("b") from None

    assert types(caught(chain)) == ["RuntimeError"]


def test_groups_are_opened() -> None:
    inner = ExceptionGroup("inner", [OSError(), KeyError()])
    assert types(ExceptionGroup("outer", [inner, ValueError()])) == [
        "ExceptionGroup",
        "ExceptionGroup",
        "ValueError",
        "OSError",
        "KeyError",
    ]


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert types(first) == ["ValueError", "KeyError"]


def test_a_long_chain_and_a_deep_recursion_are_cut() -> None:
    last: Exception = ValueError()
    for _ in range(100):
        following = ValueError()
        following.__cause__ = last
        last = following
    assert len(faults(last)) == 20

    def deeper() -> None:
        deeper()

    (fault,) = faults(caught(deeper))
    assert fault.type == "RecursionError"
    assert len(fault.places) == 50
    assert fault.places[0].function == "caught"
    assert fault.places[-1].function.endswith("<locals>.deeper")


class Hostile(Exception):
    """Fails wherever it is asked something."""

    def __str__(self) -> str:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError

    def __getattribute__(self, name: str) -> Any:
        if name in ("args", "__notes__"):
            raise RuntimeError
        return super().__getattribute__(name)


def test_an_exception_is_never_asked_for_its_text() -> None:
    assert types(Hostile("x")) == ["Hostile"]


@given(st.text(), st.text(), st.text(min_size=1))
def test_nothing_but_names_from_code_is_ever_described(text: str, note: str, type_name: str) -> None:
    made = type(type_name.replace("\0", "") or "x", (Exception,), {"__module__": text})
    error: BaseException = made(text)
    error.add_note(note)
    trace: TracebackType | None = caught(lambda: fail(ValueError(text))).__traceback__
    lines = describe(faults(error.with_traceback(trace))).splitlines()
    assert all(
        re.fullmatch(r"[A-Za-z0-9_.<>?]+|  [A-Za-z0-9_.<>?]+:\d+ in [A-Za-z0-9_.<>?]+", line)
        for line in lines
    )


def test_what_does_not_look_like_a_name_is_none() -> None:
    assert [name(text) for text in ("lexops.worker", "f.<locals>.<lambda>")] == [
        "lexops.worker",
        "f.<locals>.<lambda>",
    ]
    assert {name(text) for text in ("", "a b", "x" * 201, "ö", "a\n", None, 3)} == {"?"}
