"""No sequence of acts leads a support engineer to a destructive one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lexops.auth.operations import OPERATIONS as PEOPLE
from lexops.errors import LexOpsError
from tests.gates import World, did, paint, rebuild, tear_down, world
from tests.stores import sqlite_store

WORDS = st.sampled_from(
    ["wall", "sam", "ana", "support", "administrator", "1", "2", "3", "rerun", "done", "x"]
)
NAMES = [
    "wall.rebuild",
    "wall.tear-down",
    "approval.grant",
    "approval.refuse",
    "request.resume",
    "request.cancel",
    "request.pause",
    "request.review",
    "operator.add",
    "operator.change-role",
    "operator.remove",
    "operator.add-key",
    "operator.reset-factor",
]


class Support(RuleBasedStateMachine):
    """Sam tries everything, in any order, with every trick a request knows; Ana goes about her work."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        folder = Path(self._folder.name)
        self.store = sqlite_store(folder)
        everything = (paint, tear_down, rebuild, *PEOPLE)
        self.world: World = world(self.store, folder, operations=everything)
        self.asked = 0

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()

    @rule(
        name=st.sampled_from(NAMES),
        words=st.lists(WORDS, min_size=6, max_size=6),
        door=st.sampled_from(["cli", "console", "schedule", "runbook"]),
        glass=st.sampled_from(["", "it burns"]),
        confirmed=st.sampled_from(["", "wall", "wall.tear-down"]),
    )
    def sam_tries(self, name: str, words: list[str], door: str, glass: str, confirmed: str) -> None:
        operation = self.world.gate.catalogue.find(name)
        arguments = {p.name: word for p, word in zip(operation.parameters, words, strict=False)}
        with suppress(LexOpsError):
            self.world.submit("sam", name, door=door, break_glass=glass, confirmed=confirmed, **arguments)

    @rule(scope=st.sampled_from(["destroy:production", "change:production"]))
    def sam_proves_it_is_sam(self, scope: str) -> None:
        self.world.prove("sam", scope)

    @rule()
    def ana_asks(self) -> None:
        self.world.prove("ana")
        answer = self.world.gate.submit(
            self.world.request("ana", "wall.rebuild", target="wall", confirmed="wall")
        )
        self.asked = answer.request

    @rule()
    def a_worker_works(self) -> None:
        self.world.work()

    @invariant()
    def nothing_is_destroyed(self) -> None:
        assert did(self.world.folder) == []
        assert "torn-down" not in self.world.kinds()
        assert self.world.id_of("sam")
        with self.store.read() as connection:
            from lexops.auth import store as people

            assert people.get(connection, "sam").role == "support"


TestSupport = Support.TestCase
TestSupport.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
