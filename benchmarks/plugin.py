"""The peer: a check as a program of its own, as monitoring-plugins are. Connects, asks, judges, ends."""

from __future__ import annotations

import sys

import psycopg


def main() -> int:
    address, sql, warn, crit = sys.argv[1:]
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    used, limit = row
    share = 100 * used / limit
    code = 2 if share > float(crit) else 1 if share > float(warn) else 0
    sys.stdout.write(f"{('OK', 'WARNING', 'CRITICAL')[code]} - {used} of {limit} | used={used};;;0;{limit}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
