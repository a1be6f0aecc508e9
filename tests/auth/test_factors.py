"""Second factors in the store: nothing is accepted twice, tries are limited, grants are narrow and short."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from lexops.auth import factors, recovery, totp
from lexops.auth.factors import Enrolled, Outcome
from lexops.errors import Refused
from lexops.privacy import store as privacy
from lexops.privacy.keyring import Keyring
from lexops.store.database import Store
from tests.auth.sshkeys import KINDS, PIN, TOUCH, SecurityKey, new_key
from tests.clock import ManualClock
from tests.races import at_once

ANNA, SESSION, SCOPE = "op-anna", "session-1", "destroy:production"
SECRET = totp.new_secret()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def codes(store: Store, keyring: Keyring, clock: ManualClock) -> Sequence[str]:
    """Anna's recovery codes; she has an authenticator now, and a minute has passed."""
    made = recovery.new_codes()
    with store.begin() as connection:
        factors.enrol_totp(connection, keyring, ANNA, SECRET, _code(clock), made, clock.now())
    clock.advance(minutes=1)
    return made


def _code(clock: ManualClock, steps: int = 0) -> str:
    return totp.code_of(SECRET, totp.step_at(clock.now()) + steps)


def _wrong(clock: ManualClock) -> str:
    right = {_code(clock, steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "000001", "000002", "000003") if code not in right)


def _check(store: Store, keyring: Keyring, code: str, now: datetime) -> Outcome:
    with store.begin() as connection:
        return factors.check_code(connection, keyring, ANNA, code, now)


# The authenticator.


def test_nobody_has_a_second_factor_at_first(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    with store.read() as connection:
        assert factors.enrolled(connection, ANNA) == Enrolled(False, 0)
    outcome = _check(store, keyring, "123456", clock.now())
    assert not outcome.accepted
    assert outcome.problem == "no authenticator is enrolled"


def test_an_authenticator_is_enrolled_once_its_code_fits(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    with store.begin() as connection:
        with pytest.raises(Refused, match="does not fit the new authenticator"):
            factors.enrol_totp(connection, keyring, ANNA, SECRET, _wrong(clock), (), clock.now())
        assert factors.enrolled(connection, ANNA) == Enrolled(False, 0)
        made = recovery.new_codes()
        factors.enrol_totp(connection, keyring, ANNA, SECRET, _code(clock), made, clock.now())
        assert factors.enrolled(connection, ANNA) == Enrolled(True, 10)


@pytest.mark.usefixtures("codes")
def test_a_second_authenticator_cannot_displace_the_first(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    other = totp.new_secret()
    with store.begin() as connection, pytest.raises(Refused, match="enrolled already"):
        code = totp.code_of(other, totp.step_at(clock.now()))
        factors.enrol_totp(connection, keyring, ANNA, other, code, (), clock.now())
    assert _check(store, keyring, _code(clock), clock.now()).accepted


def test_of_two_who_enrol_at_once_one_is_refused(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    def enrol(connection: Connection) -> str:
        made = recovery.new_codes()
        try:
            factors.enrol_totp(connection, keyring, ANNA, SECRET, _code(clock), made, clock.now())
        except Refused as refused:
            return str(refused)
        return "enrolled"

    assert at_once(store, enrol) == ("enrolled", "an authenticator is enrolled already")
    with store.read() as connection:
        assert factors.enrolled(connection, ANNA) == Enrolled(True, 10)


def test_the_code_of_the_enrolment_opens_nothing(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    with store.begin() as connection:
        factors.enrol_totp(connection, keyring, ANNA, SECRET, _code(clock), (), clock.now())
    assert "used already" in _check(store, keyring, _code(clock), clock.now()).problem


@pytest.mark.usefixtures("codes")
def test_a_code_is_accepted_as_it_is_typed(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    code = _code(clock)
    outcome = _check(store, keyring, f" {code[:3]} {code[3:]}", clock.now())
    assert outcome == Outcome(True, "totp", strong=False)


@pytest.mark.usefixtures("codes")
def test_a_code_is_not_accepted_again_also_after_a_restart(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    assert _check(store, keyring, _code(clock), clock.now()).accepted
    store.close()
    again = _check(store, Keyring(keyring.folder), _code(clock), clock.now())
    assert not again.accepted
    assert "used already" in again.problem


@pytest.mark.usefixtures("codes")
def test_of_two_tries_with_one_code_at_once_exactly_one_wins(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    code, now = _code(clock), clock.now()
    tries = at_once(store, lambda connection: factors.check_code(connection, keyring, ANNA, code, now))
    assert [each.accepted for each in tries] == [True, False]


@pytest.mark.usefixtures("codes")
def test_a_clock_set_back_brings_no_code_back(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    old, then = _code(clock), clock.now()
    assert _check(store, keyring, old, then).accepted
    clock.jump(then - timedelta(hours=1))
    now_shown = _check(store, keyring, _code(clock), clock.now())
    assert not now_shown.accepted
    assert "clock is behind" in now_shown.problem
    clock.jump(then)
    assert not _check(store, keyring, old, clock.now()).accepted


def test_the_secret_cannot_be_read_in_the_store(store: Store, codes: Sequence[str], tmp_path: Path) -> None:
    with store.read() as connection:
        tables = ("totp_factor", "recovery_code", "sealed_value", "subject_key")
        kept = "".join(
            repr(row) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))
        )
    assert SECRET.hex() not in kept
    assert repr(SECRET)[2:-1] not in kept
    assert not any(code in kept or recovery.normal(code) in kept for code in codes)


def test_what_is_erased_opens_nothing_but_recovery_codes_do(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    with store.begin() as connection:
        privacy.erase(connection, f"operator:{ANNA}")
    assert "erased" in _check(store, keyring, _code(clock), clock.now()).problem
    assert _check(store, keyring, codes[0], clock.now()).accepted


# Tries.


@pytest.mark.usefixtures("codes")
def test_after_five_wrong_codes_even_the_right_one_waits(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    for _ in range(5):
        assert _check(store, keyring, _wrong(clock), clock.advance(seconds=10)).problem == "the code is wrong"
    store.close()
    paused = _check(store, keyring, _code(clock), clock.now())
    assert not paused.accepted
    assert paused.problem == "too many wrong codes; tries are paused for 15 min"
    assert not _check(store, keyring, _code(clock), clock.advance(minutes=14, seconds=59)).accepted
    assert _check(store, keyring, _code(clock), clock.advance(seconds=1)).accepted


@pytest.mark.usefixtures("codes")
def test_after_a_pause_there_are_five_tries_again(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    for _ in range(2):
        for _ in range(5):
            assert _check(store, keyring, _wrong(clock), clock.now()).problem == "the code is wrong"
        assert "paused" in _check(store, keyring, _wrong(clock), clock.now()).problem
        clock.advance(minutes=15)


@pytest.mark.usefixtures("codes")
def test_wrong_codes_of_longer_ago_do_not_count(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    for _ in range(4):
        _check(store, keyring, _wrong(clock), clock.now())
    clock.advance(minutes=15)
    for _ in range(4):
        _check(store, keyring, _wrong(clock), clock.now())
    assert _check(store, keyring, _code(clock), clock.now()).accepted


@pytest.mark.usefixtures("codes")
def test_a_right_code_forgives_the_wrong_ones(store: Store, keyring: Keyring, clock: ManualClock) -> None:
    for _ in range(3):
        for _ in range(4):
            _check(store, keyring, _wrong(clock), clock.now())
        assert _check(store, keyring, _code(clock), clock.now()).accepted
        clock.advance(minutes=1)


def test_guesses_at_recovery_codes_and_replays_count_as_tries(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    code = _code(clock)
    assert _check(store, keyring, code, clock.now()).accepted
    assert _check(store, keyring, codes[0], clock.now()).accepted
    for guess in (code, codes[0], "no-such-code", "\udcff", "0" * 10_000):
        assert not _check(store, keyring, guess, clock.now()).accepted
    assert "paused" in _check(store, keyring, codes[1], clock.now()).problem


@pytest.mark.usefixtures("codes")
def test_of_many_wrong_codes_at_once_each_is_counted(
    store: Store, keyring: Keyring, clock: ManualClock
) -> None:
    now, wrong = clock.now(), _wrong(clock)
    for _ in range(3):
        at_once(store, lambda connection: factors.check_code(connection, keyring, ANNA, wrong, now))
    assert "paused" in _check(store, keyring, _code(clock), now).problem


# Recovery codes.


def test_each_recovery_code_opens_once(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    for used, code in enumerate(codes, 1):
        assert _check(store, keyring, code.upper(), clock.now()) == Outcome(True, "recovery")
        assert "used already" in _check(store, keyring, code, clock.now()).problem
        with store.read() as connection:
            assert factors.enrolled(connection, ANNA).recovery_left == 10 - used


def test_of_two_uses_of_one_recovery_code_at_once_exactly_one_wins(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    now = clock.now()
    tries = at_once(store, lambda connection: factors.check_code(connection, keyring, ANNA, codes[3], now))
    assert [each.accepted for each in tries] == [True, False]


def test_the_codes_of_one_operator_are_nothing_to_another(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    secret = totp.new_secret()
    with store.begin() as connection:
        code = totp.code_of(secret, totp.step_at(clock.now()))
        factors.enrol_totp(connection, keyring, "op-bob", secret, code, (), clock.now())
        assert not factors.check_code(connection, keyring, "op-bob", codes[0], clock.now()).accepted
        assert not factors.check_code(connection, keyring, "op-bob", _code(clock), clock.now()).accepted


def test_a_reset_takes_everything_away_and_lets_enrol_again(
    store: Store, keyring: Keyring, clock: ManualClock, codes: Sequence[str]
) -> None:
    with store.begin() as connection:
        factors.grant(connection, ANNA, SESSION, SCOPE, "totp", False, clock.now(), 5)
        assert factors.reset(connection, ANNA)
        assert not factors.reset(connection, ANNA)
        assert factors.enrolled(connection, ANNA) == Enrolled(False, 0)
        assert factors.fresh(connection, ANNA, SESSION, SCOPE, clock.now()) is None
        assert not connection.execute(select(privacy.sealed_table)).all()
    assert not _check(store, keyring, codes[0], clock.now()).accepted
    other = totp.new_secret()
    with store.begin() as connection:
        code = totp.code_of(other, totp.step_at(clock.now()))
        factors.enrol_totp(connection, keyring, ANNA, other, code, (), clock.now())
    clock.advance(minutes=1)
    assert not _check(store, keyring, _code(clock), clock.now()).accepted
    assert _check(store, keyring, totp.code_of(other, totp.step_at(clock.now())), clock.now()).accepted


# Signatures.


def _challenge(store: Store, now: datetime, session: str = SESSION, scope: str = SCOPE) -> str:
    with store.begin() as connection:
        made = factors.issue_challenge(connection, ANNA, session, scope, site="Muster", name="anna", now=now)
    return made.text


def _answer(
    store: Store,
    keys: Collection[str],
    armoured: str,
    now: datetime,
    session: str = SESSION,
    scope: str = SCOPE,
    touch: bool = True,
    pin: bool = False,
) -> Outcome:
    with store.begin() as connection:
        return factors.check_signature(
            connection, ANNA, session, scope, keys, armoured, now, require_touch=touch, require_pin=pin
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_challenge_is_accepted_once(
    kind: str, store: Store, clock: ManualClock, tmp_path: Path
) -> None:
    key = new_key(tmp_path, "id", kind)
    armoured = key.sign(_challenge(store, clock.now()))
    outcome = _answer(store, {key.fingerprint}, armoured, clock.advance(seconds=30))
    assert outcome == Outcome(True, "ssh-key", strong=False, fingerprint=key.fingerprint)
    again = _answer(store, {key.fingerprint}, armoured, clock.now())
    assert (again.accepted, again.problem) == (False, "the challenge has been answered already")


def test_of_two_answers_at_once_exactly_one_wins(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    key, now = new_key(tmp_path), clock.now()
    armoured = key.sign(_challenge(store, now))
    tries = at_once(
        store,
        lambda connection: factors.check_signature(
            connection, ANNA, SESSION, SCOPE, {key.fingerprint}, armoured, now
        ),
    )
    assert [each.accepted for each in tries] == [True, False]


def test_a_challenge_lasts_two_minutes(store: Store, clock: ManualClock) -> None:
    key, issued = SecurityKey(), clock.now()
    armoured = key.sign(_challenge(store, issued))
    for moment in (issued + timedelta(minutes=2), issued - timedelta(seconds=1)):
        late = _answer(store, {key.fingerprint}, armoured, moment)
        assert (late.accepted, late.problem) == (False, "the challenge has expired; it lasts 2 min")
    assert _answer(store, {key.fingerprint}, armoured, issued + timedelta(seconds=119)).accepted


def test_a_wrong_answer_leaves_the_challenge_open(store: Store, clock: ManualClock) -> None:
    key, other = SecurityKey(), SecurityKey()
    challenge = _challenge(store, clock.now())
    stranger = _answer(store, {key.fingerprint}, other.sign(challenge), clock.now())
    assert stranger.problem == f"the key {other.fingerprint} is not registered for you"
    elsewhere = _answer(store, {key.fingerprint}, key.sign(challenge, namespace="git"), clock.now())
    assert "made for 'git'" in elsewhere.problem
    assert not _answer(store, {key.fingerprint}, "no signature", clock.now()).accepted
    assert _answer(store, {key.fingerprint}, key.sign(challenge), clock.now()).accepted


def test_an_answer_counts_for_its_own_session_and_scope_only(store: Store, clock: ManualClock) -> None:
    key, now = SecurityKey(), clock.now()
    armoured = key.sign(_challenge(store, now))
    none = "no challenge is waiting for a signature"
    assert _answer(store, {key.fingerprint}, armoured, now, session="session-2").problem == none
    assert _answer(store, {key.fingerprint}, armoured, now, scope="destroy:staging").problem == none
    _challenge(store, now, session="session-2")
    assert not _answer(store, {key.fingerprint}, armoured, now, session="session-2").accepted
    assert _answer(store, {key.fingerprint}, armoured, now).accepted


def test_a_new_challenge_ends_the_one_before(store: Store, clock: ManualClock) -> None:
    key, now = SecurityKey(), clock.now()
    first, second = _challenge(store, now), _challenge(store, now)
    assert "does not fit" in _answer(store, {key.fingerprint}, key.sign(first), now).problem
    assert _answer(store, {key.fingerprint}, key.sign(second), now).accepted


def test_of_two_challenges_at_once_one_is_left(store: Store, clock: ManualClock) -> None:
    key, now = SecurityKey(), clock.now()
    first, second = at_once(
        store,
        lambda connection: factors.issue_challenge(
            connection, ANNA, SESSION, SCOPE, site="Muster", name="anna", now=now
        ),
    )
    assert not _answer(store, {key.fingerprint}, key.sign(first.text), now).accepted
    assert _answer(store, {key.fingerprint}, key.sign(second.text), now).accepted


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_touched_security_key_is_strong(kind: str, store: Store, clock: ManualClock) -> None:
    key = SecurityKey(kind)
    armoured = key.sign(_challenge(store, clock.now()), TOUCH | PIN)
    outcome = _answer(store, {key.fingerprint}, armoured, clock.now(), pin=True)
    assert outcome == Outcome(True, "ssh-key", True, ("touch", "pin"), key.fingerprint)


def test_touch_and_pin_can_be_demanded_of_security_keys(store: Store, clock: ManualClock) -> None:
    key, now = SecurityKey(), clock.now()
    challenge = _challenge(store, now)
    untouched = _answer(store, {key.fingerprint}, key.sign(challenge, 0), now)
    assert (untouched.accepted, untouched.problem) == (False, "the security key was not touched")
    no_pin = _answer(store, {key.fingerprint}, key.sign(challenge, TOUCH), now, pin=True)
    assert (no_pin.accepted, no_pin.problem) == (False, "the security key did not ask for its PIN")
    weak = _answer(store, {key.fingerprint}, key.sign(challenge, 0), now, touch=False)
    assert weak == Outcome(True, "ssh-key", strong=False, fingerprint=key.fingerprint)


def test_a_security_keys_counter_must_rise(store: Store, clock: ManualClock) -> None:
    key, now, problems = SecurityKey(), clock.now(), []
    for counter in (8, 7, 8, 9):
        key.counter = counter - 1
        problems.append(_answer(store, {key.fingerprint}, key.sign(_challenge(store, now)), now).problem)
    fell = "the security key's counter did not rise"
    assert problems == ["", fell, fell, ""]


def test_a_security_key_without_a_counter_is_accepted_until_it_shows_one(
    store: Store, clock: ManualClock
) -> None:
    key, now = SecurityKey(), clock.now()
    accepted = []
    for before in (-1, -1, 4, -1):
        key.counter = before
        accepted.append(_answer(store, {key.fingerprint}, key.sign(_challenge(store, now)), now).accepted)
    assert accepted == [True, True, True, False]


# What a second factor opens.


def test_a_grant_covers_its_scope_and_session_for_its_minutes(store: Store, clock: ManualClock) -> None:
    start = clock.now()
    with store.begin() as connection:
        given = factors.grant(connection, ANNA, SESSION, SCOPE, "ssh-key", True, start, 5, ("touch", "pin"))
    with store.read() as connection:

        def fresh(now: datetime, operator: str = ANNA, session: str = SESSION, scope: str = SCOPE) -> object:
            return factors.fresh(connection, operator, session, scope, now)

        assert fresh(start) == fresh(start + timedelta(minutes=4, seconds=59)) == given
        assert (given.method, given.strong, given.flags) == ("ssh-key", True, ("touch", "pin"))
        assert fresh(start + timedelta(minutes=5)) is None
        assert fresh(start, operator="op-bob") is None
        assert fresh(start, session="session-2") is None
        assert fresh(start, scope="destroy:staging") is None
        # The clock was set back: a grant of the future may have been made when it was wrong.
        assert fresh(start - timedelta(microseconds=1)) is None


def test_a_new_grant_takes_the_place_of_the_old_one(store: Store, clock: ManualClock) -> None:
    with store.begin() as connection:
        factors.grant(connection, ANNA, SESSION, SCOPE, "totp", False, clock.now(), 5)
        later = clock.advance(minutes=3)
        given = factors.grant(connection, ANNA, SESSION, SCOPE, "ssh-key", True, later, 5, ("touch",))
        assert factors.fresh(connection, ANNA, SESSION, SCOPE, clock.advance(minutes=4)) == given


def test_two_grants_at_once_leave_one(store: Store, clock: ManualClock) -> None:
    now = clock.now()
    first, second = at_once(
        store,
        lambda connection: factors.grant(connection, ANNA, SESSION, SCOPE, "totp", False, now, 5),
        lambda connection: factors.grant(connection, ANNA, SESSION, SCOPE, "recovery", False, now, 5),
    )
    assert first != second
    with store.read() as connection:
        assert factors.fresh(connection, ANNA, SESSION, SCOPE, now) == second
