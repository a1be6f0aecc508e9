"""What nobody foresaw: one sentence for the person, types and places in a private log, on request a report.

What is known of a crash is which exception passed which functions of which release. No text of an exception,
local variable, argument, statement, source line, environment or name of a machine is ever read, so that none
has to be taken out of a log or a report again. docs/crash-reports.md has it byte by byte.
"""

from __future__ import annotations

from lexops.crash.guard import guard
from lexops.crash.keeping import configure, keep, sentence
from lexops.crash.log import log_path, open_log

__all__ = ["configure", "guard", "keep", "log_path", "open_log", "sentence"]
