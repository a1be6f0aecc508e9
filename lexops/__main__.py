"""`python -m lexops`."""

from __future__ import annotations

from lexops.app import main

if __name__ == "__main__":
    main()
