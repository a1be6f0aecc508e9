"""Other people's ticket systems, with which incidents are kept in step."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lexops.config.base import Duration, Secret, Section, url_of


class TrackerSettings(Section):
    """One external tracker."""

    kind: Literal["rest", "jira", "zammad"]
    url: Annotated[str, url_of(("https", "http"))] = Field(description="its base address")
    username: str | None = Field(None, description="jira: the account to which the token belongs")
    token: Secret | None = None
    project: str = Field("", max_length=80, description="jira: project key; zammad: group; rest: any word")
    type: str = Field("Task", max_length=80, description="jira: the type of a new issue")
    customer: str = Field("", max_length=120, description="zammad: whose ticket a new one is")
    states: dict[str, Literal["open", "waiting", "resolved", "cancelled"]] = Field(
        default_factory=dict,
        description="what its states mean here; several may mean the same",
    )
    provider: str | None = Field(None, description="whose tracker it is: a name under [providers]")
    titles: bool = Field(False, description="titles and notes that people wrote may go there")
    timeout: Duration = timedelta(seconds=10)
    every: Duration = Field(timedelta(minutes=1), description="how often it is read")
    ca_file: Path | None = Field(None, description="certificates to trust besides the system's")

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needed = {"jira": ("token", "project"), "zammad": ("token", "project", "customer"), "rest": ()}
        missing = [name for name in needed[self.kind] if not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.kind} needs {' and '.join(missing)}")
        if self.timeout <= timedelta() or self.every <= timedelta():
            raise ValueError("timeout and every have to be longer than 0 s")
        return self
