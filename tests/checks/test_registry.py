"""Where checks come from, and that broken ones harm nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lexops.checks import registry
from lexops.checks.assignment import assignments
from lexops.checks.model import Status
from lexops.config import parse as parse_settings

GOOD = "-- id: site.good\n-- title: Good\n-- on: sqlite\nSELECT 1 AS id WHERE 0\n"


def installed(folder: Path, name: str, code: str) -> None:
    """A distribution as pip would leave it, on the path."""
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lexops.checks]\n{name} = {name}:checks\n")


PLUGIN = """
from lexops.checks.contract import SQLite, check, Finding

@check("acme.one", target=SQLite)
def one(db):
    "One."
    yield Finding("k", "text")

def checks():
    return [one]
"""


def test_an_installed_plugin_is_found_beside_the_shipped_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, "acme_checks", PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = registry.load()
    assert "acme.one" in found.checks
    assert len(found.checks) > 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import not_there", "ModuleNotFoundError"),
        ("def checks():\n    raise SystemExit(3)", "SystemExit"),
        ("def checks():\n    return [42]", "gave int"),
        ("checks = 5", "TypeError"),
        ("def checks():\n    1/0", "ZeroDivisionError"),
    ],
)
def test_a_broken_plugin_is_reported_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    name = f"broken_{abs(hash(code))}"
    installed(tmp_path, name, code)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = registry.load()
    assert [reason in why for plugin, why in found.broken.items() if name in plugin] == [True]
    assert found.checks
    sys.modules.pop(name, None)


def test_a_name_declared_twice_is_reported_and_the_shipped_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = next(iter(registry.load().checks.values()))
    installed(tmp_path, "copycat", PLUGIN.replace("acme.one", shipped.check.id))
    monkeypatch.syspath_prepend(str(tmp_path))
    found = registry.load()
    assert found.checks[shipped.check.id].check.origin == shipped.check.origin
    assert any("already declared" in why for why in found.broken.values())


def test_the_sites_own_folder_is_read_and_its_broken_files_are_reported(tmp_path: Path) -> None:
    (tmp_path / "good.sql").write_text(GOOD)
    (tmp_path / "bad.sql").write_text("-- id: site.bad\nSELECT 1")
    found = registry.load(tmp_path)
    assert "site.good" in found.checks
    (reason,) = [why for name, why in found.broken.items() if "bad.sql" in name]
    assert reason.startswith("the header lacks 'title'")


def test_a_folder_that_others_can_change_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "good.sql").write_text(GOOD)
    tmp_path.chmod(0o777)
    found = registry.load(tmp_path)
    assert "site.good" not in found.checks
    assert "chmod go-w" in found.broken[str(tmp_path)]


SETTINGS = {
    "site": {"name": "x"},
    "targets": {"a": {"kind": "sqlite", "url": "sqlite:///a"}, "b": {"kind": "sqlite", "url": "sqlite:///b"}},
}


def _assigned(tmp_path: Path, checks: dict[str, object], plugins: dict[str, object] | None = None):  # type: ignore[no-untyped-def]
    sql = GOOD.replace("WHERE 0", "").replace("findings", "values")
    (tmp_path / "good.sql").write_text(sql)
    found = registry.load(tmp_path)
    settings = parse_settings(SETTINGS | {"checks": checks, "plugins": plugins or {}}, Path("x"))
    return assignments(settings, {"site.good": found.checks["site.good"]})


def test_a_site_overrides_a_check_for_all_targets_and_for_one(tmp_path: Path) -> None:
    assigned, wrong = _assigned(
        tmp_path, {"site.good": {"every": "3m", "targets": {"b": {"every": "7m", "attempts": 5}}}}
    )
    assert {a.target: a.runnable.check.every.total_seconds() for a in assigned} == {"a": 180, "b": 420}
    assert wrong == {}


def test_a_switched_off_check_is_not_assigned(tmp_path: Path) -> None:
    assigned, _ = _assigned(tmp_path, {"site.good": {"targets": {"a": {"enabled": False}}}})
    assert [a.target for a in assigned] == ["b"]


def test_wrong_overrides_are_named_and_the_check_runs_as_shipped(tmp_path: Path) -> None:
    assigned, wrong = _assigned(
        tmp_path, {"site.god": {}, "site.good": {"warn": "many", "targets": {"zz": {}}}}
    )
    assert "did you mean site.good" in wrong["[checks.site.god]"]
    assert "'many'" in wrong["[checks.site.good]"]
    assert wrong["[checks.site.good.targets.zz]"] == "no such target"
    assert len(assigned) == 2


def test_an_override_for_a_target_that_the_check_does_not_look_at_is_named(tmp_path: Path) -> None:
    _, wrong = _assigned(tmp_path, {"site.good": {"targets": {"lexops": {"every": "3m"}}}})
    assert wrong == {"[checks.site.good.targets.lexops]": "it does not look at lexops targets"}


def test_plugins_of_the_settings_are_assigned_to_their_target(tmp_path: Path) -> None:
    assigned, wrong = _assigned(
        tmp_path,
        {},
        {"disk": {"command": ["true"], "target": "a"}, "lost": {"command": ["true"], "target": "q"}},
    )
    assert "plugin.disk" in [a.runnable.check.id for a in assigned if a.target == "a"]
    assert wrong == {"[plugins.lost]": "no such target: q"}


def test_the_finding_status_has_a_rank() -> None:
    assert Status.CRITICAL.rank > Status.UNKNOWN.rank > Status.WARNING.rank > Status.OK.rank
