"""Verifying the record: hash what is there, and compare with every seal and every remembered head.

What was altered is told from what was cut, rolled back or forged by what still fits what: see `verdict.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from sqlalchemy import Connection

from lexops.audit import epochs, note, store
from lexops.audit.merkle import full_root
from lexops.audit.model import Checkpoint, Epoch
from lexops.audit.restarts import after_restarts, in_words
from lexops.audit.scan import Progress, Scan, frontier_at
from lexops.audit.sealing import signed_restarts
from lexops.audit.tiles import WIDTH
from lexops.audit.values import check_values
from lexops.audit.verdict import Level, Mark, Memory, Problem, Report, Suspect, Verdict, judge_marks
from lexops.errors import StoreError
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store
from lexops.text import one_line, plural

MOST = 50
"""Entries that do not fit and are named one by one."""


def verify(
    source: Store,
    memories: Sequence[Memory] = (),
    anchor: note.VerifierKey | None = None,
    *,
    level: Level = Level.FULL,
    keyring: Keyring | None = None,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Verify the record against its seals, what is remembered outside the store, and the trust anchor.

    `memories` must have been gathered before the call: a head that was sealed during it would look like a
    record rolled back. With a `keyring` a full verification also opens the sealed values. Raises StoreError
    only when the store cannot be read.
    """
    with source.read() as connection:
        store.hold_snapshot(connection)
        try:
            return _verify(connection, memories, anchor, level, keyring, progress)
        except (TypeError, ValueError, ArithmeticError) as error:
            # SQLite takes any value into any column; nothing but LexOps writes these tables.
            what = f"a row of the record holds what LexOps never writes there ({error})"
            return Report(level, None, 0, 0, 0, None, (Problem(Verdict.ALTERED, one_line(what)),))


def _verify(
    connection: Connection,
    memories: Sequence[Memory],
    anchor: note.VerifierKey | None,
    level: Level,
    keyring: Keyring | None,
    progress: Progress,
) -> Report:
    newest = store.newest_checkpoint(connection)
    size = newest.size if newest else 0
    first = next(iter(store.epochs(connection, up_to=0)), None)
    begun, problems = _identity(first, anchor, memories) if newest or first else (None, [])
    origin, log = (begun.origin, begun.log) if begun else (None, b"")
    restarts = signed_restarts(connection) if begun else []
    mine, found = after_restarts([each for each in memories if each.origin == origin or not origin], restarts)
    problems += found
    base = _base(level, size, mine)
    chain = store.epochs_from(connection, _first_epoch(connection, level, base))
    problems += _check_chain(chain, log)
    seals = [newest] if level is Level.HEAD and newest else store.checkpoints(connection, base)
    opened = {each.number: (each, after) for each, after in zip_longest(chain, chain[1:])}
    faults = [_seal_fault(each, opened) for each in seals]
    problems += [fault for fault in faults if fault]
    good = [seal for seal, fault in zip(seals, faults, strict=True) if not fault]
    marks = [Mark(each.size, each.root, _name(each), each.at) for each in good]
    head = marks[-1] if marks else None
    marks += _statements(chain, base)
    size = max((size, *(mark.size for mark in marks)))
    marks += [Mark(each.size, each.root, each.where, each.at, trusted=True) for each in mine]
    marks.sort(key=lambda mark: mark.size)
    try:
        scan = Scan(connection, base)
        for mark in marks:
            if mark.size < base:
                scan.roots[mark.size] = frontier_at(connection, mark.size).root()
        scan.entries(size, [mark.size for mark in marks], progress)
    except StoreError:
        # The tiles under the base are damaged: only the entries themselves can tell what is wrong.
        return _verify(connection, memories, anchor, Level.FULL, keyring, progress)
    unsealed = scan.unsealed()
    if not scan.suspects:
        scan.suspects += scan.holes()
    suspects, found = _against_tiles(scan, marks)
    problems += found
    remarks = [in_words(each) for each in restarts]
    if len(suspects) > MOST:
        remarks.append(f"{len(suspects) - MOST:,} more entries do not fit")
    problems += judge_marks(marks, scan.roots, head, scan.total, suspects[:MOST], scan.roots_by_tiles)
    problems += _leftovers(connection, newest.size if newest else 0, chain, mine)
    if level is Level.FULL and not problems:
        problems += _check_tree(connection, scan)
    if level is Level.FULL and keyring is not None:
        found, said = check_values(connection, scan.total, keyring)
        problems += found
        remarks += said
    return Report(
        level=level,
        origin=origin,
        size=size,
        checked=scan.total - base,
        unsealed=unsealed,
        sealed=newest.at if newest else None,
        problems=tuple(problems),
        remarks=tuple(remarks) if chain else ("nothing has been sealed yet",),
    )


def _against_tiles(scan: Scan, marks: Sequence[Mark]) -> tuple[list[Suspect], list[Problem]]:
    """Whether entries or the tiles are to blame where these differ: those with which the seals do not fit."""
    suspects, first = scan.suspects, next(iter(scan.against_tiles), None)
    unfit = [mark for mark in marks if scan.roots.get(mark.size, mark.root) != mark.root]
    if first is not None and not unfit:
        what = f"{first.why}: the tree was altered, the entries are as they were sealed"
        return suspects, [Problem(Verdict.ALTERED, what, index=first.index)]
    if all(scan.roots_by_tiles.get(mark.size) == mark.root for mark in unfit):
        known = {each.index for each in suspects}
        suspects = [*suspects, *(each for each in scan.against_tiles if each.index not in known)]
    return suspects, []


def _base(level: Level, size: int, memories: Sequence[Memory]) -> int:
    """Where to begin: everything before is taken from the kept hashes, and must fit a remembered head."""
    if level is Level.HEAD:
        return size
    if level is Level.SINCE:
        return max((each.size for each in memories if each.size <= size), default=0)
    return 0


def _first_epoch(connection: Connection, level: Level, base: int) -> int:
    if level is Level.HEAD:
        newest = store.newest_epoch(connection)
        return newest.number if newest else 0
    over = store.checkpoint_over(connection, base - 1)
    return over.epoch if over and base else 0


def _check_chain(chain: Sequence[Epoch], log: bytes) -> list[Problem]:
    problems = []
    before: Epoch | None = None
    for each in chain:
        wrong = None
        if before is not None or each.number == 0:
            wrong = epochs.fault(each.statement, before.statement if before else None, log)
        if wrong is not None:
            since = before.opened if before else None
            problems.append(Problem(Verdict.FORGED, wrong, since=since))
            break
        said = epochs.read(each.statement)
        if (said.number, said.at, said.key) != (each.number, each.opened, each.public_key):
            what = f"epoch {each.number} is shown with another time or key than its statement has"
            problems.append(Problem(Verdict.ALTERED, what))
        before = each
    return problems


def _identity(
    first: Epoch | None, anchor: note.VerifierKey | None, memories: Sequence[Memory]
) -> tuple[epochs.Statement | None, list[Problem]]:
    """The statement that begins the log, and whether it is the log that is trusted and remembered."""
    if first is None:
        return None, [Problem(Verdict.FORGED, "the statement that begins the log is missing")]
    try:
        begun = epochs.read(first.statement)
    except note.BadNote as bad:
        return None, [Problem(Verdict.FORGED, f"the statement of epoch 0: {bad}")]
    problems = []
    if anchor is not None and (anchor.name, anchor.key) != (begun.origin, begun.key):
        what = f"this is the log {begun.origin}, begun with another key than the trusted {anchor.name}"
        problems.append(Problem(Verdict.FORGED, what))
    problems += [
        Problem(Verdict.FORGED, f"{each.where} remembers the log {each.origin}; this is {begun.origin}")
        for each in memories
        if each.origin != begun.origin
    ]
    return begun, problems


def _seal_fault(seal: Checkpoint, opened: Mapping[int, tuple[Epoch, Epoch | None]]) -> Problem | None:
    """What is wrong with a seal by itself."""
    epoch, after = opened.get(seal.epoch, (None, None))
    if epoch is None:
        return Problem(Verdict.ALTERED, f"{_name(seal)} is of epoch {seal.epoch}, which is missing")
    try:
        signed = note.parse(seal.note)
        head = note.read_head(signed.text)
    except note.BadNote as bad:
        return Problem(Verdict.FORGED, f"{_name(seal)}: {bad}")
    if not note.is_signed(signed, note.VerifierKey(head.origin, note.ED25519, epoch.public_key)):
        return Problem(Verdict.FORGED, f"{_name(seal)} is not signed with the key of its epoch")
    if (head.size, head.root) != (seal.size, seal.root):
        return Problem(Verdict.ALTERED, f"{_name(seal)} is shown with another size or root than was signed")
    if seal.at < epoch.opened or (after is not None and seal.at > after.opened):
        return Problem(Verdict.ALTERED, f"{_name(seal)} is shown with a time outside of its epoch")
    return None


def _statements(chain: Sequence[Epoch], base: int) -> list[Mark]:
    marks = []
    for each in chain[1:] if chain and chain[0].number else chain:
        try:
            said = epochs.read(each.statement)
        except note.BadNote:
            continue  # told by _check_chain
        if said.size >= base:
            marks.append(Mark(said.size, said.root, f"the statement that opens epoch {said.number}", said.at))
    return marks


def _leftovers(
    connection: Connection, size: int, chain: Sequence[Epoch], memories: Sequence[Memory]
) -> list[Problem]:
    """What no root can show: places without a seal, and epochs that are gone."""
    problems = []
    beyond = store.entries_beyond(connection, size)
    if beyond:
        what = f"{plural(beyond, 'entry')} from {size:,} on had been sealed, but the seal is missing"
        problems.append(Problem(Verdict.TRUNCATED, what, index=size))
    newest = chain[-1].number if chain else -1
    problems += [
        Problem(
            Verdict.ROLLED_BACK,
            f"{each.where} remembers epoch {each.epoch}, the store ends with "
            + (f"epoch {newest}" if chain else "none at all"),
        )
        for each in memories
        if each.epoch is not None and each.epoch > newest and each.size <= size
    ]
    return problems


def _check_tree(connection: Connection, scan: Scan) -> list[Problem]:
    """Whether the tiles above the leaves are those of the entries: proofs are made from them."""
    try:
        fits = frontier_at(connection, scan.total).root() == scan.roots[scan.total]
        for tile in store.upper_tiles(connection):
            below = store.hashes(connection, tile.level, tile.position * WIDTH, (tile.position + 1) * WIDTH)
            fits = fits and list(tile.hashes) == below and tile.root == full_root(below)
    except StoreError:
        fits = False
    what = "the inner part of the tree was altered; the entries are as they were sealed"
    return [] if fits else [Problem(Verdict.ALTERED, what)]


def _name(seal: Checkpoint) -> str:
    return f"the seal of {seal.at:%Y-%m-%d %H:%M:%S}Z over {plural(seal.size, 'entry')}"
