"""A QR code drawn with half blocks, two modules to a cell: an authenticator's secret crosses to the phone."""

from __future__ import annotations

import segno

QUIET = 2
"""Modules of empty margin: ISO/IEC 18004 asks for 4, for which a screen of 24 lines has no room."""
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def lines(text: str, *, light_terminal: bool = False) -> tuple[str, ...]:
    """The picture, line by line. Without colours, say whether the terminal writes dark on light.

    Up to 106 bytes take 41 by 21 cells, up to 134 bytes 45 by 23; longer ones do not fit 24 lines. An
    `otpauth` URI of ours has 56 bytes, issuer and account.
    """
    matrix = segno.make(text, error="l", micro=False).matrix
    width = len(matrix) + 2 * QUIET
    margin = [False] * QUIET
    dark = [[*margin, *(bool(module) for module in row), *margin] for row in matrix]
    empty = [[False] * width for _ in range(QUIET)]
    rows = [*empty, *dark, *empty]
    # What a block paints is the foreground: the light modules on a dark terminal, the dark ones on a light.
    painted = [[module is light_terminal for module in row] for row in rows]
    if len(painted) % 2:
        painted.append([not light_terminal] * width)
    pairs = zip(painted[::2], painted[1::2], strict=True)
    return tuple("".join(_BLOCKS[cell] for cell in zip(*pair, strict=True)) for pair in pairs)
