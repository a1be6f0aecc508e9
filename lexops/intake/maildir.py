"""E-mail that a mail server drops into a Maildir becomes tickets.

A mail is taken in one transaction with the note that it arrived, and then moved out of `new`. A worker that
dies between the two leaves it there; whoever sees it again finds the note, and only moves it. What becomes no
ticket is moved to `.refused` beside, and the note says why: nothing is lost, and nothing is taken twice.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from lexops.clock import Clock
from lexops.config import SiteFile
from lexops.errors import ConfigError, StoreError
from lexops.intake import mail, tickets
from lexops.intake.model import Mail, Unwanted
from lexops.store.database import Store
from lexops.text import one_line

REFUSED = ".refused"
SEEN = ":2,S"
"""After the name of a mail in `cur`: it was read."""
AT_ONCE = 200
"""Mails of one turn."""


def take_mail(database: Store, file: SiteFile, time: Clock) -> None:
    """Take what lies in the maildir. Raises StoreError, and ConfigError when there is none.

    A mail on which we stumble stays where it is and does not hold up the others.
    """
    if file.settings.intake.maildir is None:
        return
    folder = file.resolve(file.settings.intake.maildir)
    stumbled: Exception | None = None
    for name in _names(folder):
        try:
            _take(database, file, folder, name, time.now())
        except StoreError:
            raise
        except Exception as error:  # told at the end; the other mails wait for nobody
            stumbled = stumbled or error
    if stumbled is not None:
        raise stumbled


def _names(folder: Path) -> list[str]:
    """What is new, in the order of the names, which begin with the time of arrival."""
    try:
        found = sorted(name for name in os.listdir(folder / "new") if not name.startswith("."))
    except OSError as error:
        hint = "a Maildir has the folders new, cur and tmp, which this account may write"
        raise ConfigError(f"[intake] maildir: {folder}/new: {error.strerror}", hint=hint) from None
    return found[:AT_ONCE]


def _take(database: Store, file: SiteFile, folder: Path, name: str, now: datetime) -> None:
    path = folder / "new" / name
    try:
        raw = _bytes(path)
    except FileNotFoundError:  # another worker was faster
        return
    limit = file.settings.incidents.attachment_limit
    found = raw if isinstance(raw, Unwanted) else mail.read(raw, limit)
    with database.begin() as connection:
        reason = tickets.take(connection, file, found, one_line(name, 120), now)
    _move(path, folder / "cur" if reason is None else folder / REFUSED, SEEN if reason is None else "")


def _bytes(path: Path) -> bytes | Unwanted:
    """What a file holds. No link is followed, no pipe is waited for. Raises FileNotFoundError."""
    key = mail.digest(os.fsencode(path.name))
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        return Unwanted(key, f"it cannot be opened: {error.strerror}")
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            return Unwanted(key, "it is no regular file")
        if about.st_size > mail.MOST:
            return Unwanted(key, f"it has {about.st_size:,} bytes, more than {mail.MOST:,}")
        with open(handle, "rb", closefd=False) as opened:
            return opened.read(mail.MOST + 1)
    except OSError as error:
        return Unwanted(key, f"it cannot be read: {error.strerror}")
    finally:
        os.close(handle)


def _move(path: Path, folder: Path, ending: str) -> None:
    """Put a mail away, over no other one; another worker may have done so."""
    folder.mkdir(mode=0o700, exist_ok=True)
    bare = path.name.partition(":")[0]
    target = folder / f"{bare}{ending}"
    if os.path.lexists(target):
        target = folder / f"{bare}.{uuid4().hex[:8]}{ending}"
    with suppress(FileNotFoundError):
        path.rename(target)


def deliver(
    file: SiteFile, raw: bytes, time: Clock, sync: Callable[[int], None] = os.fsync
) -> Mail | Unwanted:
    """Put a mail into the maildir as a mail server does, safely on the disk, for the worker to take.

    Answers what it is. Raises ConfigError when there is no maildir, or it cannot be written.
    """
    wanted = file.settings.intake.maildir
    if wanted is None:
        raise ConfigError(f"{file.path}: there is no [intake] maildir", hint='maildir = "maildir"')
    folder = file.resolve(wanted)
    name = f"{int(time.now().timestamp())}.{uuid4().hex}.lexops"
    try:
        for each in ("tmp", "new", "cur"):
            (folder / each).mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "tmp" / name).open("xb") as opened:
            opened.write(raw)
            opened.flush()
            sync(opened.fileno())
        (folder / "tmp" / name).rename(folder / "new" / name)
        _sync_folder(folder / "new", sync)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}", hint="the mail was not taken") from None
    return mail.read(raw, file.settings.incidents.attachment_limit)


def _sync_folder(folder: Path, sync: Callable[[int], None]) -> None:
    """See to it that a name in a folder is on the disk, too; of a file only what it holds is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        sync(handle)
    finally:
        os.close(handle)
