"""A whole `lexops.toml`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from lexops.config.base import Duration, Section
from lexops.config.checks import CheckSettings, ExportSettings, HeartbeatSettings, PluginSettings
from lexops.config.incidents import IncidentSettings
from lexops.config.intake import IntakeSettings
from lexops.config.notifying import ChannelSettings, NotifySettings
from lexops.config.promises import ObjectiveSettings, ProviderSettings, SlaSettings
from lexops.config.schedules import ScheduleSettings
from lexops.config.site import (
    CrashReportSettings,
    PolicySettings,
    RecordSettings,
    ServeSettings,
    SiteSettings,
    StoreSettings,
    WorkerSettings,
)
from lexops.config.targets import TargetSettings
from lexops.config.trackers import TrackerSettings


class KnowledgeSettings(Section):
    """Articles, and the index by which similar incidents are found."""

    index: Path = Field(
        Path("knowledge.db"), description="a file that can be made again at any time; holds titles and notes"
    )
    review_after: Duration = Field(
        timedelta(days=365), description="an article that nobody has looked through for so long is stale"
    )


class Settings(Section):
    """A whole `lexops.toml`."""

    site: SiteSettings
    store: StoreSettings = StoreSettings()
    worker: WorkerSettings = WorkerSettings()
    incidents: IncidentSettings = IncidentSettings()
    policy: PolicySettings = PolicySettings()
    record: RecordSettings = RecordSettings()
    serve: ServeSettings = ServeSettings()
    targets: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")], TargetSettings] = Field(
        default_factory=dict
    )
    checks: dict[str, CheckSettings] = Field(default_factory=dict, description="overrides by check id")
    plugins: dict[str, PluginSettings] = Field(default_factory=dict)
    heartbeats: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], HeartbeatSettings] = Field(
        default_factory=dict, description="jobs that report themselves: lexops check beat NAME"
    )
    export: ExportSettings = ExportSettings()
    schedules: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")], ScheduleSettings] = Field(
        default_factory=dict, description="operations that run by the clock"
    )
    providers: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], ProviderSettings] = Field(
        default_factory=dict,
        description="who outside has promised something; measured by lexops sla provider",
    )
    objectives: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], ObjectiveSettings] = Field(
        default_factory=dict, description="service level objectives; see: lexops sla objectives"
    )
    sla: SlaSettings = SlaSettings()
    channels: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], ChannelSettings] = Field(
        default_factory=dict, description="ways to tell people; see docs/notifications.md"
    )
    notify: NotifySettings = NotifySettings()
    intake: IntakeSettings = IntakeSettings()
    trackers: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")], TrackerSettings] = Field(
        default_factory=dict, description="external ticket systems; see docs/trackers.md"
    )
    knowledge: KnowledgeSettings = KnowledgeSettings()
    crash_reports: CrashReportSettings | None = None

    @model_validator(mode="after")
    def _names_are_there(self) -> Self:
        for name, target in self.targets.items():
            if target.provider is not None and target.provider not in self.providers:
                raise ValueError(f"targets.{name}: provider {target.provider!r} is not under [providers]")
        for name, objective in self.objectives.items():
            for each in objective.targets:
                if each not in self.targets:
                    raise ValueError(f"objectives.{name}: there is no target {each!r}")
        for line in self.notify.last_resort:
            channel = line.split(maxsplit=1)[0] if line.split() else line
            if channel not in self.channels:
                raise ValueError(f"notify.last_resort: {channel!r} is not under [channels]")
        for name, tracker in self.trackers.items():
            if tracker.provider is not None and tracker.provider not in self.providers:
                raise ValueError(f"trackers.{name}: provider {tracker.provider!r} is not under [providers]")
        return self

    @field_validator("targets")
    @classmethod
    def _hosts_exist(cls, targets: dict[str, Any]) -> dict[str, Any]:
        if "lexops" in targets:
            raise ValueError("lexops: this name is that of LexOps itself; give the target another one")
        for name, target in targets.items():
            if target.host is not None and getattr(targets.get(target.host), "kind", None) != "host":
                raise ValueError(f"{name}: host {target.host!r} is no host target of this file")
        return targets
