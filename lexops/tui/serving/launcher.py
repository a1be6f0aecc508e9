"""Runs a program as the leader of its terminal: `python -I -S launcher.py PROGRAM ARGUMENTS…`.

A program of its own, because between fork and exec a threaded process may run no Python. Its parent has
made it the leader of a new session; what is missing is that the terminal becomes the session's own, without
which neither a resize nor a hang-up would be told to it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios

if __name__ == "__main__":
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        # Started by nohup a server ignores the hang-up, and its children would inherit that.
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
