"""Texts, facts and what is made of them: a broken text is told and never keeps a message from going out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lexops.outbox
from lexops.checks.model import Status
from lexops.incidents.model import Incident, Origin, Priority, State
from lexops.outbox.facts import VARIABLES, incident_values
from lexops.outbox.masking import masked
from lexops.outbox.rendering import key_of, rendered
from lexops.outbox.template import NAMES, BadTemplate, parse, problems, shipped
from tests.clock import START, ManualClock
from tests.outbox.helping import Post, audience, fresh_store, notice, page

LONDON = ZoneInfo("Europe/London")
INCIDENT = Incident(
    id=41,
    fingerprint="x",
    title="Acme v. Smith: the portal shows wrong balances",
    severity=Status.CRITICAL,
    state=State.OPEN,
    target="portal",
    check=None,
    opened=START,
    changed=START,
    owner=None,
    priority=Priority.P1,
    client="acme",
    origin=Origin.MAIL,
)
GOOD = "Subject: $priority #$incident\nShort: $title\n\nIt is $title.\n"


def test_every_text_is_shipped_and_every_file_is_one() -> None:
    folder = files(lexops.outbox) / "templates"
    assert {path.name for path in folder.iterdir() if path.name.endswith(".txt")} == {
        f"{n}.txt" for n in NAMES
    }
    for name in NAMES:
        assert shipped(name), name


@pytest.mark.parametrize("name", NAMES)
def test_a_text_has_no_holes_when_a_value_is_missing(name: str) -> None:
    text = shipped(name)
    assert text is not None
    full = text.fill({variable: f"<{variable}>" for variable in VARIABLES})
    assert full.subject and full.short and "$" not in full.body
    bare = text.fill({"title": "T", "incident": "41"})
    assert "\n\n\n" not in bare.body and not re.search(r"^[A-Z][a-z ]+:\s*$", bare.body, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'line 1: has to begin with "Subject: "'),
        ("Subject: x\nLong: y\n\nz", 'line 2: has to begin with "Short: "'),
        ("Subject:\nShort: y\n\nz", 'line 1: has to begin with "Subject: "'),
        ("Subject: x\nShort: y\nz", "line 3: has to be empty"),
        ("Subject: x\nShort: y\n\n", "there is no body"),
        ("Subject: $client_name\nShort: y\n\nz", "line 1: there is no $client_name; there are: audience, by"),
        ("Subject: x\nShort: y\n\nz\n100 $ and", "line 5: a $ has to be followed by a name"),
        ("Subject: x\nShort: y\n\n${title", "line 4: a $ has to be followed by a name"),
        (GOOD + "x" * 60_000, "longer than 50,000 characters"),
    ],
)
def test_a_text_that_cannot_be_used_says_where_and_why(text: str, told: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        parse(text)
    assert str(refused.value).startswith(told)


def test_a_value_is_never_read_as_a_template_and_acts_on_no_terminal() -> None:
    filled = parse(GOOD).fill(
        {"title": "$owner ${x} $$ \x1b[31m\u202e", "priority": "P1\nBcc: x", "incident": "41"}
    )
    assert filled.body == "It is $owner ${x} $$ ␛[31m\ufffd."
    assert filled.subject == "P1 Bcc: x #41"


def test_a_dollar_sign_is_two_of_them() -> None:
    assert parse("Subject: $$5\nShort: x\n\n$$$incident").fill({"incident": "41"}).body == "$41"


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for whole in (text, f"Subject: a\nShort: b\n\n{text}"):
        try:
            parse(whole).fill({"title": text})
        except BadTemplate:
            pass


# What may leave the firm.


def test_a_title_that_somebody_wrote_does_not_leave_the_firm() -> None:
    values = incident_values(INCIDENT, zone=LONDON, titles=False, why="on call for dba")
    assert values["title"] == "incident #41"
    assert "acme" not in str(values).lower() and "Smith" not in str(values)
    assert values == {
        "incident": "41",
        "priority": "P1",
        "severity": "CRITICAL",
        "target": "portal",
        "check": "",
        "title": "incident #41",
        "state": "open",
        "owner": "",
        "client": "",
        "opened": "2026-03-02 09:00:00 GMT",
        "why": "on call for dba",
        "level": "",
        "link": "lexops incident show 41",
    }
    assert set(values) <= set(VARIABLES)


def test_the_title_of_a_check_goes_and_others_when_the_site_says_so() -> None:
    declared = replace(INCIDENT, origin=Origin.CHECK, title="Connections run out")
    assert incident_values(declared, zone=LONDON, titles=False)["title"] == "Connections run out"
    assert "Smith" in incident_values(INCIDENT, zone=LONDON, titles=True)["title"]
    for origin in (Origin.HAND, Origin.MAIL, Origin.ALERT):
        assert incident_values(replace(INCIDENT, origin=origin), zone=LONDON, titles=False)["title"] == (
            "incident #41"
        )


def test_codes_of_clients_never_go() -> None:
    for titles in (True, False):
        assert incident_values(INCIDENT, zone=LONDON, titles=titles)["client"] == ""


# A site's own texts.


@dataclass
class Own:
    post: Post

    def write(self, name: str, text: str) -> None:
        (self.post.folder / "texts").mkdir(exist_ok=True)
        (self.post.folder / "texts" / f"{name}.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def own(tmp_path: Path) -> Own:
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), notify='templates = "texts"')
    post.contacts(("mail", "ana@firm.example"))
    return Own(post)


def test_the_sites_own_text_is_used(own: Own) -> None:
    own.write("page", "Subject: Alarm $incident\nShort: s\n\nBitte $title ansehen ($site, $recipient).")
    own.post.put(page())
    (delivery,) = own.post.turn()
    assert delivery.rendered.subject == "Alarm 41"
    assert delivery.rendered.body == "Bitte Connections run out ansehen (Test & Partners, ana)."


@pytest.mark.parametrize("text", ["", "Subject: $nobody\nShort: x\n\ny", "Subject: x\nShort: x\n\n$"])
def test_with_a_broken_text_the_page_goes_out_with_ours_and_says_so(own: Own, text: str) -> None:
    own.write("page", text)
    own.post.put(page())
    (delivery,) = own.post.turn()
    assert delivery.rendered.subject == "P1 #41: Connections run out"
    told = own.post.find("k").message.proof
    assert "with the text of LexOps, because page.txt, " in told


def test_a_folder_that_is_not_there_keeps_nothing_back(own: Own) -> None:
    own.post.put(page())
    assert len(own.post.turn()) == 1
    assert list(problems(own.post.folder / "texts")) == [f"there is no folder {own.post.folder / 'texts'}"]


def test_problems_are_listed_all_at_once(own: Own) -> None:
    own.write("page", "Subject: $x\nShort: x\n\ny")
    own.write("pgae", GOOD)
    own.write("taken", GOOD)
    first, second = problems(own.post.folder / "texts")
    assert first.startswith("page.txt, line 1: there is no $x")
    assert second.startswith("pgae.txt: no message has this name")


# Bundles and keys.


def test_a_bundle_names_and_holds_all_of_its_messages() -> None:
    many = [page(f"k{n}", values={"incident": str(n), "priority": "P2", "title": f"T{n}"}) for n in range(5)]
    words = rendered(many, shipped, at=START, site="S")
    assert words.subject == "5 messages: P2 #0: T0; P2 #1: T1; P2 #2: T2; and 2 more"
    for n in range(5):
        assert f"lexops incident ack {n}" in words.body
    assert words.is_page and words.subjects == ("incident/41",)


def test_a_bundle_names_each_of_a_hundred_with_long_titles() -> None:
    many = [page(f"k{n}", values={"incident": str(n), "title": "x" * 200}) for n in range(1000, 1100)]
    words = rendered(many, shipped, at=START, site="S")
    assert [n for n in range(1000, 1100) if f"#{n}: " not in words.body] == []


def test_the_key_of_a_sending_is_that_of_the_same_messages_whatever_their_order() -> None:
    one, other = page("a"), page("b")
    assert key_of([one]) == "a"
    assert key_of([one, other]) == key_of([other, one]) != key_of([one])
    outside = [notice("u", recipient=audience(), rank=rank) for rank in (0, 1)]
    assert key_of(outside[:1]) != key_of(outside[1:])


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@firm.example", "a•••@firm.example"),
        ("+41791234567", "+4•••67"),
        ("4711", "•••"),
        ("", ""),
        ("@x", "•••"),
    ],
)
def test_an_address_can_be_recognised_but_not_used(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_facts_are_of_the_moment(own: Own) -> None:
    """What was true when the message was put is what it says, however late it goes."""
    assert isinstance(INCIDENT.opened, datetime)
    own.post.put(page())
    own.post.room.fails("mail", "451 later", retry=True)
    own.post.turn()
    own.post.room.works("mail")
    (delivery,) = own.post.run(40)
    assert delivery.rendered.messages[0].values == page().values
