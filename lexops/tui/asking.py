"""Asking for operations: what is offered, what it still needs, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from textual.app import App
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from lexops.errors import LexOpsError
from lexops.gate.model import Preview, SecondFactorNeeded
from lexops.tui.ink import Ink
from lexops.tui.port import Operation, Port
from lexops.tui.presenters.environment import most_serious
from lexops.tui.presenters.forms import asked, is_confirmed, is_destructive, is_weighty, shown
from lexops.tui.screens.confirm import ConfirmScreen
from lexops.tui.screens.form import FormScreen
from lexops.tui.screens.stepup import StepUpScreen
from lexops.tui.snapshot import Snapshot
from lexops.tui.views import Intent

T = TypeVar("T")
ASKING = "asking"
"""The group of the workers that wait for a person."""


class AskingApp(App[None]):
    """Carries requests to the port. Whether they are allowed is decided behind it."""

    port: Port
    snapshot: Snapshot | None = None

    def look_again(self) -> None:
        """Something was asked for, so that there may soon be news."""

    def operations(self) -> Sequence[Operation]:
        """What the operator may ask for."""
        return self.snapshot.operations if self.snapshot else ()

    def offers(self, name: str) -> bool:
        """Whether the operator may ask for it at all."""
        return any(each.name == name for each in self.operations())

    def _offered(self, name: str) -> Operation | None:
        found = next((each for each in self.operations() if each.name == name), None)
        if found is None:
            self.say(f"{name} is not offered to {self.port.operator}", failed=True)
        return found

    def operate(self, name: str, given: Mapping[str, object]) -> None:
        """Ask for an operation; whatever it still needs, or destroys, is asked in a dialog first."""
        operation = self._offered(name)
        if operation is None:
            return
        wanted = {parameter.name for parameter in operation.parameters}
        known = {key: value for key, value in given.items() if key in wanted}
        complete = bool(known) and not asked(operation, known)
        if complete and (is_destructive(operation) or not is_weighty(operation)):
            # Of two that are confirmed, asked for in a burst, only one dialog is opened.
            self._ask_at_once(operation, known, alone=is_confirmed(operation))
        else:
            form = FormScreen(operation, known, self._environment(known), self.ask, self.preview)
            self.push_screen(form, self._answered)

    def operate_each(
        self,
        name: str,
        field: str,
        values: Sequence[int],
        known: Mapping[str, object],
        done: Callable[[], object],
    ) -> None:
        """Ask for the same act on several things: one form, one request for each, and the result counted.

        `done` is called when at least one of them was done.
        """
        operation = self._offered(name)
        if operation is None:
            return
        if is_confirmed(operation) or is_weighty(operation):
            self.say(f"{operation.title}: only one at a time", "unmark the others", failed=True)
            return

        async def ask(operation: Operation, arguments: Mapping[str, object]) -> str | None:
            said = await self._each(operation, arguments, field, values)
            done()
            return said

        given = {field: " ".join(f"#{value}" for value in values), **known}
        if asked(operation, given):
            form = FormScreen(operation, given, self._environment({}), ask, self.preview)
            self.push_screen(form, self._answered)
        else:
            self._run_asking(lambda: ask(operation, given), alone=True)

    async def _each(
        self, operation: Operation, arguments: Mapping[str, object], field: str, values: Sequence[int]
    ) -> str | None:
        """How many were done, and why the first of the others was not. Raises its error when none was."""
        done, refused = 0, list[tuple[int, LexOpsError]]()
        for value in values:
            try:
                if await self.submit(Intent(operation.name, {**arguments, field: value})) is None:
                    return None
                done += 1
            except LexOpsError as error:
                refused.append((value, error))
        if not done:
            raise refused[0][1]
        words = f"{operation.title}: {done:,} of {len(values):,} done"
        return words + (f"; #{refused[0][0]}: {refused[0][1]}" if refused else "")

    def _ask_at_once(self, operation: Operation, arguments: Mapping[str, object], *, alone: bool) -> None:
        self._run_asking(lambda: self.ask(operation, arguments), alone=alone)

    def _run_asking(self, ask: Callable[[], Awaitable[str | None]], *, alone: bool) -> None:
        async def asking() -> None:
            try:
                self._answered(await ask())
            except LexOpsError as error:
                self.say(str(error), error.hint, failed=True)
                self.look_again()

        _: Worker[None] = self.run_worker(asking, group=ASKING, exclusive=alone)

    def _answered(self, text: str | None) -> None:
        if text is not None:
            self.say(text)
            self.look_again()

    async def ask(self, operation: Operation, arguments: Mapping[str, object]) -> str | None:
        """Ask for an act whose arguments are known; what destroys or reaches a target is confirmed first.

        Gives one line that tells what came of it, or None when it was given up. Raises LexOpsError.
        """
        intent = Intent(operation.name, arguments)
        if not is_confirmed(operation):
            return await self.submit(intent)
        preview = await self.preview(intent)
        dialog = ConfirmScreen(preview, intent, shown(operation, arguments), self.submit)
        return await self.push_screen_wait(dialog)

    async def preview(self, intent: Intent) -> Preview:
        """What an act would do and need. Raises LexOpsError."""
        return await self.aside(lambda: self.port.preview(intent))

    async def submit(self, intent: Intent) -> str | None:
        """Hand a request to the port, and again once its operator has proven who they are."""
        while True:
            try:
                return await self.aside(lambda: self.port.submit(intent))
            except SecondFactorNeeded as needed:
                if not needed.enrolled:
                    raise
                preview = needed.preview
            means = await self.aside(partial(self.port.means, preview.scope))
            if not await self.push_screen_wait(StepUpScreen(self.port, preview, means)):
                return None

    async def aside(self, call: Callable[[], T]) -> T:
        """What a call that may block gives, made in a thread. Raises what it raises."""
        worker = self.run_worker(call, thread=True, group="aside", exit_on_error=False)
        try:
            return await worker.wait()
        except WorkerCancelled:
            raise asyncio.CancelledError from None
        except WorkerFailed as failed:
            raise failed.error from None

    def say(self, text: str, hint: str = "", failed: bool = False) -> None:
        """Show a line for a few seconds."""
        said = "\n".join(Ink(part).text for part in (text, hint) if part)
        self.notify(said, severity="error" if failed else "information", timeout=6, markup=False)

    def _environment(self, given: Mapping[str, object]) -> str:
        targets = self.snapshot.fleet.targets if self.snapshot else ()
        named = [row.environment for row in targets if row.name == given.get("target")]
        return most_serious(named or [row.environment for row in targets])
