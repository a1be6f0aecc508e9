"""Reading mails: what people write is understood, what machines write is told apart, no bytes stop us."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable
from email import message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.intake.mail import MOST, OWN_ID, PARAMETERS, known_as, read
from lexops.intake.model import Mail, Unwanted
from lexops.outbox.smtp import MARK
from lexops.plain import plain
from tests.intake.mails import MIXED, mail

LIMIT = 1_000


def taken(raw: bytes, limit: int = LIMIT) -> Mail:
    found = read(raw, limit)
    assert isinstance(found, Mail), found
    return found


def refused(raw: bytes) -> str:
    found = read(raw, LIMIT)
    assert isinstance(found, Unwanted), found
    return found.reason


def test_parts_are_told_apart_and_a_name_has_no_folder() -> None:
    found = taken(MIXED)
    assert (found.title, found.marked, found.sender) == ("Hällo", 41, "ana@acme.example")
    assert (found.text, found.references) == ("Hällo", ("<z@b>",))
    assert [(each.name, each.type) for each in found.attached] == [
        ("b.pdf", "application/pdf"),
        ("part-4", "message/rfc822"),
    ]
    assert found.attached[0].content == b"Hello"
    assert b"inner" in found.attached[1].content


def test_a_mail_without_a_plain_part_is_read_from_its_html() -> None:
    html = (
        "<head><title>x</title><body>Hi<br>there &lt;b&gt; <script>alert(1)</script><ul><li>one<li>two</ul>"
    )
    raw = mail(text=html).replace(b"text/plain", b"text/html")
    assert taken(raw).text == "Hi\nthere <b>\n\n- one\n- two"


@pytest.mark.parametrize(
    ("subject", "more", "marked", "named"),
    [
        ("Re: [LX-41] portal", "", 41, None),
        ("[lx-7] portal", "", 7, None),
        ("Re: [LX-41] invoice #7", "", 41, 7),
        ("AW: incident #41", "", None, 41),
        ("Fwd: Re: #12 portal", "", None, 12),
        ("portal #41", "In-Reply-To: <x@y>\r\n", None, 41),
        ("Invoice #41 is wrong", "", None, None),
        ("Re: a&#41; b", "", None, None),
        ("Re: #99999999999", "", None, None),
    ],
)
def test_the_numbers_that_a_subject_names(
    subject: str, more: str, marked: int | None, named: int | None
) -> None:
    found = taken(mail(subject, more=more))
    assert (found.marked, found.named) == (marked, named)


def test_a_title_is_one_clean_line_of_at_most_200_characters() -> None:
    assert taken(mail("Re: AW: [LX-3]  portal\t is down ")).title == "portal is down"
    assert taken(mail("x" * 990)).title == "x" * 199 + "…"
    assert taken(mail("")).title == "Mail without a subject"
    assert taken(mail("Re:")).title == "Mail without a subject"
    assert taken(mail("[@click=app.quit()]x[/ \x1b[2J\u202e")).title == "[@click=app.quit()]x[/ ␛[2J\ufffd"


@pytest.mark.parametrize(
    ("more", "sender", "reason"),
    [
        (
            "Auto-Submitted: auto-replied\r\n",
            "a@b.example",
            "it was sent by a program: Auto-Submitted auto-replied",
        ),
        ("Auto-Submitted: auto-generated; x=y\r\n", "a@b.example", "Auto-Submitted auto-generated"),
        ("Precedence: bulk\r\n", "a@b.example", "it was sent to many: Precedence bulk"),
        ("X-Autoreply: yes\r\n", "a@b.example", "it is an automatic reply"),
        ("Return-Path: <>\r\n", "a@b.example", "it has no address to return to"),
        ("", "MAILER-DAEMON@b.example", "it is a report of a mail server"),
        ("", "undisclosed", "it has no sender"),
        ("", "<>", "it has no sender"),
    ],
)
def test_machines_and_loops_are_refused_with_a_reason(more: str, sender: str, reason: str) -> None:
    assert reason in refused(mail(sender=sender, more=more))


def test_a_delivery_report_and_our_own_mail_are_refused() -> None:
    report = mail().replace(b"text/plain; charset=utf-8", b"multipart/report; boundary=x")
    assert "report of a mail server" in refused(report)
    assert "LexOps itself" in refused(mail(id="<lexops.abc@firm.example>"))
    assert OWN_ID == f"<{MARK}"
    assert isinstance(read(mail(more="Auto-Submitted: no\r\n"), LIMIT), Mail)


@pytest.mark.parametrize(
    "charset", ["klingon", "zip", "idna", "utf-16", "\x00", "x" * 5000, "unicode_escape"]
)
def test_a_charset_that_is_none_costs_no_mail(charset: str) -> None:
    raw = mail(text="gr\xfc\xdfe").replace(b"charset=utf-8", f'charset="{charset}"'.encode())
    assert taken(raw).sender == "ana@acme.example"


@pytest.mark.parametrize("charset", ["punycode", "PUNYCODE", "idna"])
def test_no_text_is_read_in_the_charset_of_names(charset: str) -> None:
    raw = mail(text="xn--a-ecp.ru and b-tda").replace(b"utf-8", charset.encode())
    assert taken(raw).text == "xn--a-ecp.ru and b-tda"
    assert taken(mail(f"=?{charset}?q?b-tda?= x")).title == "b-tda x"


@pytest.mark.parametrize("long", ["; " * 50_000, '; x="' + ";" * 100_000, "; a*0*=" * 14_000])
def test_of_a_header_with_parameters_only_the_beginning_is_taken_apart(
    long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []

    def counted(text: object, take_apart: Callable[[object], list[str]] = message._parseparam) -> list[str]:
        lengths.append(len(str(text)))
        return take_apart(text)

    monkeypatch.setattr(message, "_parseparam", counted)
    raw = MIXED
    for end in (b"boundary=x", b"boundary=y", b"charset=utf-8", b'b.pdf"', b"Disposition: attachment"):
        raw = raw.replace(end, end + long.encode())
    found = taken(raw)
    assert (found.text, [each.name for each in found.attached]) == ("Hällo", ["b.pdf", "part-4"])
    assert lengths and max(lengths) <= PARAMETERS


def test_bytes_in_a_header_that_is_not_encoded_are_read_as_utf_8_or_else_as_western() -> None:
    assert taken(mail("Grüße")).title == "Grüße"
    assert taken(mail("GrXe").replace(b"GrX", "Grü".encode("latin-1"))).title == "Grüe"


def test_attachments_that_are_too_large_are_left_out_and_named() -> None:
    def part(name: str, size: int) -> str:
        body = base64.b64encode(b"x" * size).decode()
        kind = f'Content-Type: image/png; name="{name}"\r\nContent-Transfer-Encoding: base64'
        return f"--b\r\n{kind}\r\n\r\n{body}\r\n"

    parts = part("big.png", 101) + "".join(part(f"{n}.png", 100) for n in range(11))
    head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    found = taken(f"{head}{parts}--b--\r\n".encode(), 100)
    assert found.left_out == ("big.png (101 bytes)", "10.png (100 bytes)")
    assert len(found.attached) == 10


def test_huge_and_deeply_nested_mails_are_refused_and_long_ones_are_cut() -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(300)
    )
    assert "more than 200 parts" in refused(b"From: a@b.example\r\n" + nested)
    assert "bytes, more than" in refused(b"x" * (MOST + 1))
    assert taken(mail(more=f"X-Huge: {'x' * 500_000}\r\n")).title == "Cannot open the portal"
    assert "more characters" in taken(mail(text="y " * 50_000)).text


def test_a_message_id_alone_makes_no_two_mails_one() -> None:
    first, forged = taken(mail(text="help")), taken(mail(text="nothing"))
    assert first.key == taken(mail(text="help", more="Received: by another way\r\n")).key
    assert first.key != forged.key
    assert first.key.startswith(known_as("<1@acme.example>"))
    long = f"<{'x' * 240}@y>"
    key = taken(mail(id=long)).key
    assert len(key) <= 200 and key.startswith(known_as(long))


@pytest.mark.parametrize(
    "bad",
    ["<!--" * 25_000, "<a " * 30_000, "<a a='" * 16_000, "</" * 50_000, "<![x[" * 20_000, "<" * 100_000],
)
def test_html_that_was_made_to_be_slow_is_not(bad: str) -> None:
    begun = time.process_time()
    plain(bad)
    assert time.process_time() - begun < 2  # the library's parser alone takes up to 100 s


def test_ten_thousand_broken_mails_stop_nobody() -> None:
    chance = random.Random(7)
    seeds = [MIXED, mail(), mail(text="<p>x</p>").replace(b"plain", b"html"), mail("=?utf-8?q?=C3?=")]
    kinds = set()
    for n in range(10_000):
        raw = bytearray(seeds[n % len(seeds)])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(raw))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randint(1, 20)]
                case 2:
                    start = chance.randrange(len(raw))
                    raw[at:at] = raw[start : start + 30]
                case _:
                    raw[at:at] = chance.choice([b"\x00", b"\xff\xfe", b"\r\n", b"\n\n", b"=?x?b?", b"--x--"])
            raw = raw or bytearray(b"x")
        found = read(bytes(raw), LIMIT)
        kinds.add(type(found))
        said = found.reason if isinstance(found, Unwanted) else found.title + found.text
        assert "\x00" not in said and "\x1b" not in said and "cannot be read" not in said
    assert kinds == {Mail, Unwanted}


@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail_or_a_reason(raw: bytes) -> None:
    found = read(raw, LIMIT)
    assert found.key and len(found.key) <= 200
    assert isinstance(found, Mail) or found.reason
