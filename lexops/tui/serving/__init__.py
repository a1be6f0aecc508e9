"""The console over SSH: public key to operator, one child process on a terminal per session.

`server.py` listens and counts, `login.py` decides who may come in and with what, `session.py` joins the line
and the child of `child.py`; `limits.py` has the decisions as pure functions.
"""

from __future__ import annotations
