"""Closing a month: what was said stands, what is learned later is a restatement, tampering is told aloud."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from lexops.audit import store as record
from lexops.config import SiteFile, parse
from lexops.errors import ConfigError, InvalidRequest, Refused
from lexops.gate.model import SecondFactorNeeded
from lexops.incidents import store as incidents
from lexops.incidents.model import EntryKind
from lexops.privacy.store import reveal
from lexops.sla import closing, delivery, store
from lexops.sla.model import ClockKind
from lexops.sla.notation import budgets
from lexops.sla.rendering import Format
from lexops.sla.report import Month
from lexops.sla.tables import report_table
from lexops.sla.view import Report, Responsibility
from lexops.sla.writing import write
from lexops.store.database import Store
from tests.gates import World, world
from tests.sla.year import promise, refresh, ticket

OCTOBER = Month(2026, 10)
MINUTES = timedelta(minutes=1)


def day(number: int, hour: int = 9, month: int = 10) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


@pytest.fixture
def site(store: Store, tmp_path: Path) -> World:
    """Three tickets of October, one of them broken; it is the 3rd of November."""
    made = world(store, tmp_path, environment="demo", operations=closing.OPERATIONS)
    made.clock.jump(day(3, month=11))
    with store.begin() as connection:
        promise(connection)
        ticket(connection, day(7), taken=5 * MINUTES, resolved=timedelta(hours=2))
        ticket(connection, day(8), taken=10 * MINUTES, resolved=timedelta(hours=3), client="ZETA")
        ticket(connection, day(12), taken=timedelta(hours=2), resolved=timedelta(hours=3), client="ZETA")
    return made


def close(site: World, month: str = "2026-10") -> str:
    return site.submit("mia", "sla.close", month=month)


def read(site: World, client: str = "", provider: str = "") -> Report:
    with site.store.begin() as connection:
        refresh(connection, site.gate.file, site.clock.now())
    with site.store.read() as connection:
        return closing.report(
            connection,
            site.gate.file,
            OCTOBER,
            site.clock.now(),
            client,
            provider,
            keyring=site.gate.keyring,
        )


def answer_on_record(site: World) -> str:
    """What the newest entry about a closing has as its sealed answer."""
    with site.store.read() as connection:
        closed = closing.newest(connection, OCTOBER)
        assert closed is not None
        entry = record.entry_by_key(connection, f"{closed.request}:done")
        assert entry is not None and "answer" in entry.personal
        return str(reveal(connection, site.gate.keyring, entry.key)["answer"])


def test_a_closed_month_is_kept_whole_and_its_digest_is_on_the_sealed_record(site: World) -> None:
    answer = close(site)
    assert answer.startswith("2026-10 closed, number 1: 5 kept, 1 broken; SHA-256 ")
    with site.store.read() as connection:
        closed = closing.newest(connection, OCTOBER)
    assert closed is not None and closed.digest in answer
    assert closing.digest_of(closed.content) == closed.digest
    assert answer_on_record(site) == answer
    assert site.entries()[-2:] == ["begun", "done"] and "sla.closed" in site.kinds()
    found = read(site)
    assert (found.closed, found.digest, found.restatements, found.tampered) == (
        day(3, month=11),
        closed.digest,
        (),
        "",
    )
    assert closed.content["breaches"][0]["incident"] == found.breaches[0].incident


def test_what_is_learned_later_is_a_restatement_line_by_line(site: World) -> None:
    close(site)
    site.clock.jump(day(4, month=11))
    with site.store.begin() as connection:
        told = (day(12) + 3 * MINUTES, "ana", "rang them", day(4, month=11))
        incidents.tell(connection, 3, EntryKind.ANSWERED, *told)
    lines = {each.what: (each.closed, each.now) for each in read(site).restatements}
    closed, now = lines["response, everything"]
    assert closed.startswith("66.7 % kept: 2 of 3") and now.startswith("100.0 % kept: 3 of 3")
    assert lines["#3 response"][0].startswith("broken by 1 h 00") and lines["#3 response"][1] == "not told"
    assert "response, client ZETA" in lines and "response, client ACME" not in lines
    assert "Restated since it was closed".upper() in write(read(site), Format.TEXT)


def test_a_change_of_an_earlier_month_is_told_where_it_shows(site: World) -> None:
    with site.store.begin() as connection:
        ticket(connection, day(8, month=9), taken=5 * MINUTES, resolved=timedelta(hours=2))
    close(site)
    with site.store.begin() as connection:
        for kind, at in ((EntryKind.ASKED, day(8, month=9)), (EntryKind.ANSWERED, day(8, 10, month=9))):
            incidents.tell(connection, 4, kind, at, "ana", "x", site.clock.now())
    lines = {each.what: (each.closed, each.now) for each in read(site).restatements}
    assert lines["trend, 2026-09"] == ("100.0 % kept: 2 of 2", "100.0 % kept: 3 of 3")


@pytest.mark.parametrize("given", [{"client": ""}, {"provider": ""}])
def test_a_report_of_nobody_in_particular_is_no_report_of_everybody(
    site: World, given: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(given))):
        closing.check_filters(site.gate.file, given.get("client"), given.get("provider"))


def exchange(site: World, number: int, asked: datetime, answered: datetime) -> None:
    with site.store.begin() as connection:
        for kind, at in ((EntryKind.ASKED, asked), (EntryKind.ANSWERED, answered)):
            incidents.tell(connection, number, kind, at, "ana", "x", site.clock.now())


def test_each_exchange_that_was_saved_is_restated_for_itself(site: World) -> None:
    for hour in (9, 12):
        exchange(site, 1, day(8, hour), day(8, hour) + 110 * MINUTES)
    close(site)
    found = read(site)
    assert [each[:3] for each in found.saved] == [(1, ClockKind.UPDATE, 1), (1, ClockKind.UPDATE, 2)]
    assert "#1 update 2 91 %" in write(found, Format.TEXT) and found.restatements == ()
    exchange(site, 1, day(8, 11), day(8, 11) + MINUTES)
    lines = {each.what: (each.closed, each.now) for each in read(site).restatements}
    assert lines["#1 update 2, kept after a warning"] == ("91 % of the budget used", "not told")
    assert lines["#1 update 3, kept after a warning"] == ("not told", "91 % of the budget used")
    assert "#1 update, kept after a warning" not in lines


def test_a_month_that_was_closed_before_rounds_were_told_is_compared_as_the_first_ones(site: World) -> None:
    exchange(site, 1, day(8), day(8) + 110 * MINUTES)
    close(site)
    document, _ = kept(site)
    for row in document["report"]["saved"]:  # type: ignore[index]
        del row["round"]
    change(site, document=document, digest=closing.digest_of(document["report"]))  # type: ignore[arg-type]
    assert read(site).restatements == ()


def test_a_client_sees_the_restatements_of_nobody_else(site: World) -> None:
    close(site)
    with site.store.begin() as connection:
        reason = store.Reason(3, ClockKind.RESPONSE, 1, Responsibility.OURS, "asleep", "mia", day(4))
        store.add_reason(connection, reason)
        incidents.reopen(connection, 1, day(3, 9, month=11), "ana", "back")
    assert {each.what for each in read(site, client="ZETA").restatements} == {"#3 response"}
    assert {each.what for each in read(site, client="ACME").restatements} == {"resolution, client ACME"}
    assert len(read(site).restatements) > 2


def test_closing_again_adds_a_number_and_later_reports_compare_with_the_newest(site: World) -> None:
    close(site)
    with site.store.begin() as connection:
        reason = store.Reason(3, ClockKind.RESPONSE, 1, Responsibility.VENDOR, "disk", "mia", day(4))
        store.add_reason(connection, reason)
    assert [each.what for each in read(site).restatements] == ["#3 response"]
    assert close(site).startswith("2026-10 closed, number 2:")
    assert read(site).restatements == ()
    with site.store.read() as connection:
        assert len(connection.execute(select(report_table)).all()) == 2


def test_who_closes_again_does_not_hide_what_was_said_before(site: World) -> None:
    first = close(site).split()[-1]
    site.clock.jump(day(4, month=11))
    with site.store.begin() as connection:
        told = (day(12) + 3 * MINUTES, "ana", "rang them", day(4, month=11))
        incidents.tell(connection, 3, EntryKind.ANSWERED, *told)
    close(site)
    found = read(site)
    assert (found.number, [(each.number, each.digest) for each in found.earlier]) == (2, [(1, first)])
    for format in Format:
        assert "5 kept, 1 broken" in write(found, format) and first in " ".join(write(found, format).split())
    assert "Nothing: it is as it was closed last." in write(found, Format.TEXT)
    assert [each.said for each in read(site, client="ZETA").earlier] == ["3 kept, 1 broken"]


def test_an_earlier_closing_that_was_changed_is_told_and_not_quoted(site: World) -> None:
    close(site)
    document, _ = kept(site)
    document["report"]["attainments"][0]["met"] = 99  # type: ignore[index]
    change(site, document=document)
    close(site)
    assert read(site).earlier[0].said.startswith("TAMPERED: the closed document was changed")


def test_a_restatement_names_the_tickets_and_revisions_from_which_it_comes(site: World) -> None:
    close(site)
    site.clock.jump(day(4, month=11))
    with site.store.begin() as connection:
        incidents.reopen(connection, 1, day(4, month=11), "ana", "back")
        told = (day(8, 9) + 5 * MINUTES, "ana", "x", day(4, month=11))
        incidents.tell(connection, 2, EntryKind.ANSWERED, *told)
        usual = store.history(connection, "usual")[0].value
        mended = replace(usual, budgets=budgets("P2 response 1m, update 2h, resolution 8h"))
        given = {"at": site.clock.now(), "operator": "ana", "reason": "a typing error", "correction": True}
        store.add(connection, mended, **given, after=1)  # type: ignore[arg-type]
    lines = [(each.what, each.closed, each.now) for each in read(site).restatements][-3:]
    assert lines == [
        ("#1, learned since", "not told", "reopened 2026-11-04 09:00 UTC"),
        ("#2, learned since", "not told", "answered 2026-10-08 09:05 UTC, recorded 2026-11-04 09:00 UTC"),
        (
            "policy usual, entered since",
            "not told",
            "revision 2 (correction), 2026-11-04 09:00 UTC: a typing error",
        ),
    ]
    told_to_acme = {each.what for each in read(site, client="ACME").restatements}
    assert {"#1, learned since", "policy usual, entered since"} <= told_to_acme
    assert "#2, learned since" not in told_to_acme


def test_what_happens_to_a_ticket_after_the_month_is_no_reason_for_what_is_restated(site: World) -> None:
    with site.store.begin() as connection:
        ticket(connection, day(30, 16))
    close(site)
    site.clock.jump(day(4, month=11))
    with site.store.begin() as connection:
        incidents.resolve(connection, 4, day(4, month=11), "ana", "done")
        reason = store.Reason(3, ClockKind.RESPONSE, 1, Responsibility.OURS, "asleep", "mia", day(4))
        store.add_reason(connection, reason)
    assert [each.what for each in read(site).restatements] == ["#3 response"]


def test_while_tickets_are_not_counted_nothing_is_said_to_be_as_it_was_closed(site: World) -> None:
    close(site)
    with site.store.begin() as connection:
        incidents.reopen(connection, 1, day(3, month=11), "ana", "back")
    with site.store.read() as connection:
        found = closing.report(connection, site.gate.file, OCTOBER, site.clock.now())
    assert found.behind == 1 and found.restatements == ()
    for format in (Format.TEXT, Format.HTML):
        assert "Nothing so far, but not everything is counted yet." in write(found, format)


def test_a_restated_breach_is_due_in_the_zone_of_the_report(site: World) -> None:
    close(site)
    with site.store.begin() as connection:
        reason = store.Reason(3, ClockKind.RESPONSE, 1, Responsibility.OURS, "asleep", "mia", day(4))
        store.add_reason(connection, reason)
    assert ", due 2026-10-12 10:00 UTC, paused" in read(site).restatements[0].now


def test_the_same_content_is_not_closed_twice(site: World) -> None:
    close(site)
    site.clock.advance(hours=1)
    with site.store.begin() as connection:
        incidents.note(connection, 1, site.clock.now(), "sam", "nothing that counts")
    with pytest.raises(Refused, match="same content already"):
        close(site)


@pytest.mark.parametrize("month", ["2026-11", "2027-01"])
def test_a_month_that_is_not_over_is_not_closed(site: World, month: str) -> None:
    with pytest.raises(Refused, match="is not over"):
        close(site, month)


def test_what_is_no_month_is_an_invalid_request(site: World) -> None:
    with pytest.raises(InvalidRequest, match="is no month"):
        close(site, "October")


def test_only_managers_close_and_they_prove_who_they_are(store: Store, tmp_path: Path) -> None:
    made = world(store, tmp_path, operations=closing.OPERATIONS)
    made.clock.jump(day(3, month=11))
    with pytest.raises(Refused, match="role"):
        made.submit("sam", "sla.close", month="2026-10")
    with pytest.raises(SecondFactorNeeded):
        made.submit("mia", "sla.close", month="2026-10")


def change(site: World, **values: object) -> None:
    with site.store.begin() as connection:
        connection.execute(update(report_table).values(**values))


def tampered(site: World) -> str:
    found = read(site)
    assert not found.tampered or found.tampered in write(found, Format.TEXT).replace("\n!! ", " ")
    return found.tampered


def kept(site: World) -> tuple[dict[str, object], str]:
    with site.store.read() as connection:
        row = connection.execute(select(report_table)).one()
    return json.loads(json.dumps(row.document)), row.digest


def test_a_changed_document_is_told(site: World) -> None:
    close(site)
    document, _ = kept(site)
    document["report"]["attainments"][0]["missed"] = 0  # type: ignore[index]
    change(site, document=document)
    assert "TAMPERED: the closed document was changed" in tampered(site)


def test_a_changed_document_with_a_digest_that_fits_is_not_what_is_on_the_record(site: World) -> None:
    close(site)
    document, _ = kept(site)
    document["report"]["attainments"][0]["missed"] = 0  # type: ignore[index]
    change(site, document=document, digest=closing.digest_of(document["report"]))  # type: ignore[arg-type]
    assert tampered(site) == "TAMPERED: what is kept as closed is not what is on the record as closed"


def test_a_document_of_another_request_is_told(site: World) -> None:
    close(site)
    document, _ = kept(site)
    change(site, document=document | {"request": "another"})
    assert tampered(site) == "TAMPERED: the record knows nothing of this closing"


def test_a_document_that_is_gone_is_told(site: World) -> None:
    close(site)
    with site.store.begin() as connection:
        connection.execute(delete(report_table))
    assert tampered(site) == "TAMPERED: 1 closed document of this month is gone"


def test_what_is_no_document_at_all_is_told_and_no_crash(site: World) -> None:
    close(site)
    change(site, document=["nonsense"])
    assert tampered(site).startswith("TAMPERED")


def test_over_a_tampered_document_one_can_close_again_and_the_answer_says_so(site: World) -> None:
    close(site)
    change(site, digest="0" * 64)
    assert "number 2" in (answer := close(site)) and "the one before: TAMPERED" in answer


# Delivering.


def test_a_report_is_delivered_privately_into_the_folder_of_the_site(site: World) -> None:
    answer = site.submit("mia", "sla.deliver")
    place = site.folder / "reports" / "sla-2026-10.html"
    assert answer == f"2026-10 written to {place}: 1 broken promise"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) & 0o077 == 0
    assert place.read_text(encoding="utf-8") == write(read(site), Format.HTML)
    assert [each.name for each in place.parent.iterdir()] == [place.name]


def test_a_schedule_delivers_the_last_month_in_the_form_it_asks_for(site: World) -> None:
    site.gate.on_schedule("sla.deliver", {"format": "csv", "client": "ZETA"}, "mia", "due-1")
    text = (site.folder / "reports" / "sla-2026-10-ZETA.csv").read_bytes().decode()
    assert text.count("\r\n") == text.count("\n") and "ACME" not in text and "ZETA" in text


def test_a_link_in_the_folder_is_replaced_and_not_followed(site: World) -> None:
    victim = site.folder / "victim"
    victim.write_text("as it was")
    folder = site.folder / "reports"
    folder.mkdir(mode=0o700)
    (folder / "sla-2026-10.html").symlink_to(victim)
    site.submit("mia", "sla.deliver", month="2026-10")
    assert victim.read_text() == "as it was" and not (folder / "sla-2026-10.html").is_symlink()


@pytest.mark.parametrize("place", [".", "/", ""])
def test_a_folder_is_no_place_for_a_report(place: str) -> None:
    with pytest.raises(Refused, match="is no name of a file"):
        delivery.write(Path(place), "a report")


@pytest.mark.parametrize("client", ["../x", "a/b", "", ".hidden", "a b", "  "])
def test_no_client_leads_out_of_the_folder(site: World, client: str) -> None:
    with pytest.raises(InvalidRequest, match="is no code" if client.strip() else "client: it is empty"):
        site.submit("mia", "sla.deliver", client=client)
    assert not (site.folder / "reports").exists()


@pytest.mark.parametrize("name", ["../x.html", "/etc/x.html", "", ".", ".."])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="is no name of a file"):
        delivery.deliver(tmp_path / "reports", name, "x")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "sla.html").mkdir()
    with pytest.raises(Refused, match="cannot be written"):
        delivery.write(tmp_path / "sla.html", "x")
    assert os.listdir(tmp_path) == ["sla.html"]


def test_an_unknown_provider_is_refused_with_those_there_are(site: World) -> None:
    with pytest.raises(InvalidRequest, match="there is no provider 'nobody'"):
        site.submit("mia", "sla.deliver", provider="nobody")


def test_the_folder_of_reports_does_not_climb(tmp_path: Path) -> None:
    document = {"site": {"name": "T"}, "sla": {"reports": "../elsewhere"}}
    with pytest.raises(ConfigError, match=r"no \.\."):
        parse(document, tmp_path / "lexops.toml")
    settings = parse({"site": {"name": "T"}}, tmp_path / "lexops.toml")
    assert SiteFile(path=tmp_path / "lexops.toml", settings=settings).settings.sla.reports == Path("reports")
