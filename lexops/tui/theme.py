"""The colours: Okabe and Ito's, told apart by colour-blind eyes, on a dark and on a light ground.

Status is always a word and a sign as well, so that the themes only add to what is written.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="lexops-dark",
    primary="#56B4E9",
    secondary="#56B4E9",
    accent="#56B4E9",
    warning="#E69F00",
    error="#FF7A45",
    success="#35B58E",
    foreground="#C9CCD1",
    background="#0F1216",
    surface="#171B21",
    panel="#1D232B",
    dark=True,
    variables={
        "quiet": "#878E99",
        "rule": "#333A44",
        "title": "#9FB6C9",
        "key": "#9CCBEA",
        "chip": "#2B3B4A",
        "chip-text": "#DCEBF7",
        "badge": "#2E3540",
        "badge-text": "#C9CCD1",
        "production": "#F0E442",
        "production-text": "#101010",
        "cursor": "#202A35",
        "ok": "#35B58E",
        "warn": "#E69F00",
        "unknown": "#D48FB5",
        "crit": "#FF7A45",
    },
)

LIGHT = Theme(
    name="lexops-light",
    primary="#0072B2",
    secondary="#0072B2",
    accent="#0072B2",
    warning="#8F5E00",
    error="#B23C00",
    success="#006B4E",
    foreground="#22262B",
    background="#FAFAF7",
    surface="#F1F1EC",
    panel="#E8E8E2",
    dark=False,
    variables={
        "quiet": "#656B73",
        "rule": "#C6C8C4",
        "title": "#30536B",
        "key": "#005A8C",
        "chip": "#CFE0EC",
        "chip-text": "#12303F",
        "badge": "#DADCD7",
        "badge-text": "#22262B",
        "production": "#F0E442",
        "production-text": "#101010",
        "cursor": "#DFE9F0",
        "ok": "#006B4E",
        "warn": "#8F5E00",
        "unknown": "#95416F",
        "crit": "#B23C00",
    },
)

THEMES = {"dark": DARK, "light": LIGHT}
