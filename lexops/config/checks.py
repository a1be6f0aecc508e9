"""How targets are looked at, and who else is told of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
)

from lexops.config.base import Duration, Section


def _seconds(span: timedelta) -> timedelta:
    if span < timedelta(seconds=1):
        raise ValueError("has to be at least 1s")
    return span


def _some_time(span: timedelta) -> timedelta:
    if span <= timedelta():
        raise ValueError("has to be longer than 0s")
    return span


Every = Annotated[Duration, AfterValidator(_seconds)]
Timeout = Annotated[Duration, AfterValidator(_some_time)]


class LevelSettings(Section):
    """The thresholds of one metric."""

    warn: str | None = Field(None, description="range in monitoring-plugins syntax, units and % allowed")
    crit: str | None = None


class CheckOverride(Section):
    """What a site changes about a check; unset means as shipped."""

    enabled: bool | None = None
    every: Every | None = None
    timeout: Timeout | None = None
    attempts: int | None = Field(None, ge=1, le=20, description="bad results before a problem is hard")
    warn: str | None = Field(None, description="range in monitoring-plugins syntax, units and % allowed")
    crit: str | None = None
    metrics: dict[str, LevelSettings] = Field(
        default_factory=dict, description="thresholds of single metrics, by their names"
    )


class CheckSettings(CheckOverride):
    targets: dict[str, CheckOverride] = Field(default_factory=dict, description="the same for single targets")


class PluginSettings(Section):
    """One foreign plug-in, run unchanged."""

    command: list[str] = Field(
        min_length=1, description="program and arguments, relative to this file; no shell"
    )
    target: str = Field(description="the target whose state it tells")
    format: Literal["nagios", "checkmk"] = Field(
        "nagios", description="nagios: exit code and one line; checkmk: a local check, one service per line"
    )
    title: str = ""
    every: Every = timedelta(minutes=5)
    timeout: Timeout = timedelta(seconds=10)
    attempts: int = Field(3, ge=1, le=20)


class HeartbeatSettings(Section):
    """A job that reports itself with `lexops check beat`; silence is its failure."""

    target: str = Field(description="the target whose state it tells")
    every: Every = Field(description="how often the job runs")
    grace: Duration = Field(timedelta(minutes=15), description="how much later than that it may be")
    title: str = Field("", max_length=120, description="what is wrong when it stays away")


def loopback(address: str) -> str:
    """`host:port` of this machine only: what is served there needs no log-in."""
    host, _, port = address.rpartition(":")
    if host.strip("[]") not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(
            f"{host or address!r} is not this machine; write 127.0.0.1:9478, and let a proxy that asks for a"
            " log-in carry it further"
        )
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is no port; write for example 127.0.0.1:9478")
    return address


class ExportSettings(Section):
    """Where other monitoring systems find what LexOps knows: states and numbers, no client data."""

    prometheus: Annotated[str, AfterValidator(loopback)] | None = Field(
        None, description="the worker serves /metrics there, for example 127.0.0.1:9478; loopback only"
    )
    nagios_command_file: Path | None = Field(
        None, description="Nagios' or Icinga's external command file; passive results are written to it"
    )
    checkmk_spool: Path | None = Field(
        None, description="spool folder of a Checkmk agent; local checks are written to it"
    )
    every: Every = Field(timedelta(minutes=1), description="how often passive results are written")
