"""The site's settings: one typed `lexops.toml`, checked at start, wrong keys named with what is allowed."""

from lexops.config.base import Environment, Secret
from lexops.config.checks import CheckOverride, ExportSettings, HeartbeatSettings, PluginSettings
from lexops.config.file import FILE_NAME, SiteFile, find, json_schema, load, parse
from lexops.config.incidents import IncidentSettings
from lexops.config.intake import IntakeSettings
from lexops.config.notifying import (
    AppriseSettings,
    ChannelSettings,
    FileDropSettings,
    NotifySettings,
    PagerDutySettings,
    SlackSettings,
    SMTPSettings,
    TeamsSettings,
    WebhookSettings,
)
from lexops.config.promises import ObjectiveSettings, ProviderSettings
from lexops.config.schedules import ScheduleSettings
from lexops.config.settings import Settings
from lexops.config.site import DemandSettings, FreezeSettings, PolicySettings, ServeSettings, StoreSettings
from lexops.config.targets import (
    DatabaseSettings,
    EndpointSettings,
    FilesSettings,
    HostSettings,
    LoginSettings,
    LoginStepSettings,
    LogSettings,
    MariaDBSettings,
    PostgreSQLSettings,
    SQLiteSettings,
    TargetSettings,
    resolver_address,
)
from lexops.config.trackers import TrackerSettings

__all__ = [
    "FILE_NAME",
    "AppriseSettings",
    "ChannelSettings",
    "CheckOverride",
    "DatabaseSettings",
    "DemandSettings",
    "EndpointSettings",
    "Environment",
    "ExportSettings",
    "FileDropSettings",
    "FilesSettings",
    "FreezeSettings",
    "HeartbeatSettings",
    "HostSettings",
    "IncidentSettings",
    "IntakeSettings",
    "LogSettings",
    "LoginSettings",
    "LoginStepSettings",
    "MariaDBSettings",
    "NotifySettings",
    "ObjectiveSettings",
    "PagerDutySettings",
    "PluginSettings",
    "PolicySettings",
    "PostgreSQLSettings",
    "ProviderSettings",
    "SMTPSettings",
    "SQLiteSettings",
    "ScheduleSettings",
    "Secret",
    "ServeSettings",
    "Settings",
    "SiteFile",
    "SlackSettings",
    "StoreSettings",
    "TargetSettings",
    "TeamsSettings",
    "TrackerSettings",
    "WebhookSettings",
    "find",
    "json_schema",
    "load",
    "parse",
    "resolver_address",
]
