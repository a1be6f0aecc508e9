"""ctrl+p: everything that can be asked for, and everything that can be gone to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from lexops.tui.ink import Ink
from lexops.tui.places import ModePlace, RequestsPlace
from lexops.tui.port import Operation
from lexops.tui.presenters.forms import is_destructive
from lexops.tui.presenters.jump import answers, destinations
from lexops.tui.presenters.search import score
from lexops.tui.screens.room import Room

if TYPE_CHECKING:
    from lexops.tui.frame import Frame


def _prompt(text: str, remark: str) -> Content:
    """Content is taken as it is; a bare string would be parsed as markup."""
    return Content.assemble(Ink(text).text, (f"  {Ink(remark).text}", "dim"))


def _remark(operation: Operation) -> str:
    return f"{operation.name}  destroys" if is_destructive(operation) else operation.name


class Commands(Provider):
    """Operations first, then the entities of the site."""

    @property
    def _console(self) -> Frame:
        return cast("Frame", self.app)

    async def discover(self) -> Hits:
        console = self._console
        for operation in console.operations():
            ask = partial(console.operate, operation.name, self._given())
            yield DiscoveryHit(_prompt(operation.title, _remark(operation)), ask, text=operation.name)
        requests = partial(console.go, RequestsPlace())
        yield DiscoveryHit(_prompt("Requests", "that wait for people"), requests, text="Requests")
        for name, title in console.mode_names():
            yield DiscoveryHit(_prompt(title, "mode"), partial(console.go, ModePlace(name)), text=title)

    async def search(self, query: str) -> Hits:
        console = self._console
        for operation in console.operations():
            if found := score(query, f"{operation.title} {operation.name}"):
                ask = partial(console.operate, operation.name, self._given())
                prompt = _prompt(operation.title, _remark(operation))
                yield Hit(found / 1000 + 1, prompt, ask, text=operation.name)
        known = destinations(console.snapshot, console.mode_names())
        for rank, each in enumerate(answers(query, known, most=30)):
            prompt = _prompt(each.name, f"{each.kind} {each.remark}")
            yield Hit(1 - rank / 100, prompt, partial(console.go, each.place), text=Ink(each.name).text)

    def _given(self) -> dict[str, object]:
        return dict(self.screen.subject()) if isinstance(self.screen, Room) else {}
