"""What may be said of hosts and endpoints in a site file, and how a mistake is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lexops.config import EndpointSettings, HostSettings, parse, resolver_address
from lexops.errors import ConfigError

LOGIN = {"username": "probe", "password": {"env": "X"}, "steps": [{"path": "/login"}]}


def read(**target: Any) -> Any:
    return parse({"site": {"name": "Test"}, "targets": {"it": target}}, Path("f.toml")).targets["it"]


def test_a_host_may_name_what_is_to_be_watched() -> None:
    host = read(
        kind="host",
        units=["feed@nightly.service"],
        ports=[443],
        processes={"feed": {"match": "feed --daemon"}},
        certificates=["/etc/portal.pem"],
        files={"LEDES out": {"path": "/srv/ledes/*.txt", "oldest": "1h", "severity": "critical"}},
        logs={"server": {"path": "/var/log/x.log", "patterns": {"panic": {"match": "PANIC|FATAL"}}}},
    )
    assert isinstance(host, HostSettings)
    assert (host.processes["feed"].min, host.processes["feed"].max) == (1, None)
    assert host.logs["server"].show is False


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"units": ["a; reboot"]}, "no name of a systemd unit"),
        ({"units": ["-H"]}, "no name of a systemd unit"),
        ({"ports": [0]}, "greater than or equal to 1"),
        ({"certificates": ["portal.pem"]}, "no absolute path"),
        ({"certificates": ["/etc/a\nb"]}, "no absolute path"),
        ({"processes": {"feed": {"match": "(("}}}, "no regular expression"),
        ({"processes": {"feed": {"match": "a\nb"}}}, "printable"),
        ({"processes": {"feed": {"match": "a", "min": 3, "max": 2}}}, "max has to be at least min"),
        ({"files": {"out": {"path": "/srv/*"}}}, "needs one of newest"),
        ({"files": {"out": {"path": "srv/*", "newest": "1d"}}}, "no absolute path"),
        ({"files": {"a;b": {"path": "/srv/*", "newest": "1d"}}}, "pattern"),
        ({"logs": {"l": {"path": "/x", "patterns": {}}}}, "at least 1"),
    ],
)
def test_a_mistake_about_a_host_is_explained(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(kind="host", **wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "ftp://host"}, "allowed: https, http, tcp, smtp, postgresql, dns"),
        ({"url": "tcp://host"}, "needs a port"),
        ({"url": "https://"}, "names no host"),
        ({"url": "dns://name", "resolvers": ["resolver.example"]}, "no address"),
        ({"url": "dns://name", "resolvers": ["192.0.2.1:0"]}, "no address"),
        ({"url": "dns://name", "expect_addresses": ["name"]}, "no IP address"),
        ({"url": "https://host", "resolvers": ["192.0.2.1"]}, "for dns://"),
        ({"url": "http://host", "login": LOGIN}, "needs https://"),
        ({"url": "https://host", "login": {**LOGIN, "password": "secret"}}, "a secret is a table"),
        ({"url": "https://host", "login": {**LOGIN, "steps": []}}, "at least 1"),
        ({"url": "https://host", "login": {**LOGIN, "steps": [{"path": "//evil"}]}}, "no path"),
        ({"url": "https://host", "login": {**LOGIN, "steps": [{"path": "/", "token": "x"}]}}, "brackets"),
        ({"url": "https://host", "login": {**LOGIN, "steps": [{"path": "/", "form": {"a": "b"}}]}}, "POST"),
    ],
)
def test_a_mistake_about_an_endpoint_is_explained(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(kind="endpoint", **wrong)


@pytest.mark.parametrize(
    ("target", "key", "hint"),
    [
        ({"kind": "host", "files": {"out": {"pth": "/x", "newest": "1d"}}}, "pth", 'did you mean "path"'),
        ({"kind": "host", "logs": {"l": {"path": "/x", "pattern": {}}}}, "pattern", '"patterns"'),
        (
            {
                "kind": "endpoint",
                "url": "https://h",
                "login": {**LOGIN, "steps": [{"path": "/", "tokn": ""}]},
            },
            "tokn",
            '"token"',
        ),
    ],
)
def test_an_unknown_key_deep_inside_is_told_with_those_that_are_known(
    target: dict[str, Any], key: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=f'unknown key "{key}"') as caught:
        read(**target)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(text: str, address: tuple[str, int]) -> None:
    assert resolver_address(text) == address


def test_an_endpoint_shows_nothing_of_its_secret() -> None:
    endpoint = read(kind="endpoint", url="https://host", login=LOGIN)
    assert isinstance(endpoint, EndpointSettings)
    assert endpoint.login is not None
    assert endpoint.login.password.env == "X"
