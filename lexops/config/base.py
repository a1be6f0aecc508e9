"""What the settings are made of: tables that forbid unknown keys, durations, zones, URLs, secrets."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from lexops.clock import parse_duration
from lexops.errors import ConfigError

COMMAND_TIMEOUT = 10.0
"""Seconds that a secret's command may take."""

Duration = Annotated[
    timedelta,
    BeforeValidator(lambda v: parse_duration(v) if isinstance(v, str) else v),
    PlainSerializer(lambda v: f"{v.total_seconds():g}s"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+(\.\d+)?[smhdw])+$", "examples": ["30s", "5m", "1h"]}
    ),
]


def zone_name(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write for example Europe/Zurich") from None
    return name


def url_of(allowed: tuple[str, ...]) -> Any:
    def validate(url: str) -> str:
        scheme = url.partition("://")[0]
        if "://" not in url or scheme not in allowed:
            raise ValueError(f"{scheme!r} is no known URL scheme here; allowed: {', '.join(allowed)}")
        if urlsplit(url).password is not None:
            raise ValueError(
                "holds a password; give it as password = { env = … }, { file = … } or { command = … }"
            )
        return url

    return AfterValidator(validate)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Section):
    """Where a secret comes from; exactly one of the three. The secret itself never stands in the file."""

    env: str | None = Field(None, description="name of an environment variable")
    file: Path | None = Field(None, description="a file that only its owner can read; first line counts")
    command: list[str] | None = Field(None, description="a program that prints it, with arguments")

    @model_validator(mode="before")
    @classmethod
    def _is_a_table(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("a secret is a table: { env = … }, { file = … } or { command = … }")
        return value

    @field_validator("file")
    @classmethod
    def _is_beside_the_settings(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        """Relative to the site's file, wherever the program that reads it was started."""
        return file and Path((info.context or {}).get("folder", ""), file.expanduser())

    def model_post_init(self, _context: object) -> None:
        given = [name for name in ("env", "file", "command") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a secret has exactly one of: env, file, command")

    def read(self) -> str:
        """The secret. Raises ConfigError that names the source, never the content."""
        if self.env is not None:
            value = os.environ.get(self.env)
            if value is None:
                raise ConfigError(f"the environment variable {self.env} is not set")
            return value
        if self.file is not None:
            return self._from_file(self.file)
        assert self.command is not None
        return self._from_command(self.command)

    @staticmethod
    def _from_file(path: Path) -> str:
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"{path} can be read by others", hint=f"chmod 600 {path}")
            return path.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, IndexError, UnicodeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
            raise ConfigError(f"no secret in {path}: {reason}") from None

    @staticmethod
    def _from_command(command: list[str]) -> str:
        try:
            done = subprocess.run(
                command, capture_output=True, encoding="utf-8", timeout=COMMAND_TIMEOUT, check=True
            )
        except (OSError, subprocess.SubprocessError, UnicodeError) as error:
            raise ConfigError(f"the secret's command {command[0]!r} failed: {type(error).__name__}") from None
        return done.stdout.partition("\n")[0]


Environment = Literal["production", "staging", "demo"]
