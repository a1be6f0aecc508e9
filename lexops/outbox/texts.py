"""The texts of a site: its own where it has them and they can be used, else those of LexOps."""

from __future__ import annotations

import logging

from lexops.config import SiteFile
from lexops.outbox.template import BadTemplate, Text, own, shipped

log = logging.getLogger(__name__)


class Texts:
    """Finds texts; a broken one of the site never keeps a message from going out."""

    def __init__(self, file: SiteFile) -> None:
        folder = file.settings.notify.templates
        self._folder = file.resolve(folder) if folder else None
        self._told: set[str] = set()

    def find(self, name: str, trouble: list[str]) -> Text | None:
        """The text of a name; what is wrong with the site's own is added to `trouble`."""
        try:
            found = own(self._folder, name) if self._folder else None
        except BadTemplate as error:
            trouble.append(str(error))
            if name not in self._told:
                self._told.add(name)
                log.warning("the site's own text %s cannot be used; see: lexops outbox check", name)
            found = None
        return found or shipped(name)
