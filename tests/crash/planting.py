"""Faults that carry every secret there is to carry."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import threading
import warnings
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from lexops.errors import StoreError
from lexops.store.database import Store, open_engine
from tests.crash.canaries import canary

GLOBAL = canary("global variable")


class Peculiar(Exception):
    """Says more about itself than it was told."""

    def __str__(self) -> str:
        return canary("exception's own str")


class Client:
    """Has a secret, and shows one."""

    def __init__(self) -> None:
        self.iban = canary("attribute")

    def __repr__(self) -> str:
        return f"<Client {canary('repr of an object')}>"

    def pay(self, amount: str, *, purpose: str) -> None:
        narrative = canary("local variable")
        settings = {"store": {"inner": [{"password": canary("nested password")}]}}
        hidden = canary("closure")

        def inner() -> None:
            assert hidden and GLOBAL and narrative and settings and amount and purpose
            _everything_at_once(self)

        inner()


def crash(folder: Path, database: str) -> None:
    """Raise an exception full of secrets; `folder` has a file and a module, `database` is a store's URL."""
    file = (folder / "client.txt").read_text()
    assert canary("file content") in file and canary("environment") in os.environ["CLIENT_NAME"]
    _fail_in_sql(database, folder)
    _fail_in_a_module(folder / "plugin.py")
    Client().pay(canary("argument"), purpose=canary("keyword argument"))


def _everything_at_once(client: Client) -> None:
    collected: list[Exception] = [Peculiar("a")]
    for fail in (_key, _document, _url):
        try:
            fail()
        except Exception as error:
            collected.append(error)
    member = ValueError(canary("text of a group's member"))
    member.add_note(canary("note of a group's member"))
    nested = ExceptionGroup("inner", [OSError(canary("text of a nested group's member"))])
    try:
        try:
            context = LookupError(canary("text of the context"), client)
            context.add_note(canary("note of the context"))
            raise context
        except LookupError:
            members = [member, nested, *collected]
            raise ExceptionGroup(canary("text of a group"), members)  # noqa: B904 - it is the context
    except ExceptionGroup as group:
        final = RuntimeError(canary("exception text"), {"row": canary("exception argument")})
        final.row = canary("exception attribute")  # type: ignore[attr-defined]
        final.add_note(canary("note"))
        try:
            raise TypeError(canary("text of the cause")) from group
        except TypeError as cause:
            raise final from cause


def _key() -> None:
    empty: dict[str, str] = {}
    assert empty[canary("key of a KeyError")]


def _document() -> None:
    json.loads('{"client": ' + canary("document of a JSONDecodeError"))


def _url() -> None:
    assert urlsplit(f"postgresql://host:{canary('part of an URL')}/").port


def _fail_in_sql(database: str, folder: Path) -> None:
    """A statement that a real database refuses; kept as a crash of its own by whoever keeps its like."""
    from lexops import crash as crashes

    store = Store(open_engine(database, folder))
    try:
        with store.begin() as connection:
            connection.execute(text("CREATE TEMPORARY TABLE client (name text UNIQUE, town text)"))
            statement = text(f"INSERT INTO client VALUES (:name, :town) -- {canary('statement')}")
            row = {"name": canary("row that exists already"), "town": canary("bound parameter")}
            connection.execute(statement, row)
            connection.execute(statement, row)
    except StoreError as error:
        assert canary("bound parameter") in str(error.__cause__)
        crashes.keep(error)
    finally:
        store.close()


def _fail_in_a_module(path: Path) -> None:
    """A line of source that holds a secret."""
    from lexops import crash as crashes

    spec = spec_from_file_location("plugin", path)
    assert spec is not None and spec.loader is not None
    try:
        spec.loader.exec_module(module_from_spec(spec))
    except Exception as error:
        crashes.keep(error)


def litter() -> None:
    """Faults that end nothing: in logs, threads, tasks, finalisers and warnings."""
    logging.getLogger("billing").info("earlier: %s", canary("earlier log line"))
    other = logging.getLogger("paramiko.transport")
    other.warning(f"said {canary('log text')}", extra={"client": canary("log extra")})
    other.error("client %s", canary("log argument"))
    other.error("client %d", canary("argument that does not fit its log text"))
    for logger, name in ((other, "exception in a log"), (_ours(), "exception in our own log")):
        try:
            raise ValueError(canary(name))
        except ValueError:
            logger.exception("it failed")
    warnings.warn(f"about {canary('warning')}", UserWarning, stacklevel=1)
    _in_a_thread(lambda: _raise("exception in a thread"))
    asyncio.run(_forgotten_task())
    Finalised()
    gc.collect()


def _ours() -> logging.Logger:
    return logging.getLogger("lexops.worker.loop")


def _raise(name: str) -> None:
    raise ValueError(canary(name))


def _in_a_thread(call: Callable[[], None]) -> None:
    thread = threading.Thread(target=call, name=canary("thread name"))
    thread.start()
    thread.join(60)


async def _forgotten_task() -> None:
    async def fail() -> None:
        _raise("exception in a task")

    task = asyncio.get_running_loop().create_task(fail(), name=canary("name of a task"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


class Finalised:
    """Fails when nobody can catch it."""

    def __del__(self) -> None:
        _raise("exception in a finaliser")
