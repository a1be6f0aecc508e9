"""Endpoints beyond one web page: mail, PostgreSQL, ports, names, chains, and the clients' portal."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from lexops.checks.model import Status
from tests import servers
from tests.servers import HOST, HTTPSServer, free_port
from tests.servers.dns import DNSServer
from tests.servers.smtp import SMTPServer
from tests.shipped.looking import FAMILIES, Eye, eventually, told


@pytest.fixture
def mail() -> Iterator[SMTPServer]:
    yield from servers.running(SMTPServer)


@pytest.fixture
def resolver() -> Iterator[DNSServer]:
    yield from servers.running(DNSServer)


@pytest.fixture
def portal(https_server: HTTPSServer) -> Callable[..., Eye]:
    def eye(**settings: object) -> Eye:
        return Eye("endpoint", url=https_server.url, **{"ca_file": str(https_server.ca_file), **settings})

    return eye


# Kinds of endpoint.


@pytest.mark.fires("endpoint.availability")
def test_a_port_that_takes_no_connection_is_critical_until_it_does() -> None:
    port = free_port()
    eye = Eye("endpoint", url=f"tcp://{HOST}:{port}")
    assert eye.look("endpoint.availability").status is Status.CRITICAL
    with socket.create_server((HOST, port)):
        assert eye.look("endpoint.availability").status is Status.OK
        assert eye.look("endpoint.certificate").status is Status.NOT_APPLICABLE


@pytest.mark.fires("endpoint.availability")
def test_a_mail_server_that_turns_away_is_critical_until_it_greets(mail: SMTPServer) -> None:
    eye = Eye("endpoint", url=mail.url, ca_file=str(mail.ca_file))
    assert eye.look("endpoint.availability").status is Status.OK
    mail.greeting = "421 too busy"
    busy = eye.look("endpoint.availability")
    assert (busy.status, busy.summary) == (Status.CRITICAL, "answers 421, not 220")
    mail.greeting = "SSH-2.0-OpenSSH"
    assert eye.look("endpoint.availability").status is Status.CRITICAL
    mail.greeting = "220-hello\r\n220 there"
    assert eye.look("endpoint.availability").status is Status.OK


@pytest.mark.fires("endpoint.certificate", "endpoint.encryption")
def test_a_mail_server_is_judged_by_the_certificate_after_starttls(mail: SMTPServer) -> None:
    eye = Eye("endpoint", url=mail.url, ca_file=str(mail.ca_file))
    assert eye.look("endpoint.certificate").status is Status.OK
    mail.certify(days=-1)
    assert eye.look("endpoint.certificate").summary == "not trusted: certificate has expired"
    assert eye.look("endpoint.availability").status is Status.OK
    assert eye.look("endpoint.encryption").status is Status.OK
    mail.certify()
    assert eye.look("endpoint.certificate").status is Status.OK
    mail.offers_tls = False
    assert eye.look("endpoint.certificate").status is Status.NOT_APPLICABLE
    assert eye.look("endpoint.encryption").status is Status.WARNING
    asked = Eye("endpoint", url=mail.url, encrypted=False)
    assert asked.look("endpoint.encryption").status is Status.NOT_APPLICABLE
    mail.offers_tls = True
    assert eye.look("endpoint.encryption").status is Status.OK


@pytest.mark.fires("endpoint.encryption")
def test_postgresql_that_does_not_encrypt_is_told(postgresql: Any) -> None:
    eye = Eye("endpoint", url=f"postgresql://{HOST}:{postgresql.port}")
    assert eye.look("endpoint.availability").status is Status.OK
    assert eye.look("endpoint.encryption").summary == "it does not offer encryption"
    assert eye.look("endpoint.encryption").status is Status.WARNING


@pytest.mark.fires("endpoint.certificate")
def test_postgresql_is_judged_by_its_certificate(postgresql: Any, tmp_path: Path) -> None:
    authority = servers.Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    eye = Eye("endpoint", url=f"postgresql://{HOST}:{postgresql.port}", ca_file=str(tmp_path / "ca.pem"))
    data = postgresql.process.folder / "data"

    def certify(days: float) -> None:
        pair = authority.issue(tmp_path, names=[HOST], valid_for=timedelta(days=days))
        for path, name in zip(pair, ("server.crt", "server.key"), strict=True):
            shutil.copy(path, data / name)
            owner = data.stat()
            os.chown(data / name, owner.st_uid, owner.st_gid)
            (data / name).chmod(0o600)
        postgresql.execute("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")

    try:
        certify(90)
        eventually(Status.OK, lambda: eye.look("endpoint.certificate"))
        certify(-1)
        expired = eventually(Status.CRITICAL, lambda: eye.look("endpoint.certificate"))
        assert expired.summary == "not trusted: certificate has expired"
        certify(90)
        eventually(Status.OK, lambda: eye.look("endpoint.certificate"))
    finally:
        postgresql.execute("ALTER SYSTEM SET ssl = off", "SELECT pg_reload_conf()")


@pytest.mark.fires("endpoint.addresses", "endpoint.availability")
def test_a_name_that_leads_elsewhere_is_told(resolver: DNSServer) -> None:
    def looks(**settings: object) -> list[Status]:
        eye = Eye("endpoint", **asked, **settings)
        return [eye.look(f"endpoint.{check}").status for check in ("addresses", "availability")]

    resolver.addresses = ["192.0.2.10", "2001:db8::10"]
    asked = {
        "url": "dns://portal.example.com",
        "resolvers": [resolver.address],
        "expect_addresses": ["192.0.2.10", "2001:DB8:0::10"],
    }
    assert looks() == [Status.OK, Status.OK]
    resolver.addresses = ["203.0.113.66"]
    assert looks() == [Status.CRITICAL, Status.OK]
    elsewhere = Eye("endpoint", **asked).look("endpoint.addresses")
    assert elsewhere.summary == f"{resolver.address} gives 203.0.113.66"
    resolver.addresses = []
    assert looks() == [Status.CRITICAL, Status.OK]
    resolver.code = 3
    assert looks() == [Status.WARNING, Status.CRITICAL]
    resolver.code, resolver.silent = 0, True
    assert looks(connect_timeout="1s") == [Status.WARNING, Status.CRITICAL]
    resolver.silent, resolver.addresses = False, ["192.0.2.10", "2001:db8::10"]
    assert looks() == [Status.OK, Status.OK]
    resolver.cut_short = True  # then it is asked over TCP
    assert looks() == [Status.OK, Status.OK]


@pytest.mark.fires("endpoint.addresses")
def test_resolvers_that_differ_are_told_without_any_expectation(resolver: DNSServer) -> None:
    other = DNSServer()
    try:
        eye = Eye("endpoint", url="dns://portal.example.com", resolvers=[resolver.address, other.address])
        assert eye.look("endpoint.addresses").status is Status.OK
        other.addresses = ["192.0.2.99"]
        assert eye.look("endpoint.addresses").summary == "the resolvers give different addresses"
        other.addresses = resolver.addresses
        assert eye.look("endpoint.addresses").status is Status.OK
    finally:
        other.remove()


@pytest.mark.parametrize("url", [f"tcp://{HOST}:9", "dns://portal.example.com", "smtp://mail.example.com"])
def test_what_is_asked_of_web_pages_only_is_not_asked_of_others(url: str) -> None:
    for check in ("plain-http", "security-headers", "cookies", "login"):
        assert Eye("endpoint", url=url).look(f"endpoint.{check}").status is Status.NOT_APPLICABLE


# Certificates.


@pytest.mark.fires("endpoint.certificate")
def test_an_issuer_that_runs_out_is_told_though_the_certificate_lasts(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.certify(issuer=https_server.authority.below(timedelta(days=10)))
    soon = portal().look("endpoint.certificate")
    assert soon.status is Status.WARNING
    assert soon.summary.startswith("CN=LexOps test issuer: valid for 9 d")
    https_server.certify(issuer=https_server.authority.below(timedelta(days=100)))
    assert portal().look("endpoint.certificate").status is Status.OK


@pytest.mark.fires("endpoint.certificate-strength")
def test_a_short_key_is_told(https_server: HTTPSServer, portal: Callable[..., Eye]) -> None:
    assert portal().look("endpoint.certificate-strength").status is Status.OK
    https_server.certify(rsa_bits=1024)
    weak = portal().look("endpoint.certificate-strength")
    assert (weak.status, weak.summary) == (Status.CRITICAL, f"CN={HOST} has an RSA key of 1024 bits")
    https_server.certify(rsa_bits=2048)
    assert portal().look("endpoint.certificate-strength").status is Status.OK


# The portal.

SAFE = {
    "Content-Type": "text/html; charset=utf-8",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@pytest.mark.fires("endpoint.security-headers")
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Strict-Transport-Security", "max-age=300"),
        ("Strict-Transport-Security", ""),
        ("Content-Security-Policy", "frame-ancestors 'none'"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("X-Content-Type-Options", ""),
        ("Referrer-Policy", "unsafe-url"),
    ],
)
def test_a_page_that_does_not_protect_its_visitors_is_told(
    https_server: HTTPSServer, portal: Callable[..., Eye], header: str, value: str
) -> None:
    https_server.headers = dict(SAFE)
    assert portal().look("endpoint.security-headers").status is Status.OK
    https_server.headers = {**SAFE, header: value}
    verdict = portal().look("endpoint.security-headers")
    assert (verdict.status, verdict.total) == (Status.WARNING, 1)
    https_server.headers = dict(SAFE)
    assert portal().look("endpoint.security-headers").status is Status.OK


def test_an_answer_that_is_no_page_needs_no_headers_of_pages(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.headers = {"Content-Type": "application/json"}
    assert portal().look("endpoint.security-headers").status is Status.NOT_APPLICABLE
    assert portal().look("endpoint.cookies").status is Status.NOT_APPLICABLE


@pytest.mark.fires("endpoint.cookies")
def test_a_cookie_that_can_be_stolen_is_told_without_its_value(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.headers = dict(SAFE)
    https_server.cookies = ["session=s3cret; Path=/; secure; HttpOnly; SameSite=Strict", "lang=de; Secure"]
    verdict = portal().look("endpoint.cookies")
    assert (verdict.status, verdict.summary) == (Status.WARNING, "lang is set without HttpOnly, SameSite")
    assert "s3cret" not in told(verdict)
    https_server.cookies = https_server.cookies[:1]
    assert portal().look("endpoint.cookies").status is Status.OK
    https_server.cookies = []
    assert portal().look("endpoint.cookies").status is Status.NOT_APPLICABLE


@pytest.mark.fires("endpoint.availability")
def test_a_redirect_to_somewhere_else_is_critical(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.status, https_server.headers = 302, {"Location": "https://portal.example.com/start"}
    eye = portal(expect_status=302, expect_redirect="https://portal.example.com/")
    assert eye.look("endpoint.availability").status is Status.OK
    https_server.headers = {"Location": "https://elsewhere.example/"}
    assert eye.look("endpoint.availability").status is Status.CRITICAL
    https_server.headers = {"Location": "https://portal.example.com/"}
    assert eye.look("endpoint.availability").status is Status.OK


PASSWORD = "c0rrect & horse {token}"


class Portal:
    """A portal with a log-in: form with a token, session cookie, redirect, log-out."""

    def __init__(self) -> None:
        self.password = PASSWORD
        self.log: list[str] = []
        self.elsewhere = False

    def __call__(self, request: str, form: str, cookies: str) -> tuple[int, dict[str, str], list[str], bytes]:
        self.log.append(request)
        html = {"Content-Type": "text/html"}
        inside = "session=inside" in cookies
        if request == "GET /login":
            page = b'<input name="csrf" value="a&amp;b1">'
            return 200, html, ["visit=1; Path=/"], page
        if request == "POST /login":
            fields = {name: values[0] for name, values in parse_qs(form).items()}
            right = {"user": "probe", "password": self.password, "csrf": "a&b1"}
            if fields != right or "visit=1" not in cookies:
                return 200, html, [], b"wrong password for client Acme"
            there = "https://elsewhere.example/" if self.elsewhere else "/invoices?page=1"
            return 302, {"Location": there}, ["session=inside; Secure"], b""
        if request == "GET /logout":
            return 200, html, ["session=; Max-Age=0"], b"bye"
        return (200, html, [], b"Your invoices") if inside else (403, html, [], b"no")


LOGIN = {
    "username": "probe",
    "password": {"env": "PORTAL_PASSWORD"},
    "steps": [
        {"path": "/login", "token": 'name="csrf" value="([^"]+)"'},
        {
            "path": "/login",
            "method": "POST",
            "form": {"user": "{username}", "password": "{password}", "csrf": "{token}"},
            "expect_text": "Your invoices",
        },
        {"path": "/invoices"},
    ],
    "logout": {"path": "/logout", "expect_text": "bye"},
}


@pytest.mark.fires("endpoint.login")
def test_a_portal_into_which_nobody_gets_is_critical_and_nothing_is_shown(
    https_server: HTTPSServer, portal: Callable[..., Eye], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_PASSWORD", PASSWORD)
    https_server.site = site = Portal()
    eye = portal(login=LOGIN)
    assert eye.look("endpoint.login").status is Status.OK
    assert site.log == ["GET /login", "POST /login", "GET /invoices?page=1", "GET /invoices", "GET /logout"]
    site.password = "another"
    refused = eye.look("endpoint.login")
    assert refused.status is Status.CRITICAL
    assert refused.summary == "2. POST /login: the page does not contain 'Your invoices'"
    assert site.log[-1] == "GET /logout"
    for secret in (PASSWORD, "a&b1", "Acme", "inside"):
        assert secret not in told(refused) + repr(refused)
    site.password, site.elsewhere = PASSWORD, True
    assert eye.look("endpoint.login").summary == "2. POST /login: the answer leads to another host"
    site.elsewhere = False
    assert eye.look("endpoint.login").status is Status.OK
    assert eye.look("endpoint.login", warn="0.000001s", crit="100s").status is Status.WARNING


def test_a_log_in_is_not_sent_to_whom_is_not_trusted(
    https_server: HTTPSServer, portal: Callable[..., Eye], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_PASSWORD", PASSWORD)
    https_server.site = site = Portal()
    assert portal(login=LOGIN, ca_file=None).look("endpoint.login").status is Status.UNKNOWN
    assert site.log == []


def test_every_check_has_an_answer_for_every_kind(mail: SMTPServer, resolver: DNSServer) -> None:
    for settings in (
        {"url": mail.url, "ca_file": str(mail.ca_file)},
        {"url": f"tcp://{HOST}:{mail.port}"},
        {"url": "dns://portal.example.com", "resolvers": [resolver.address]},
    ):
        verdicts = {
            check.check.id: Eye("endpoint", **settings).look(check.check.id) for check in FAMILIES["endpoint"]
        }
        assert {v.status for v in verdicts.values()} <= {Status.OK, Status.NOT_APPLICABLE}
        assert verdicts["endpoint.availability"].status is Status.OK
