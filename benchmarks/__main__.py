"""`python -m benchmarks [audit] [engine] [startup] [list] [--json]`: all of them when none is named."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys

from benchmarks import (
    audit,
    business,
    catalogue,
    clocks,
    durable,
    engine,
    escalation,
    fleet,
    gate,
    reports,
    row_list,
    search,
    startup,
    trends,
)
from benchmarks.figures import as_data, as_text

BENCHMARKS = {
    "audit": audit.measure,
    "engine": engine.measure,
    "catalogue": catalogue.measure,
    "hosts": fleet.measure_hosts,
    "store": fleet.measure_store,
    "startup": startup.measure,
    "list": row_list.measure,
    "gate": gate.measure,
    "durable": durable.measure,
    "trends": trends.measure,
    "reports": reports.measure,
    "business": business.measure,
    "clocks": clocks.measure,
    "escalation": escalation.measure,
    "search": search.measure,
}


def main() -> None:
    """Run the named benchmarks and write what they gave as soon as each is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios against named peers.")
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"{', '.join(BENCHMARKS)}; all when none is given"
    )
    parser.add_argument("--json", action="store_true", help="data for programs, in seconds and bytes")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}"
    measured = []
    if not chosen.json:
        sys.stdout.write(f"{machine}\n")
    for name in chosen.names or BENCHMARKS:
        report = BENCHMARKS[name]()
        measured.append(as_data(report))
        if not chosen.json:
            sys.stdout.write(f"\n{as_text(report)}")
            sys.stdout.flush()
    if chosen.json:
        sys.stdout.write(json.dumps({"machine": machine, "benchmarks": measured}, indent=2) + "\n")


if __name__ == "__main__":
    main()
