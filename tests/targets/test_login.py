"""A visitor of a portal: what is sent next, and what an answer means."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from lexops.config import LoginSettings, LoginStepSettings
from lexops.targets.login import Page, Visitor

FORM = LoginStepSettings(path="/login", method="POST", form={"u": "{username}", "p": "{password}{token}"})


@pytest.fixture
def visitor() -> Visitor:
    settings = LoginSettings.model_validate(
        {"username": "probe", "password": {"env": "X"}, "steps": [{"path": "/login"}]}
    )
    return Visitor("https://portal.example/login", settings, "a&b={username}")


def page(status: int = 200, body: str = "", location: str = "", *cookies: str) -> Page:
    return Page(status, location, cookies, body)


def test_fields_are_filled_in_once(visitor: Visitor) -> None:
    visitor.token = "{password}"
    body = visitor.body(FORM)
    assert body is not None
    assert parse_qs(body.decode()) == {"u": ["probe"], "p": ["a&b={username}{password}"]}
    assert visitor.body(LoginStepSettings(path="/")) is None


def test_a_token_is_read_as_a_browser_reads_it(visitor: Visitor) -> None:
    step = LoginStepSettings(path="/", token='value="([^"]*)"')
    assert visitor.verdict(step, page(body='<input value="a&amp;b">')) == ""
    assert visitor.token == "a&b"
    assert visitor.verdict(step, page(body="none")) == "the page holds no token"


def test_cookies_are_kept_until_they_are_taken_back(visitor: Visitor) -> None:
    visitor.take(page(200, "", "", "a=1; Path=/", "b=2; HttpOnly"))
    assert visitor.headers(None) == {"Cookie": "a=1; b=2"}
    visitor.take(page(200, "", "", "a=; Path=/", "b=2; Max-Age=0"))
    assert visitor.headers(None) == {}


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/in", "/in"),
        ("next?x=1", "/account/next?x=1"),
        ("https://portal.example/in", "/in"),
        ("", None),
    ],
)
def test_a_redirect_on_the_same_host_is_followed(visitor: Visitor, location: str, path: str | None) -> None:
    assert visitor.next_path("/account/login", page(302, "", location)) == path


@pytest.mark.parametrize("location", ["https://evil.example/", "//evil.example/", "http://portal.example/"])
def test_nothing_is_sent_to_another_host_or_in_the_clear(visitor: Visitor, location: str) -> None:
    with pytest.raises(ValueError, match="another host"):
        visitor.next_path("/login", page(302, "", location))


def test_neither_password_nor_session_shows_in_a_visitor(visitor: Visitor) -> None:
    visitor.take(page(200, "", "", "session=s3cret"))
    visitor.token = "t0ken"
    assert not any(secret in repr(visitor) for secret in ("a&b", "s3cret", "t0ken"))
