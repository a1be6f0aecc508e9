"""What an act still needs is asked on the way: a word, a reason, a second factor."""

from __future__ import annotations

import threading

import pytest
from textual.widgets import Button, Input, TextArea

from lexops.errors import Refused, StoreError
from lexops.operations import Effect
from lexops.tui.presenters.confirm import confirm_lines, needs_words, tries_words
from lexops.tui.presenters.forms import button_words
from lexops.tui.views import Intent, Means
from tests.tui.conftest import Desk, desk
from tests.tui.port import REASON, RESTORE, FakeOperation, FakeParameter, FakePort, preview
from tests.waiting import PATIENCE

GRANT = FakeOperation("approval.grant", "Approve a request", "change", (REASON,), critical=True)


async def confirming(d: Desk) -> None:
    d.console.operate("backup.restore", {"target": "billing-db"})
    await d.until(lambda: d.here == "ConfirmScreen")
    await d.settle()


def focused(d: Desk) -> str | None:
    return d.console.focused.id if d.console.focused else None


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_confirmation_names_target_environment_plan_and_what_is_needed(size: tuple[int, int]) -> None:
    async with desk(FakePort(offered=(RESTORE,)), size) as d:
        await confirming(d)
        text = d.screen_text()
        for said in (
            "Restore a backup billing-db",
            " PRODUCTION ",
            "loses 7 h 58 min of entries",
            "keeps the present database",
            "your second factor, then approval by another person",
            " billing-db  to go on",
            "Cancel",
            "Break the glass",
        ):
            assert said in text, said
        assert focused(d) == "cancel"


async def test_enter_on_a_fresh_confirmation_does_nothing_but_close_it() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        await d.press("enter")
        assert d.here == "OverviewScreen" and d.port.intents == []


async def test_escape_cancels_a_confirmation() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        await d.press("escape")
        assert d.here == "OverviewScreen" and d.port.intents == []


async def test_escape_promises_nothing_once_the_act_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    at_once = FakePort.submit

    def slowly(port: FakePort, intent: Intent) -> str:
        assert answer.wait(PATIENCE)
        return at_once(port, intent)

    monkeypatch.setattr(FakePort, "submit", slowly)
    note = FakeOperation("incident.note", "Note something", "change", (REASON,))
    async with desk(FakePort(offered=(RESTORE, note))) as d:
        try:
            await confirming(d)
            d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
            d.console.screen.query_one("#go", Button).press()
            await d.until(lambda: d.console.screen.query_one("#go", Button).disabled)
            await d.pilot.press("escape")
            await d.until(lambda: "cannot be called back" in d.screen_text())
            d.console.screen.query_one("#cancel", Button).press()
            d.console.screen.query_one("#glass", Button).press()
            await d.pilot.pause()
            assert d.here == "ConfirmScreen" and "cannot be called back" in d.screen_text()
        finally:
            answer.set()
        await d.until(lambda: d.here == "OverviewScreen")
        assert len(d.port.intents) == 1
        answer.clear()
        try:
            d.console.operate("incident.note", {})
            await d.until(lambda: d.here == "FormScreen")
            await d.press("~because")
            await d.pilot.press("ctrl+s", "escape")
            await d.until(lambda: "cannot be called back" in d.screen_text())
            assert d.here == "FormScreen"
        finally:
            answer.set()
        await d.until(lambda: d.here == "OverviewScreen")
        assert len(d.port.intents) == 2


async def test_a_dialog_keeps_nobody_in_the_console() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        await d.pilot.press("q")
        assert not d.console.ending.is_set()
        await d.pilot.press("ctrl+q")
        assert d.console.ending.is_set()


async def test_a_wrong_word_does_nothing_and_the_right_one_needs_another_key() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        await d.press("up", "~billing", "enter")
        assert "the word is not right" in d.screen_text() and focused(d) == "confirm-word"
        await d.press("tab", "tab", "enter")
        assert d.port.intents == [] and d.here == "ConfirmScreen"
        d.console.screen.query_one("#confirm-word", Input).value = ""
        d.console.screen.query_one("#confirm-word").focus()
        await d.press("~billing-db", "enter")
        assert focused(d) == "go" and d.port.intents == []
        await d.press("enter")
        await d.until(lambda: d.here == "OverviewScreen")
        (intent,) = d.port.intents
        assert (intent.operation, intent.confirmed, intent.break_glass) == (
            "backup.restore",
            "billing-db",
            "",
        )
        await d.until(lambda: "backup.restore requested" in d.toasts)


async def test_breaking_the_glass_is_marked_and_needs_a_reason() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        assert "BREAK GLASS" not in d.screen_text()
        await d.push("#glass")
        await d.settle()
        text = d.screen_text()
        assert "▲ BREAK GLASS" in text and "Everybody is alarmed" in text and "Restore a backup NOW" in text
        assert "approval by another person" not in text
        d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
        await d.push("#go")
        await d.settle()
        assert "a reason is needed" in d.screen_text() and d.port.intents == []
        await d.press("~the court waits", "enter", "enter", "enter")
        await d.until(lambda: d.port.intents)
        assert d.port.intents[0].break_glass == "the court waits"
        assert d.port.intents[0].confirmed == "billing-db"


async def test_going_back_from_the_glass_asks_for_approval_again() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        await d.push("#glass")
        await d.settle()
        d.console.screen.query_one("#glass-reason", Input).value = "changed my mind"
        await d.push("#glass")
        await d.settle()
        d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
        await d.push("#go")
        await d.until(lambda: d.port.intents)
        assert d.port.intents[0].break_glass == ""


async def test_what_needs_no_approval_has_no_glass_to_break() -> None:
    port = FakePort(offered=(RESTORE,), shown=preview(approvals=0, break_glass=False, second_factor=None))
    async with desk(port) as d:
        await confirming(d)
        assert not d.console.screen.query("#glass") and "nothing more" in d.screen_text()


async def test_asking_twice_in_a_burst_opens_one_confirmation() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        d.console.operate("backup.restore", {"target": "billing-db"})
        d.console.operate("backup.restore", {"target": "billing-db"})
        await d.until(lambda: d.here == "ConfirmScreen")
        await d.settle()
        await d.press("escape")
        await d.settle()
        assert d.here == "OverviewScreen"


async def test_a_refusal_stays_in_the_confirmation_and_leaves_cancel_in_focus() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        await confirming(d)
        d.port.refuse = Refused("changes are frozen: audit week", hint="wait until Monday")
        d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
        await d.push("#go")
        await d.until(lambda: "changes are frozen" in d.screen_text())
        assert "wait until Monday" in d.screen_text() and focused(d) == "cancel"


async def test_what_is_refused_before_it_is_planned_is_said_and_not_confirmed() -> None:
    async with desk(FakePort(offered=(RESTORE,), refuse=Refused("support engineers destroy nothing"))) as d:
        d.console.operate("backup.restore", {"target": "billing-db"})
        await d.until(lambda: "support engineers destroy nothing" in d.toasts)
        assert d.here == "OverviewScreen"


async def test_a_destructive_act_with_fields_is_confirmed_after_its_form() -> None:
    async with desk(FakePort(offered=(RESTORE,))) as d:
        d.console.operate("backup.restore", {})
        await d.until(lambda: d.here == "FormScreen")
        await d.settle()
        await d.press("tab", "tab", "~billing-db", "enter", "enter")
        await d.until(lambda: d.here == "ConfirmScreen")
        await d.press("escape")
        await d.press("ctrl+s")  # goes on where nothing is destroyed, and only there
        assert d.here == "FormScreen" and d.port.intents == []
        assert d.console.screen.query_one(Input).value == "billing-db"


async def stepping_up(d: Desk) -> None:
    d.console.operate("approval.grant", {"reason": "seen"})
    await d.until(lambda: d.here == "FormScreen")
    await d.settle()
    await d.push("#go")
    await d.until(lambda: d.here == "StepUpScreen")
    await d.settle()


def grant_port(**more: object) -> FakePort:
    shown = preview(
        title="Approve a request", effect=Effect.CHANGE, scope="change:production", word="", plan=()
    )
    return FakePort(offered=(GRANT,), code="123456", shown=shown, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_second_factor_is_asked_for_by_itself_and_the_request_goes_on(size: tuple[int, int]) -> None:
    async with desk(grant_port(), size) as d:
        await stepping_up(d)
        text = d.screen_text()
        for said in ("Second factor", " PRODUCTION ", "Approve a request", "5 min"):
            assert said in text, said
        assert focused(d) == "stepup-code"
        await d.press("~111111", "enter")
        await d.until(lambda: "the code is wrong" in d.screen_text())
        assert "at most 4 more tries" in d.screen_text()
        assert d.console.screen.query_one("#stepup-code", Input).value == "" and d.port.asked == []
        await d.press("~222222", "enter")
        await d.until(lambda: "at most 3 more tries" in d.screen_text())
        await d.press("~123456")
        assert "123456" not in d.screen_text()
        await d.press("enter")
        await d.until(lambda: d.port.asked)
        await d.until(lambda: d.here == "OverviewScreen")
        first, second = d.port.intents
        assert first == second  # the same key: one act, however often it is handed over


async def test_giving_up_the_second_factor_gives_up_the_request_and_keeps_the_form() -> None:
    async with desk(grant_port()) as d:
        await stepping_up(d)
        await d.press("escape")
        await d.until(lambda: d.here == "FormScreen")
        assert d.port.asked == [] and len(d.port.intents) == 1
        assert not d.console.screen.query_one("#go", Button).disabled


async def test_an_ssh_key_signs_instead_of_a_code() -> None:
    async with desk(grant_port()) as d:
        await stepping_up(d)
        await d.push("#sign")
        await d.until(lambda: "ssh-keygen -Y sign" in d.screen_text())
        area = d.console.screen.query_one("#stepup-armour", TextArea)
        assert area.has_focus and "scope: change:production" in d.screen_text()
        area.insert("nonsense")
        await d.push("#go")
        await d.until(lambda: "this is no SSH signature" in d.screen_text())
        assert "more tries" not in d.screen_text()
        await d.settle()
        area.insert("\n-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")
        await d.settle()  # the button moves as the text grows
        await d.push("#go")
        await d.until(lambda: d.port.asked)


async def test_without_an_authenticator_the_key_is_asked_for_at_once_and_the_agent_may_sign() -> None:
    async with desk(grant_port(can=Means(False, 1, True, 5, 5))) as d:
        await stepping_up(d)
        await d.until(lambda: "ssh-keygen -Y sign" in d.screen_text())
        assert not d.console.screen.query("#sign")
        await d.push("#agent")
        await d.until(lambda: d.port.asked)


async def test_a_destructive_act_is_confirmed_first_and_proven_then() -> None:
    async with desk(FakePort(offered=(RESTORE,), code="123456")) as d:
        await confirming(d)
        d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
        await d.push("#go")
        await d.until(lambda: d.here == "StepUpScreen")
        await d.settle()
        await d.press("~123456", "enter")
        await d.until(lambda: d.port.asked == [("backup.restore", {"target": "billing-db"})])
        await d.until(lambda: d.here == "OverviewScreen")


async def test_a_fault_on_the_way_is_said_and_nothing_is_left_open() -> None:
    async with desk(FakePort(offered=(RESTORE,)), poll=30) as d:
        d.port.error = StoreError("the store cannot be reached")
        d.console.operate("backup.restore", {"target": "billing-db"})
        await d.until(lambda: "the store cannot be reached" in d.toasts)
        assert d.here == "OverviewScreen" and d.console.is_running


async def test_what_is_secret_is_never_on_the_screen() -> None:
    secret = FakeParameter("password", help="of the database", privacy="secret")
    lock = FakeOperation("vault.burn", "Burn the vault", "destroy", (secret,), critical=True)
    async with desk(FakePort(offered=(lock,))) as d:
        d.console.operate("vault.burn", {})
        await d.until(lambda: d.here == "FormScreen")
        await d.settle()
        await d.press("tab", "tab", "~hunter2")
        assert "hunter2" not in d.screen_text()
        await d.press("enter", "enter")
        await d.until(lambda: d.here == "ConfirmScreen")
        await d.settle()
        assert "(secret)" in d.screen_text() and "hunter2" not in d.screen_text()
        d.console.screen.query_one("#confirm-word", Input).value = "billing-db"
        await d.push("#go")
        await d.until(lambda: d.port.asked == [("vault.burn", {"password": "hunter2"})])


async def test_the_palette_names_what_destroys() -> None:
    async with desk(FakePort(offered=(RESTORE, GRANT))) as d:
        await d.press("ctrl+p")
        await d.until(lambda: "backup.restore  destroys" in d.screen_text())
        assert "approval.grant  destroys" not in d.screen_text()


def test_what_is_needed_is_said_in_words() -> None:
    shown = preview()
    assert needs_words(None, 0) == "nothing more"
    assert needs_words(shown.second_factor, 0) == "your second factor"
    assert needs_words(None, 2) == "approval by 2 other people"
    assert tries_words(Means(True, 0, False, 5, 5), 4).startswith("at most 1 more try,")


def test_a_plan_of_many_lines_is_wrapped_not_cut() -> None:
    lines = confirm_lines(preview(plan=("word " * 40,)), {"target": "x"}, 60)
    assert sum("word" in "".join(piece.text for piece in each) for each in lines) > 3


def test_a_button_is_named_by_the_beginning_of_what_it_does() -> None:
    assert button_words("End what an operator may do; keys and second factor go too") == (
        "End what an operator may do"
    )
    assert len(button_words("x" * 100)) == 28
