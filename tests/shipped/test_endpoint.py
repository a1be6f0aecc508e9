"""Each endpoint check: a fault makes it fire, the mend clears it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lexops.checks.model import Status, Verdict
from tests.servers import HTTPSServer, free_port
from tests.shipped.looking import Eye, eventually, telling, told


@pytest.fixture
def portal(https_server: HTTPSServer) -> Callable[..., Eye]:
    """Looks at the clients' portal; settings may be given."""

    def eye(**settings: object) -> Eye:
        return Eye("endpoint", url=https_server.url, **{"ca_file": str(https_server.ca_file), **settings})

    return eye


def test_a_sound_endpoint_has_no_problem(portal: Callable[..., Eye]) -> None:
    answer = portal(expect_text="OK").look("endpoint.availability")
    assert answer.status is Status.OK
    assert {m.name for m in answer.metrics} == {"total", "resolved", "connected", "secured", "answered"}
    assert portal().look("endpoint.certificate").status is Status.OK
    assert portal().look("endpoint.certificate-renewal").status is Status.NOT_APPLICABLE


@pytest.mark.fires("endpoint.availability")
def test_an_endpoint_that_does_not_listen_is_critical() -> None:
    nobody = Eye("endpoint", url=f"http://127.0.0.1:{free_port()}/").look("endpoint.availability")
    assert (nobody.status, nobody.unreachable) == (Status.CRITICAL, True)


@pytest.mark.fires("endpoint.availability")
def test_another_status_is_critical_until_it_is_the_expected(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.status = 503
    assert portal().look("endpoint.availability").summary == "answers 503 Service Unavailable, not 200"
    assert portal().look("endpoint.availability").status is Status.CRITICAL
    assert portal(expect_status=503).look("endpoint.availability").status is Status.OK
    https_server.status = 200
    assert portal().look("endpoint.availability").status is Status.OK


def test_what_takes_too_long_is_told_with_its_own_limit(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.delay = 1.5
    eye, late = portal(connect_timeout="1s"), "it: waiting for the answer: no answer within 1 s"
    slow = eventually(Status.CRITICAL, lambda: telling(late, eye.look("endpoint.availability")))
    assert (slow.summary, slow.unreachable) == (late, True)


def test_an_answer_without_the_text_is_critical_and_not_shown(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.body = b"<h1>Database error</h1> client Acme"
    missing = portal(expect_text="Your invoices").look("endpoint.availability")
    assert missing.status is Status.CRITICAL
    assert missing.summary == "the answer does not contain 'Your invoices'"
    assert "Acme" not in told(missing)
    https_server.body = b"<h1>Your invoices</h1>"
    assert portal(expect_text="Your invoices").look("endpoint.availability").status is Status.OK


def test_a_slow_answer_is_a_warning_until_it_is_fast(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    def look() -> Verdict:
        return portal().look("endpoint.availability", warn="0.3s", crit="5s")

    https_server.delay = 0.3
    eventually(Status.WARNING, look)
    https_server.delay = 0.0
    eventually(Status.OK, look)


@pytest.mark.parametrize(
    ("days", "status"),
    [(90, Status.OK), (65, Status.OK), (-1, Status.CRITICAL)],
)
def test_the_time_left_of_a_certificate_is_judged(
    https_server: HTTPSServer, portal: Callable[..., Eye], days: float, status: Status
) -> None:
    https_server.certify(days=days)
    assert portal().look("endpoint.certificate").status is status


def test_a_certificate_about_to_run_out_is_told_until_it_is_renewed(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.certify(days=70)
    late = portal().look("endpoint.certificate", warn="80d:", crit="3d:")
    assert late.status is Status.WARNING
    assert late.summary.startswith("valid for 69 d")
    assert [note.label for note in late.notes] == ["runs out", "for", "issued by"]
    assert portal().look("endpoint.certificate", warn="90d:", crit="80d:").status is Status.CRITICAL
    https_server.certify(days=100)
    assert portal().look("endpoint.certificate", warn="80d:", crit="3d:").status is Status.OK


@pytest.mark.fires("endpoint.certificate")
def test_an_expired_certificate_stops_clients_and_both_checks_say_so(
    https_server: HTTPSServer, portal: Callable[..., Eye]
) -> None:
    https_server.certify(days=-2)
    expired = portal().look("endpoint.certificate")
    assert (expired.status, expired.summary) == (Status.CRITICAL, "not trusted: certificate has expired")
    assert portal().look("endpoint.availability").status is Status.CRITICAL
    https_server.certify(days=90)
    assert portal().look("endpoint.certificate").status is Status.OK


@pytest.mark.parametrize(
    ("settings", "names"),
    [({"ca_file": None}, ["127.0.0.1"]), ({}, ["other.example"])],
    ids=["unknown authority", "another name"],
)
def test_a_certificate_that_is_not_trusted_is_critical(
    https_server: HTTPSServer, portal: Callable[..., Eye], settings: dict[str, None], names: list[str]
) -> None:
    https_server.certify(names=names)
    verdict = portal(**settings).look("endpoint.certificate")
    assert verdict.status is Status.CRITICAL
    assert verdict.summary.startswith("not trusted: ")
    assert https_server.requests == 0


@pytest.mark.fires("endpoint.certificate-renewal")
@pytest.mark.parametrize(
    ("days", "share", "status"),
    [(45, "33%:", Status.OK), (45, "99%:", Status.WARNING), (0.05, "33%:", Status.CRITICAL)],
)
def test_a_short_lived_certificate_is_judged_by_its_share_of_life_left(
    https_server: HTTPSServer, portal: Callable[..., Eye], days: float, share: str, status: Status
) -> None:
    https_server.certify(days=days)
    assert portal().look("endpoint.certificate-renewal", warn=share, crit="10%:").status is status
    assert portal().look("endpoint.certificate").status is Status.OK


@pytest.fixture
def plain_url() -> Iterator[str]:
    """An endpoint without TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            moved = self.path == "/moved"
            self.send_response(308 if moved else 200)
            if moved:
                self.send_header("Location", "https://portal.example.com/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join(60)


@pytest.mark.fires("endpoint.plain-http")
def test_what_answers_in_the_clear_is_told_until_it_leads_to_https(plain_url: str) -> None:
    plain = Eye("endpoint", url=plain_url)
    assert plain.look("endpoint.plain-http").summary == (
        "answers 200 in the clear instead of leading to https://"
    )
    assert plain.look("endpoint.plain-http").status is Status.WARNING
    assert Eye("endpoint", url=f"{plain_url}moved").look("endpoint.plain-http").status is Status.OK


def test_without_tls_there_is_no_certificate_to_judge(plain_url: str) -> None:
    plain = Eye("endpoint", url=plain_url)
    assert plain.look("endpoint.availability").status is Status.OK
    assert plain.look("endpoint.certificate").status is Status.NOT_APPLICABLE
    assert plain.look("endpoint.certificate-renewal").status is Status.NOT_APPLICABLE
