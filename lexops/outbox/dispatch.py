"""Sends what waits: claims a message, looks once more whether it is still wanted, and sends it."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from lexops.clock import Clock
from lexops.config import ChannelSettings, SiteFile
from lexops.errors import ConfigError, StoreError
from lexops.outbox import sending
from lexops.outbox.bundling import Send
from lexops.outbox.channels import Channel, Undelivered
from lexops.outbox.masking import masked
from lexops.outbox.model import Attempt, Message
from lexops.outbox.opening import open_channel
from lexops.outbox.planning import Job, Planned, planned
from lexops.outbox.progress import NotSent, Outcome, Sent, following
from lexops.outbox.rendering import Rendered, key_of, rendered
from lexops.outbox.routing import Way, why_not
from lexops.outbox.texts import Texts
from lexops.store.database import Store
from lexops.within import Overdue, within

THREADS = 8
"""Sendings at the same time; more where a site has more channels, so that each has two of its own."""
LEASE = timedelta(seconds=60)
"""Beyond a channel's time limit: then the worker that was sending is dead."""
GRACE = 1.0
"""Seconds that a channel has beyond its time limit to say itself that it ran out."""
STALE = 5.0
"""Seconds after which a plan is not worked on any more: a newer one knows better, or the worker leaves."""
TIDY = 3600.0
"""Seconds between two looks for what is too old to be kept."""

log = logging.getLogger(__name__)
Opener = Callable[[ChannelSettings, SiteFile], Channel]
Places = set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Claim:
    """What this worker has taken for one sending."""

    token: str
    messages: Sequence[Message]
    done: Mapping[int, Places]
    """By which ways each has been delivered already, where it is to go by every one."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a sending, to be written down."""

    token: str
    messages: Sequence[Message]
    attempts: Sequence[Attempt]


class Dispatcher:
    """Sends what is due. One for each worker; several may run.

    A turn plans and starts what is to be sent, and does not wait for it: a channel that hangs delays no
    other. Each sending is claimed right before it begins, so nothing lies claimed in a queue. With `threads`
    0 all is sent within the turn, one after the other and without the time limit.
    """

    def __init__(
        self,
        database: Store,
        file: SiteFile,
        time: Clock,
        worker: str,
        *,
        threads: int = THREADS,
        opener: Opener = open_channel,
    ) -> None:
        self._database, self._file, self._time, self._open = database, file, time, opener
        self._channels = file.settings.channels
        self._texts = Texts(file)
        self._tokens = (f"{worker[-60:]}#{number}" for number in count(1))
        self._lease = max((each.timeout for each in self._channels.values()), default=timedelta()) + LEASE
        size = max(threads, 2 * len(self._channels)) if threads else 0
        self._lanes = max(1, size // max(1, len(self._channels)))
        self._pool = ThreadPoolExecutor(size, "sending") if threads else None
        self._change = threading.Condition()
        self._queue: deque[Job] = deque()
        self._planned = 0.0
        self._flying: dict[int, Send] = {}
        self._busy: Counter[str] = Counter()
        self._unwritten: deque[_Result] = deque()
        self._tidied: float | None = None

    def turn(self) -> None:
        """Start to send what is due now. Raises StoreError."""
        self._write_again()
        self._tidy()
        now = self._time.now()
        with self._change:
            flying = dict(self._flying)
        with self._database.read() as connection:
            found = planned(connection, self._file, flying, self._lease, now)
        self._settle(found, now)
        with self._change:
            # What another thread has begun since then is not begun again: its claim would fail anyway.
            self._queue, self._planned = deque(found.jobs), self._time.monotonic()
        if self._pool is None:
            while job := self._next(None):
                self._carry(job)
        else:
            self._start(self._pool)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is on its way; False when the time ran out before."""
        with self._change:
            return self._change.wait_for(lambda: not self._queue and not self._busy.total(), seconds)

    def _settle(self, found: Planned, now: datetime) -> None:
        """Write down what goes on elsewhere and what has to wait."""
        if not found.moved and not found.waits:
            return
        token = self._token()
        with self._database.begin() as connection:
            claimed = sending.claim(connection, found.moving, token, now, self._lease)
            taken = {each.id for each in claimed}
            for message in found.moved:
                if message.id in taken:
                    sending.note(connection, message, None, token)
            sending.hold(connection, found.waits or {})

    def _token(self) -> str:
        with self._change:
            return next(self._tokens)

    # Lanes: so many sendings at a time by each channel.

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Let as many lanes run as there is work for."""
        with self._change:
            for channel, jobs in Counter(job.channel for job in self._queue).items():
                for _ in range(min(jobs, self._lanes - self._busy[channel])):
                    self._busy[channel] += 1
                    pool.submit(self._lane, channel)

    def _lane(self, channel: str) -> None:
        """Send what waits for a channel, one after the other."""
        try:
            while job := self._next(channel):
                self._carry(job)
        finally:
            with self._change:
                self._busy[channel] -= 1
                self._change.notify_all()

    def _next(self, channel: str | None) -> Job | None:
        """The next job of a channel (None: of any); from then on it is on its way."""
        now, passed = self._time.now(), self._time.monotonic()
        with self._change:
            if passed - self._planned > STALE:
                self._queue.clear()
            found = next((job for job in self._queue if channel in (None, job.channel)), None)
            if found is not None:
                self._queue.remove(found)
                way = found.unit.way
                for each in found.unit.messages:
                    self._flying[each.id] = Send(now, way.channel, way.address, str(each.recipient))
            return found

    def _landed(self, messages: Sequence[Message]) -> None:
        with self._change:
            for each in messages:
                self._flying.pop(each.id, None)

    # Sending.

    def _carry(self, job: Job) -> None:
        """Claim, send, write down. Never raises: what fails is tried again."""
        result: _Result | None = None
        try:
            result = self._sent(job)
            if result is not None:
                self._write(result)
        except StoreError:
            log.warning("sending by %s: the store does not work; trying again", job.channel)
            if result is not None:
                # It has been sent: as long as we remember, we write it down later instead of sending again.
                with self._change:
                    self._unwritten.append(result)
                return
        except Exception as error:
            log.warning("sending by %s failed (%s)", job.channel, type(error).__name__)
        self._landed(job.unit.messages)

    def _sent(self, job: Job) -> _Result | None:
        """Send what nobody has taken or cancelled meanwhile. Raises StoreError, before anything was sent."""
        channel = self._opened(job.channel)
        claim = self._claimed(job)
        if not claim.messages:
            return None
        key = key_of(claim.messages)
        outcome: Outcome
        if isinstance(channel, NotSent):
            outcome = channel
        elif claim.messages[0].attempts > self._most:
            outcome = NotSent("it was begun again and again, and nobody came back to say how it went", False)
        else:
            outcome = self._tried(channel, job, claim.messages, key)
        return self._result(job, claim, outcome, key)

    def _opened(self, name: str) -> Channel | NotSent:
        settings = self._channels.get(name)
        if settings is None:
            return NotSent(why_not(Way(name, ""), self._channels), retry=False)
        try:
            return self._open(settings, self._file)
        except ConfigError as error:
            return NotSent(str(error), retry=True)  # the command that prints a secret may work again
        except Exception as error:
            # Its text may hold a secret. It counts as a try: what never opens is left for the next contact.
            log.warning("opening %s failed (%s)", name, type(error).__name__)
            return NotSent(f"it cannot be opened: {type(error).__name__}", retry=True)

    def _claimed(self, job: Job) -> _Claim:
        """What is ours to send, looked at once more after the claim. Raises StoreError."""
        token, now = self._token(), self._time.now()
        with self._database.begin() as connection:
            claimed = sending.claim(connection, job.unit.messages, token, now, self._lease)
        if not claimed:
            return _Claim(token, (), {})
        with self._database.read() as connection:
            wanted = sending.still_wanted(connection, [each.id for each in claimed], token)
            messages = [each for each in claimed if each.id in wanted]
            every = [each for each in messages if job.routes[each.id].every]
            return _Claim(token, messages, {each.id: sending.done(connection, each.id) for each in every})

    def _tried(self, channel: Channel, job: Job, messages: Sequence[Message], key: str) -> Outcome:
        """Send it, within the channel's time limit."""
        way, first, trouble = job.unit.way, messages[0], list[str]()
        reason = first.error or job.routes[first.id].why or "no contact took it" if way.is_last_resort else ""
        words = rendered(
            messages,
            lambda name: self._texts.find(name, trouble),
            at=self._time.now(),
            site=self._file.settings.site.name,
            last_resort=reason,
        )
        try:
            proof = self._limited(channel, words, way, key)
        except Undelivered as error:
            return NotSent(_without(way.address, error.detail), error.retry, error.after)
        except Exception as error:
            # A fault of a library: its text may hold anything, an address with its secrets too.
            log.warning("sending by %s failed (%s)", way.channel, type(error).__name__)
            return NotSent(f"it failed: {type(error).__name__}", retry=True)
        told = "".join(f"; with the text of LexOps, because {each}" for each in dict.fromkeys(trouble))
        return Sent(_without(way.address, proof) + told)

    def _limited(self, channel: Channel, words: Rendered, way: Way, key: str) -> str:
        """What the channel answers. One that does not come back is left behind: nobody can stop it."""
        if self._pool is None:
            return channel.send(words, way.address, key).detail
        seconds = self._channels[way.channel].timeout.total_seconds()
        try:
            return within(
                seconds + GRACE,
                lambda: channel.send(words, way.address, key).detail,
                f"sending by {way.channel}",
            )
        except Overdue:
            raise Undelivered(f"no answer within {seconds:g} s", retry=True) from None

    @property
    def _most(self) -> int:
        return self._file.settings.notify.attempts

    # What came of it.

    def _result(self, job: Job, claim: _Claim, outcome: Outcome, key: str) -> _Result:
        now, way = self._time.now(), job.unit.way
        detail = outcome.proof if isinstance(outcome, Sent) else outcome.why
        delivered = isinstance(outcome, Sent)
        attempts = [
            Attempt(each.id, now, way.channel, way.address, delivered, detail) for each in claim.messages
        ]
        after = [
            following(
                each,
                way,
                outcome,
                job.routes[each.id],
                done=claim.done.get(each.id, set()),
                most=self._most,
                key=key,
                now=now,
            )
            for each in claim.messages
        ]
        return _Result(claim.token, after, attempts)

    def _write(self, result: _Result) -> None:
        with self._database.begin() as connection:
            for message, attempt in zip(result.messages, result.attempts, strict=True):
                sending.note(connection, message, attempt, result.token)

    def _write_again(self) -> None:
        """Write down what the store did not take at its time. Raises StoreError."""
        while self._unwritten:
            result = self._unwritten[0]
            self._write(result)
            self._unwritten.popleft()
            self._landed(result.messages)

    def _tidy(self) -> None:
        """Forget what was sent long ago, now and then."""
        passed = self._time.monotonic()
        if self._tidied is not None and passed - self._tidied < TIDY:
            return
        self._tidied = passed
        before = self._time.now() - self._file.settings.notify.keep
        forgotten = True
        while forgotten:
            with self._database.begin() as connection:
                forgotten = sending.forget(connection, before) > 0


def _without(address: str, detail: str) -> str:
    """A text of a service without the address in full."""
    return detail.replace(address, masked(address)) if address else detail
