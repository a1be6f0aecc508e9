"""Settings: typed, secrets never in the file, wrong keys named with what is allowed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from lexops import config
from lexops.cli.init import STARTER
from lexops.errors import ConfigError

BASE = '[site]\nname = "x"\n'


def load(folder: Path, text: str) -> config.SiteFile:
    path = folder / "lexops.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


DB = BASE + "[targets.db]\n"
OPEN_PASSWORD = DB + 'kind = "postgresql"\nurl = "postgresql://u:geheim@h/d"'
PLAIN_PASSWORD = DB + 'kind = "postgresql"\nurl = "postgresql://u@h/d"\npassword = "geheim"'


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (
            '[site]\nnam = "x"',
            '[site] unknown key "nam"',
            'did you mean "name"? Allowed: name, read_only, zone.',
        ),
        ('[site]\nname = "x"\nzone = "Mars"', "[site] zone: 'Mars' is no time zone", ""),
        (DB + 'kind = "sqlite"\nurl = "mysql://x"', "allowed: sqlite", ""),
        (DB + 'kind = "sqlite"\nurll = "sqlite:///x"', '[targets.db] unknown key "urll"', 'mean "url"?'),
        (DB + 'kind = "oracle"', '[targets] db: needs a "kind"', "allowed kinds: sqlite, postgresql"),
        (BASE + '[checks."a.b"]\nevery = "5 parsecs"', "write for example 30s, 5m", ""),
        (BASE + '[checks."a.b".targets.db]\nevery = "0s"', "every: has to be at least 1s", ""),
        (BASE + '[checks."a.b"]\ntimeout = "0s"', "timeout: has to be longer than 0s", ""),
        (OPEN_PASSWORD, "holds a password", ""),
        (PLAIN_PASSWORD, "a secret is a table", ""),
        (DB + 'kind = "sqlite"\nurl = "sqlite:///x"\nhost = "metal"', "is no host target", ""),
        (BASE + "[worker]\nconcurrency = 0", "[worker] concurrency", ""),
        (BASE + "[targets.Ä]\n", "not TOML", ""),
        ("= 5", "not TOML", ""),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, says: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    message = str(refused.value)
    assert str(tmp_path / "lexops.toml") in message
    assert says in message
    assert hint in refused.value.hint
    assert "\n" not in message
    assert "geheim" not in message + refused.value.hint


def test_the_starter_is_a_valid_site_also_when_its_examples_are_switched_on(tmp_path: Path) -> None:
    load(tmp_path, STARTER)
    lines = STARTER.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("# [targets"))
    switched_on = [line.removeprefix("# ") for line in lines[start:] if not line.startswith("# Checks")]
    site = load(tmp_path, "\n".join([*lines[:start], *switched_on]))
    assert set(site.settings.targets) == {"db-1", "billing-db", "portal"}


def test_secrets_come_from_environment_file_and_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEXOPS_TEST_SECRET", "one")
    assert config.Secret(env="LEXOPS_TEST_SECRET").read() == "one"
    file = tmp_path / "secret"
    file.write_text("two\n")
    file.chmod(0o600)
    assert config.Secret(file=file).read() == "two"
    assert config.Secret(command=["printf", "three\\nfour"]).read() == "three"


def test_a_secrets_file_is_beside_the_settings_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "portal-password").touch(mode=0o600)
    (tmp_path / "portal-password").write_text("hunter2\n")
    (tmp_path / "lexops.toml").write_text(
        '[site]\nname="x"\n[store]\nurl="postgresql://me@db/l"\npassword = { file = "portal-password" }\n'
    )
    monkeypatch.chdir("/")
    password = config.load(tmp_path / "lexops.toml").settings.store.password
    assert password is not None
    assert password.read() == "hunter2"


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("two\n")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        config.Secret(file=file).read()


@pytest.mark.parametrize(
    "secret",
    [
        config.Secret(env="LEXOPS_NOT_SET"),
        config.Secret(file=Path("/not/there")),
        config.Secret(command=["false"]),
        config.Secret(command=["/not/there"]),
    ],
)
def test_a_secret_that_cannot_be_had_is_one_clear_line(secret: config.Secret) -> None:
    with pytest.raises(ConfigError):
        secret.read()


def test_a_secret_that_is_no_utf_8_is_one_clear_line_without_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_bytes("pässword".encode("latin-1"))
    for secret in (config.Secret(file=file), config.Secret(command=["cat", str(file)])):
        with pytest.raises(ConfigError, match="UnicodeDecodeError") as refused:
            secret.read()
        assert "ssword" not in str(refused.value)


def test_the_site_file_is_found_from_below_and_by_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, BASE)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.delenv("LEXOPS_SITE", raising=False)
    assert config.find() == tmp_path / "lexops.toml"
    monkeypatch.chdir("/")
    monkeypatch.setenv("LEXOPS_SITE", str(tmp_path))
    assert config.find() == tmp_path / "lexops.toml"


def test_the_schema_for_editors_knows_every_table() -> None:
    schema = config.json_schema()
    assert json.dumps(schema)
    assert {"site", "store", "targets", "checks", "plugins"} <= set(schema["properties"])


def test_the_schema_in_the_docs_is_the_real_one() -> None:
    written = Path(__file__).parents[1] / "docs" / "lexops.schema.json"
    assert json.loads(written.read_text()) == config.json_schema()


def test_durations_are_written_with_units(tmp_path: Path) -> None:
    site = load(tmp_path, BASE + '[store]\nkeep_results = "1w2d"')
    assert site.settings.store.keep_results == timedelta(days=9)
