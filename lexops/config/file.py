"""The site file: found, read, checked; wrong keys are named with what is allowed."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
)

from lexops.config.notifying import (
    AppriseSettings,
    FileDropSettings,
    PagerDutySettings,
    SlackSettings,
    SMTPSettings,
    TeamsSettings,
    WebhookSettings,
)
from lexops.config.settings import Settings
from lexops.config.targets import (
    EndpointSettings,
    HostSettings,
    MariaDBSettings,
    PostgreSQLSettings,
    SQLiteSettings,
)
from lexops.errors import ConfigError

FILE_NAME = "lexops.toml"


class SiteFile(BaseModel):
    """Settings together with the file they came from, to which relative paths refer."""

    model_config = ConfigDict(frozen=True)
    path: Path
    settings: Settings

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.site.zone)

    def resolve(self, path: Path) -> Path:
        """`path` as meant by the file: relative to it, `~` expanded."""
        return (self.folder / path.expanduser()).resolve()


def find(explicit: Path | None = None) -> Path:
    """The site file: as given, `$LEXOPS_SITE`, here or above, the user's, the machine's."""
    given = explicit or (Path(os.environ["LEXOPS_SITE"]) if os.environ.get("LEXOPS_SITE") else None)
    if given is not None:
        return given / FILE_NAME if given.is_dir() else given
    here = Path.cwd()
    candidates = [folder / FILE_NAME for folder in (here, *here.parents)]
    candidates += [Path.home() / ".config/lexops" / FILE_NAME, Path("/etc/lexops") / FILE_NAME]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigError(
        f"no {FILE_NAME} here, above, in ~/.config/lexops or in /etc/lexops",
        hint="make one with: lexops init   (or look around with: lexops demo)",
    )


def load(path: Path) -> SiteFile:
    """Read and check a site file. Raises ConfigError with file, key and what is allowed."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return SiteFile(path=path.resolve(), settings=parse(document, path))


def parse(document: Mapping[str, Any], path: Path) -> Settings:
    """Settings of an already read document; to `path` refer the error's text and files with secrets."""
    try:
        return Settings.model_validate(document, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise _explained(error, path) from None


def _explained(error: ValidationError, path: Path) -> ConfigError:
    errors = error.errors(include_url=False, include_input=False)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    where = [str(part) for part in first["loc"] if str(part) not in _KINDS]
    more = error.error_count() - 1
    tail = f" (and {more} more)" if more else ""
    if first["type"] == "extra_forbidden":
        key, table = where[-1], where[:-1]
        allowed = _allowed(table, first["loc"])
        hint = _REPLACED.get(key) or _did_you_mean(key, allowed)
        return ConfigError(f'{path}: {_table(table)}unknown key "{key}"{tail}', hint=hint)
    reason = str(first["msg"]).removeprefix("Value error, ")
    hint = ""
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        kinds = _CHANNELS if first["loc"][0] == "channels" else _TARGETS
        reason, hint = 'needs a "kind"', f"allowed kinds: {', '.join(kinds)}"
    return ConfigError(f"{path}: {_table(where[:-1])}{where[-1] if where else ''}: {reason}{tail}", hint=hint)


_TARGETS: dict[str, type[BaseModel]] = {
    "sqlite": SQLiteSettings,
    "postgresql": PostgreSQLSettings,
    "mariadb": MariaDBSettings,
    "host": HostSettings,
    "endpoint": EndpointSettings,
}
_CHANNELS: dict[str, type[BaseModel]] = {
    "smtp": SMTPSettings,
    "webhook": WebhookSettings,
    "pagerduty": PagerDutySettings,
    "slack": SlackSettings,
    "teams": TeamsSettings,
    "apprise": AppriseSettings,
    "file": FileDropSettings,
}
_MODELS = _TARGETS | _CHANNELS
_KINDS = tuple(_MODELS)
_REPLACED = {"sentry_dsn": "it is now [crash_reports] with dsn and server; see docs/crash-reports.md"}
"""Keys of earlier releases."""


def _table(parts: Iterable[str]) -> str:
    name = ".".join(parts)
    return f"[{name}] " if name else ""


def _allowed(table: list[str], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand in the table at `loc`."""
    tagged = next((str(part) for part in loc if str(part) in _KINDS), None)
    model: Any = _MODELS[tagged] if tagged else Settings
    for part in loc[loc.index(tagged) + 1 : -1] if tagged else table:
        field = model.model_fields.get(str(part)) if model else None
        model = next(iter(_models_in(field.annotation)), None) if field else model
    return sorted(model.model_fields) if model else []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _did_you_mean(key: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(key, allowed, n=1)
    guess = f'did you mean "{close[0]}"? ' if close else ""
    return f"{guess}Allowed: {', '.join(allowed)}." if allowed else ""


def json_schema() -> dict[str, Any]:
    """JSON Schema of the site file, for editors (`lexops init --schema`)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
