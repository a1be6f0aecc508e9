"""What the console shows of the record: the part of the site's port about the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lexops import record
from lexops.audit import log, prove
from lexops.audit import store as rows
from lexops.audit.merkle import leaf_hash
from lexops.audit.model import Entry, WitnessState
from lexops.audit.scan import Progress
from lexops.audit.verdict import Level, Report, Verdict
from lexops.auth import store as people
from lexops.errors import LexOpsError, StoreError
from lexops.privacy.keyring import write_private
from lexops.site import Site
from lexops.tui.views import Covered, EntryView, HeadsView, LogRow

PROOFS = "proofs"
"""Folder beside the site's file into which proofs are written."""
SEAL_PATIENCE = 10.0
"""Seconds that a proof waits for its entry to be sealed."""


class SiteRecord:
    """The record of a site, as the person of its session may see it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def record(self) -> log.State:
        with self._site.store.read() as connection:
            return log.state(connection, self._site.clock)

    def log(self, *, before: str | None = None, limit: int = 500) -> Sequence[LogRow]:
        may_open = record.reader(self._site).may_open
        with self._site.store.read() as connection:
            names = {each.id: each.name for each in people.operators(connection)} if may_open else {}
            return [_row(each, names) for each in log.entries(connection, before=before, limit=limit)]

    def entry(self, id: str) -> EntryView:
        reader = record.reader(self._site)
        with self._site.store.read() as connection:
            found = record.find(connection, id)
            shown = reader.shown(connection, found)
            covering = None if found.index is None else rows.checkpoint_over(connection, found.index)
            witnesses = rows.witnesses(connection)
        return EntryView(
            _row(found, {found.actor: shown.who}),
            found.writer,
            found.writer_seq,
            found.data,
            shown.personal,
            leaf_hash(found.body).hex(),
            covering,
            _covering(found, witnesses),
        )

    def verify(self, progress: Progress) -> Report:
        return record.verified(self._site, Level.FULL, progress)

    def prove(self, id: str) -> str:
        bundle, index = record.bundle(self._site, id, SEAL_PATIENCE, opened=False)
        folder = self._site.file.folder / PROOFS
        path = folder / f"entry-{index}.json"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            write_private(path, bundle)
            write_private(folder / prove.VERIFIER, prove.verifier())
        except OSError as error:
            raise StoreError(f"the proof cannot be written to {folder}: {error.strerror}") from None
        return f"proof written: {path}"

    def heads(self) -> HeadsView:
        try:
            report = record.verified(self._site, Level.SINCE, lambda done, total: None)
        except LexOpsError as error:
            return HeadsView(unsure=str(error), advice=error.hint)
        if report.verdict is Verdict.INTACT:
            return HeadsView()
        worst = next(each for each in report.problems if each.verdict is report.verdict)
        return HeadsView(f"THE RECORD IS {worst.verdict}: {worst.what}", worst.advice)


def _row(entry: Entry, names: Mapping[str, str]) -> LogRow:
    request = entry.data.get("request")
    return LogRow(
        entry.id,
        entry.index,
        entry.at,
        names.get(entry.actor, entry.actor),
        entry.kind,
        str(entry.data.get("operation") or entry.data.get("scope") or ""),
        request if isinstance(request, int) else None,
        str(entry.data.get("target") or ""),
        str(entry.data.get("environment") or ""),
    )


def _covering(entry: Entry, witnesses: Sequence[WitnessState]) -> tuple[Covered, ...]:
    if entry.index is None:
        return ()
    return tuple(Covered(each.name, each.covered) for each in witnesses if each.size > entry.index)
