"""What runs by the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    Field,
)

from lexops.config.base import Section, zone_name

_CRON_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def _cron(text: str) -> str:
    """A cron expression in its five fields: minute, hour, day of month, month, day of week (crontab(5))."""
    fields = _CRON_NAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(
            f"{text!r} is no cron expression; write five fields, for example 15 2 * * *, "
            f"or one of {', '.join(_CRON_NAMES)}"
        )
    try:
        next(CronSim(" ".join(fields), datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"{text!r}: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError(f"{text!r} is never due") from None
    return " ".join(fields)


class ScheduleSettings(Section):
    """An operation that runs by the clock."""

    cron: Annotated[str, AfterValidator(_cron)] = Field(
        description="minute, hour, day of month, month, day of week; or @daily and the like"
    )
    zone: Annotated[str, AfterValidator(zone_name)] | None = Field(
        None, description="IANA time zone of the cron expression; default the site's"
    )
    operation: str = Field(description="name of the operation; see: lexops operation list")
    arguments: dict[str, str | int | float | bool] = Field(default_factory=dict)
    operator: str = Field(description="with whose rights it runs, as they are then")
    missed: Literal["skip", "once", "all"] = Field(
        "once", description="what happens to times at which no worker was there"
    )
    enabled: bool = True
