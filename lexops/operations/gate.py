"""The one way an operation runs: validate, act and record in one transaction, once per key."""

from __future__ import annotations

from lexops.clock import Clock
from lexops.operations import store as requests
from lexops.operations.arguments import validated
from lexops.operations.catalogue import Catalogue
from lexops.operations.model import Act, Request
from lexops.store import event
from lexops.store.database import Store


class Gate:
    """Runs requests. If the record cannot be written, the act does not happen."""

    def __init__(self, catalogue: Catalogue, store: Store, clock: Clock) -> None:
        self.catalogue = catalogue
        self._store = store
        self._clock = clock

    def run(self, request: Request) -> str:
        """Carry out `request` and answer with one line. The same key answers the same without acting again.

        Raises NotFound, InvalidRequest, or what the operation's body raises; nothing has then changed.
        """
        operation = self.catalogue.find(request.operation)
        arguments = validated(operation, request.arguments)
        with self._store.begin() as connection:
            known = requests.answer_of(connection, request.key)
            if known is not None:
                return known
            at = self._clock.now()
            answer = operation._body(Act(request, at, connection), **arguments)
            requests.record(connection, request, at, answer)
            event.append(connection, at, f"operation.{operation.name}", request.operator, {"answer": answer})
            return answer
