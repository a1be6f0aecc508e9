"""Is somebody on call?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Finding, History, Metric, NotApplicable, Observation, Status, check
from lexops.oncall import watch


@check(
    "lexops.on-call-gap",
    target=History,
    every="5m",
    attempts=1,
    source="Grafana OnCall warns of shifts without anybody within 7 days (#4072); a gap now pages nobody",
    fault="a rota whose only operator was removed",
    mend="lexops oncall gaps lists them; put somebody there (lexops oncall override), or mend the layer.",
)
def gap(history: History) -> Iterator[Observation]:
    """Nobody is on call.

    Looks a week ahead in every rota for times without anybody; operators who were removed or have expired are
    nobody. Gaps that somebody wanted are left out.

    An alarm that finds nobody is read in the morning, by the client first.
    """
    found = history.ask(watch.ahead)
    if not found.rotas:
        raise NotApplicable("this site has no rotas")
    yield Metric("rotas with a gap", len(found.missing), limit=found.rotas, info=True)
    for missing in found.missing:
        yield Finding(missing.rota, missing.text, Status.CRITICAL if missing.is_now else Status.WARNING)
