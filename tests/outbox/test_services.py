"""Services on the web, as real servers: what they are told, how long they get, what their answers mean."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lexops.config import ChannelSettings, SiteFile
from lexops.outbox.channels import Undelivered
from lexops.outbox.dispatch import Dispatcher
from lexops.outbox.model import Message, Recipient, State
from lexops.outbox.opening import open_channel
from lexops.outbox.rendering import Rendered, rendered
from lexops.outbox.teams import card
from lexops.outbox.template import shipped
from tests.clock import START, ManualClock
from tests.outbox.helping import VALUES, Post, everything, fresh_store, notice, page, site_file
from tests.outbox.receivers import HOST, Saying, WebServer, answers, closes, drips, echoes, hangs
from tests.servers.https import Authority
from tests.waiting import PATIENCE

# Apprise loads all its plug-ins at the first use; one of them uses a module that Python is going to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
KINDS = ("webhook", "pagerduty", "slack", "teams", "apprise")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


def secret(folder: Path, name: str, value: str) -> str:
    path = folder / name
    path.touch(0o600)
    path.write_text(f"{value}\n")
    return f'{{ file = "{path}" }}'


def channels(folder: Path, server: WebServer, timeout: str = "60s") -> str:
    """One of each kind, all of them at this server."""
    hook = secret(folder, "hook", f"{server.url}/services/T0/canary-hook")
    notify = secret(folder, "apprise", f"json://{HOST}:{server.port}/canary-path/?:to={{address}}")
    return f"""
[channels.webhook]
kind = "webhook"
url = "{server.url}/lexops"
token = {secret(folder, "token", "canary-token")}
signing_key = {secret(folder, "key", "canary-signing-key")}
timeout = "{timeout}"
[channels.pagerduty]
kind = "pagerduty"
url = "{server.url}/v2/enqueue"
routing_key = {secret(folder, "routing", "canary-routing-key")}
timeout = "{timeout}"
[channels.slack]
kind = "slack"
url = {hook}
timeout = "{timeout}"
[channels.teams]
kind = "teams"
url = {hook}
timeout = "{timeout}"
[channels.apprise]
kind = "apprise"
url = {notify}
timeout = "{timeout}"
"""


class Web:
    """The channels of a site, and the server behind all of them."""

    def __init__(self, folder: Path, server: WebServer, timeout: str = "60s") -> None:
        self.server = server
        self.file: SiteFile = site_file(folder, channels(folder, server, timeout))

    def send(self, kind: str, *messages: Message, address: str = "", key: str = "k") -> str:
        settings: ChannelSettings = self.file.settings.channels[kind]
        return open_channel(settings, self.file).send(words(*messages), address, key).detail

    def body(self, kind: str, *messages: Message, **more: Any) -> Any:
        self.send(kind, *messages, **more)
        return self.server.asked[-1].json


@pytest.fixture
def web(tmp_path: Path, server: WebServer) -> Web:
    return Web(tmp_path, server)


def words(*messages: Message) -> Rendered:
    return rendered(messages or (page(),), shipped, at=START, site="Test & Partners")


# What they are told.


def test_a_webhook_is_signed_so_that_a_copy_can_be_told(web: Web) -> None:
    body = web.body("webhook", address="desk 4", key="escalation/41/1/0/0/ana")
    asked = web.server.asked[-1]
    assert asked.headers["Authorization"] == "Bearer canary-token"
    assert asked.headers["Idempotency-Key"] == "escalation/41/1/0/0/ana"
    stamp = asked.headers["X-LexOps-Timestamp"]
    assert stamp == str(int(START.timestamp()))
    signed = hmac.new(b"canary-signing-key", stamp.encode() + b"." + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["X-LexOps-Signature"] == f"v1={signed}"
    assert body == {
        "version": 1,
        "key": "escalation/41/1/0/0/ana",
        "sent": "2026-03-02T09:00:00Z",
        "site": "Test & Partners",
        "recipient": "operator:ana",
        "address": "desk 4",
        "urgency": "page",
        "subject": "P1 #41: Connections run out",
        "short": "P1 #41 Connections run out billing-db; take it: lexops incident ack 41",
        "text": body["text"],
        "messages": [
            {
                "id": 0,
                "subject": "incident/41",
                "template": "page",
                "urgency": "page",
                "priority": "P1",
                "values": VALUES,
            }
        ],
    }


def test_a_webhook_gets_every_message_of_a_bundle(web: Web) -> None:
    body = web.body("webhook", page("a"), page("b", subject="incident/42"))
    assert [each["subject"] for each in body["messages"]] == ["incident/41", "incident/42"]
    assert body["subject"].startswith("2 messages: ")


def test_pagerduty_opens_takes_and_ends_the_same_incident(web: Web) -> None:
    critical = page(values=VALUES | {"severity": "CRITICAL", "check": "postgresql.connections"})
    opened = web.body("pagerduty", critical)
    again = web.body("pagerduty", replace(critical, key="other", template="page-again"))
    taken = web.body("pagerduty", notice(template="taken"))
    resolved = web.body("pagerduty", notice(template="resolved"))
    assert [each["event_action"] for each in (opened, again, taken, resolved)] == [
        "trigger",
        "trigger",
        "acknowledge",
        "resolve",
    ]
    assert len({each["dedup_key"] for each in (opened, again, taken, resolved)}) == 1
    assert opened["routing_key"] == "canary-routing-key" and "payload" not in resolved
    payload = opened["payload"]
    assert (payload["severity"], payload["source"], payload["component"]) == (
        "critical",
        "billing-db",
        "postgresql.connections",
    )
    assert payload["summary"].startswith("P1 #41 Connections run out")


def test_pagerduty_gets_no_more_than_it_takes(web: Web) -> None:
    long = page("x" * 300, values=VALUES | {"incident": "", "title": "t" * 3000})
    body = web.body("pagerduty", long)
    assert len(body["payload"]["summary"]) <= 1024 and len(body["dedup_key"]) <= 255


@pytest.mark.parametrize(
    ("severity", "told"),
    [("CRITICAL", "critical"), ("WARNING", "warning"), ("UNKNOWN", "error"), ("", "error")],
)
def test_severities_are_those_of_pagerduty(web: Web, severity: str, told: str) -> None:
    assert web.body("pagerduty", page(values={"severity": severity}))["payload"]["severity"] == told


def test_a_notice_wakes_nobody_at_pagerduty(web: Web) -> None:
    assert web.body("pagerduty", notice(values={"severity": "CRITICAL"}))["payload"]["severity"] == "info"


def test_what_somebody_wrote_does_not_act_in_slack(web: Web) -> None:
    text = web.body(
        "slack", notice(template="update", values={"title": "x", "text": "<!channel> & <http://x|y>"})
    )
    assert "&lt;!channel&gt; &amp; &lt;http://x|y&gt;" in text["text"]


def test_what_somebody_wrote_does_not_act_in_teams(web: Web) -> None:
    card = web.body(
        "teams", notice(template="update", values={"title": "x", "text": "**a** [b](http://c)\n\nd"})
    )
    content = card["attachments"][0]["content"]
    assert {block["type"] for block in content["body"]} == {"RichTextBlock"}
    assert "**a** [b](http://c)" in json.dumps(content["body"])


@pytest.mark.parametrize("title", ["Connections run out", "Łączność 連線 🔥" * 12])
def test_a_card_is_no_larger_than_teams_takes_and_counts_what_it_leaves_out(title: str) -> None:
    many = [page(f"k{n}", values=VALUES | {"title": title}) for n in range(60)]
    whole = words(*many)
    found = card(whole)
    assert 20_000 < len(json.dumps(found)) < 28_000
    *shown, last = found["attachments"][0]["content"]["body"]
    left = len(whole.body.split("\n")) - (len(shown) - 1)
    assert last["inlines"][0]["text"] == f"… {left} more lines"


def test_a_long_line_is_shown_in_teams_as_far_as_it_goes() -> None:
    long = notice(template="update", values={"title": "x", "text": "é" * 3_000})
    blocks = card(words(long))["attachments"][0]["content"]["body"]
    assert sum(block["inlines"][0]["text"].count("é") for block in blocks) == 3_000


def test_an_address_is_put_into_an_apprise_url_as_an_address_only(web: Web) -> None:
    body = web.body("apprise", address="+4179&x=1/../?y#z")
    assert body["to"] == "+4179&x=1/../?y#z" and body["title"] == "P1 #41: Connections run out"
    assert web.server.asked[-1].path.startswith("/canary-path")


# What their answers mean.


@pytest.mark.parametrize("kind", KINDS)
def test_each_gives_a_proof(web: Web, kind: str) -> None:
    assert web.send(kind) in ("HTTP 200: ok", "trigger: HTTP 200: ok", "the service took it")


@pytest.mark.parametrize("kind", ["webhook", "pagerduty"])
@pytest.mark.parametrize(
    ("saying", "told", "retry"),
    [
        (answers(500, "oops"), "HTTP 500: oops", True),
        (answers(503), "HTTP 503", True),
        (answers(429), "HTTP 429", True),
        (answers(400, '{"status": "invalid event"}'), 'HTTP 400: {"status": "invalid event"}', False),
        (answers(404), "HTTP 404", False),
        (closes, "the connection failed", True),
    ],
    ids=["500", "503", "429", "400", "404", "closes"],
)
def test_what_may_go_better_another_time_is_tried_again(
    web: Web, kind: str, saying: Saying, told: str, retry: bool
) -> None:
    web.server.says.append(saying)
    with pytest.raises(Undelivered) as refused:
        web.send(kind)
    assert refused.value.detail.startswith(told) and refused.value.retry is retry


@pytest.mark.parametrize("saying", [answers(500), answers(429), answers(404), closes])
def test_apprise_says_only_that_it_did_not_work(web: Web, saying: Saying) -> None:
    web.server.says.append(saying)
    with pytest.raises(Undelivered, match="the service did not take it") as refused:
        web.send("apprise")
    assert refused.value.retry


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Mon, 02 Mar 2026 09:02:00 GMT", 120.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_moment(web: Web, header: str, seconds: float | None) -> None:
    web.server.says.append(answers(429, Retry_After=header))
    with pytest.raises(Undelivered) as refused:
        web.send("pagerduty")
    assert refused.value.after == seconds


@pytest.mark.parametrize("kind", ["slack", "apprise"])
def test_a_redirect_is_not_followed(web: Web, kind: str) -> None:
    with WebServer() as other:
        web.server.says.append(answers(307, Location=f"{other.url}/elsewhere"))
        with pytest.raises(Undelivered):
            web.send(kind)
        assert other.asked == [] and len(web.server.asked) == 1


@pytest.mark.parametrize("kind", ["teams", "apprise"])
def test_apprise_api_112_whoever_hangs_is_given_up(tmp_path: Path, server: WebServer, kind: str) -> None:
    """Is there a timeout? There is."""
    web = Web(tmp_path, server, timeout="0.2s")
    server.always = hangs(server)
    begun = time.monotonic()
    with pytest.raises(Undelivered, match=r"no answer within 0.2 s") as refused:
        web.send(kind)
    assert refused.value.retry and time.monotonic() - begun < PATIENCE


def test_nobody_at_home_is_for_now(tmp_path: Path) -> None:
    with WebServer() as gone:
        web = Web(tmp_path, gone)
    for kind in KINDS:
        with pytest.raises(Undelivered) as refused:
            web.send(kind)
        assert refused.value.retry, kind


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        web.send("webhook")
        assert proxy.asked == [] and len(web.server.asked) == 1


def test_a_certificate_is_verified_and_the_sites_own_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    chain, key = authority.issue(tmp_path, names=[HOST], valid_for=timedelta(days=1))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with WebServer(context) as server:
        text = f'[channels.hook]\nkind = "webhook"\nurl = "{server.url}/x"\n'
        file = site_file(tmp_path, text)
        with pytest.raises(Undelivered, match="certificate is not trusted") as refused:
            open_channel(file.settings.channels["hook"], file).send(words(), "", "k")
        assert not refused.value.retry
        trusting = site_file(tmp_path, f'{text}ca_file = "ca.pem"\n')
        open_channel(trusting.settings.channels["hook"], trusting).send(words(), "", "k")
        assert len(server.asked) == 1


def test_who_hangs_up_in_the_middle_of_tls_is_asked_again(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as listening:

        def hang_up() -> None:
            line, _ = listening.accept()
            with line:
                line.recv(65_536)
                line.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        url = f"https://{HOST}:{listening.getsockname()[1]}/x"
        file = site_file(tmp_path, f'[channels.hook]\nkind = "webhook"\nurl = "{url}"\n')
        with pytest.raises(Undelivered, match="TLS failed") as refused:
            open_channel(file.settings.channels["hook"], file).send(words(), "", "k")
        assert refused.value.retry
        thread.join(60)


# Secrets.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("saying", [echoes(200), echoes(400), closes])
def test_no_secret_is_in_what_is_kept_of_an_answer(
    web: Web, kind: str, saying: Saying, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    web.server.says.append(saying)
    try:
        told = web.send(kind)
    except Undelivered as error:
        told = f"{error} {error.__context__ if error.__cause__ or not error.__suppress_context__ else ''}"
    out, err = capfd.readouterr()
    assert "canary" not in f"{told}{caplog.text}{out}{err}"


def test_a_service_that_drips_is_cut_off_by_the_dispatcher(tmp_path: Path, server: WebServer) -> None:
    """No single wait is long, so only the time limit over the whole attempt ends it."""
    server.always = drips(server)
    text = f'[channels.hook]\nkind = "webhook"\nurl = "{server.url}/x"\ntimeout = "0.2s"\n'
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), text, "attempts = 1")
    post.contacts(("hook", ""))
    post.put(page())
    dispatcher = Dispatcher(post.store, post.file, post.clock, "me")
    dispatcher.turn()
    assert dispatcher.wait(60)
    found = post.find("k")
    assert (found.message.state, found.attempts[0].detail) == (State.FAILED, "no answer within 0.2 s")


def test_no_secret_reaches_the_store_or_the_log(
    tmp_path: Path, server: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    """From end to end: a service that says back everything it was told, and one that hangs up."""
    server.always = echoes(400)
    text = channels(tmp_path, server)
    post = Post(fresh_store(tmp_path), tmp_path, ManualClock(), text, "attempts = 1")
    post.contacts(*((kind, "") for kind in KINDS))
    post.put(page(), notice(recipient=Recipient.parse("channel:slack")))
    worker = Dispatcher(post.store, post.file, post.clock, "me", threads=0)
    for _ in range(len(KINDS) + 1):
        post.clock.advance(seconds=61)
        worker.turn()
    assert post.find("k").message.state is State.FAILED
    assert [each.channel for each in post.find("k").attempts] == list(KINDS)
    kept = everything(post.store)
    assert "HTTP 400" in kept and "canary" not in kept and "canary" not in caplog.text
