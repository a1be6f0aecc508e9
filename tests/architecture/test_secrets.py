"""What an exception says may quote a client's data: it is told to the person who asked, but never logged.

A log line is a text of ours, with types, names and numbers for arguments. Who wants to keep a whole crash has
`lexops.crash.keep`, which reads types and places only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for room in ("lexops", "checks", "runbooks") for path in (ROOT / room).rglob("*.py"))
LEVELS = {"debug", "info", "warning", "error", "critical", "log"}
PRINTING = {
    "format_exc",
    "format_exception",
    "format_exception_only",
    "print_exc",
    "print_exception",
    "print_last",
}


def breaches(source: str) -> list[str]:
    """Where a file would write the text of an exception into a log, or print it."""
    tree = ast.parse(source)
    caught = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            reasons = _of_log_line(node, caught) if _is_logger(node.func.value) else []
            reasons += [f"traceback.{node.func.attr}"] if node.func.attr in PRINTING else []
            found += [f"line {node.lineno}: {reason}" for reason in reasons]
    return found


def _is_logger(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and value.func.attr == "getLogger"
    return isinstance(value, ast.Name) and value.id in ("log", "logger", "logging")


def _of_log_line(call: ast.Call, caught: set[str]) -> list[str]:
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    if method == "exception":
        return ["log.exception"]
    if method not in LEVELS:
        return []
    message = call.args[1 if method == "log" else 0]
    reasons = [] if isinstance(message, ast.Constant) else ["the text is not a constant"]
    reasons += [f"{word.arg}" for word in call.keywords if word.arg in ("exc_info", "stack_info", "extra")]
    values = [*call.args, *(word.value for word in call.keywords)]
    return reasons + [f"{name} itself" for value in values for name in _names(value) if name in caught]


def _names(value: ast.AST) -> Iterator[str]:
    """The names in an expression, but not those whose type only is asked for."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "type":
        return
    if isinstance(value, ast.Name):
        yield value.id
    for part in ast.iter_child_nodes(value):
        yield from _names(part)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_logs_what_an_exception_says(path: Path) -> None:
    assert breaches(path.read_text(encoding="utf-8")) == []


HANDLED = "try:\n    act()\nexcept Exception as error:\n    "


@pytest.mark.parametrize(
    "line",
    [
        "log.warning(f'failed: {error}')",
        "log.warning('failed: %s', error)",
        "log.warning('failed: %s', str(error))",
        "log.warning('failed: %s', error.args[0])",
        "log.warning('failed: ' + str(error))",
        "log.log(30, 'failed: %s', repr(error))",
        "log.exception('failed')",
        "log.error('failed', exc_info=True)",
        "log.error('failed', extra={'client': client})",
        "logging.error('failed: %s', error)",
        "logging.getLogger('x').error('failed: %s', error)",
        "traceback.print_exc()",
    ],
)
def test_the_rule_finds(line: str) -> None:
    assert breaches(HANDLED + line) != []


@pytest.mark.parametrize(
    "line",
    [
        "log.warning('failed: %s', type(error).__name__)",
        "log.warning('failed: %s', type(error.__cause__).__name__)",
        "log.warning('target %s does not answer', target)",
        "log.log(30, 'trying again in %s s', pause)",
        "log.write(text)",
        "raise StoreError(f'failed: {error}') from error",
    ],
)
def test_the_rule_lets_pass(line: str) -> None:
    assert breaches(HANDLED + line) == []
