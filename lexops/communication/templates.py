"""The texts of drafts: those that are shipped, and the site's own in the folder of `[notify] templates`."""

from __future__ import annotations

import re
from pathlib import Path

from lexops.config import SiteFile
from lexops.errors import ConfigError, NotFound
from lexops.text import clean

SHIPPED = Path(__file__).with_name("texts")
SUFFIX = ".md"
LONGEST = 20_000
"""Bytes of one text."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def names(file: SiteFile) -> list[str]:
    """The names of all texts, sorted."""
    return sorted({path.stem for folder in _folders(file) for path in folder.glob(f"*{SUFFIX}")})


def read(file: SiteFile, name: str) -> str:
    """A text by its name, the site's own before the shipped one. Raises NotFound or ConfigError."""
    places = [folder / f"{name}{SUFFIX}" for folder in _folders(file)] if _NAME.fullmatch(name) else []
    for place in places:
        if place.is_file():
            return _content(place)
    raise NotFound(f"there is no text {name!r}", hint=f"there are: {', '.join(names(file))}")


def _folders(file: SiteFile) -> list[Path]:
    own = file.settings.notify.templates
    return [file.resolve(own), SHIPPED] if own else [SHIPPED]


def _content(place: Path) -> str:
    try:
        with place.open("rb") as source:
            found = source.read(LONGEST + 1)
        if len(found) > LONGEST:
            raise ConfigError(f"{place}: longer than {LONGEST:,} bytes")
        return clean(found.decode("utf-8"), LONGEST)
    except OSError as error:
        raise ConfigError(f"{place}: {error.strerror}", hint="see [notify] templates") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{place}: not UTF-8") from None
