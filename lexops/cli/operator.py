"""`lexops operator …`: who may do what, and proving who one is. Adding, changing and removing is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lexops.cli.drawn import Area
from lexops.cli.program import (
    JsonOption,
    SiteOption,
    leave,
    narrate,
    program,
    say,
    say_json,
    say_table,
    table,
)
from lexops.errors import Exit, InvalidRequest, NotFound, Refused

commands = typer.Typer(
    cls=Area, help="Operators: who may do what, and proving who you are.", no_args_is_help=True
)

ScopeOption = Annotated[
    str, typer.Option("--scope", metavar="EFFECT:ENVIRONMENT", help="What it covers: destroy:production.")
]


@commands.command("list")
def list_(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List everybody who is or was an operator: role, standing, keys, second factor, until when.

    Example: lexops operator list --json
    """
    from lexops.cli import people
    from lexops.cli import present_people as present

    opened = program(context).open_site(site)
    known = people.known(opened)
    if as_json:
        say_json({"operators": [present.person_json(person) for person in known]})
        return
    say_table(present.person_row(person, opened.file.zone) for person in known)
    for person in known:
        for key in person.operator.keys:
            narrate(f"{person.operator.name}: {key.fingerprint} {key.comment}".rstrip())


@commands.command()
def enrol(context: typer.Context, site: SiteOption = None) -> None:
    """Take an authenticator on a phone as your second factor: shows a QR code and asks for a first code.

    Needs a terminal.

    Example: lexops operator enrol
    """
    from lexops.auth import qr, recovery, totp
    from lexops.cli import asking, terminal
    from lexops.cli.proving import TRIES, Cancelled

    if not terminal.is_interactive():
        raise InvalidRequest("enrolling needs a terminal", hint="run it where you can scan a QR code")
    opened = program(context).open_site(site)
    secret, codes = totp.new_secret(), recovery.new_codes()
    account = opened.session.operator
    for line in qr.lines(
        totp.uri(secret, issuer=f"LexOps {opened.file.settings.site.name}", account=account)
    ):
        narrate(line)
    narrate(f"scan it with an authenticator, or type: {totp.shown(secret)}")
    for left in reversed(range(TRIES)):
        code = terminal.question("the code it shows now (nothing to cancel): ")
        if not code:
            raise Cancelled
        arguments = {"secret": secret.hex(), "code": code, "recovery_codes": " ".join(codes)}
        try:
            answer = asking.submit(opened, opened.request("operator.enrol", arguments, asking.DOOR))
            break
        except Refused as error:
            if not left or "code" not in str(error):
                raise
            narrate(f"{error}; {error.hint}")
    say(str(answer))
    narrate("recovery codes, each good once when the phone is lost; they are never shown again:")
    for recovery_code in codes:
        say(f"  {recovery_code}")


@commands.command("step-up")
def step_up(
    context: typer.Context,
    scope: ScopeOption,
    code_file: Annotated[
        Path | None,
        typer.Option("--code-file", metavar="FILE", help="File with the code; - is standard input."),
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="With an SSH key: the agent's, or by hand.")] = False,
    signature_file: Annotated[
        Path | None,
        typer.Option(
            "--signature-file", metavar="FILE", help="Signature of the text that `challenge` printed."
        ),
    ] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give your second factor; it then covers acts of one weight in one environment for some minutes.

    Example: lexops operator step-up --scope destroy:production
    """
    from lexops.cli import proving, terminal

    if sum((code_file is not None, sign, signature_file is not None)) > 1:
        raise InvalidRequest("give one of --code-file, --sign and --signature-file")
    opened = program(context).open_site(site)
    steps = opened.step_ups
    if code_file is not None:
        answer = steps.with_code(opened.session, scope, terminal.read_file(code_file))
    elif signature_file is not None:
        answer = steps.with_signature(opened.session, scope, terminal.read_file(signature_file))
    elif sign:
        answer = proving.sign(opened, scope)
    elif terminal.is_interactive():
        answer = proving.prove(opened, scope)
    else:
        raise InvalidRequest(
            "a second factor is asked for on a terminal",
            hint="without one: --code-file, --sign, --signature-file",
        )
    if as_json:
        say_json({"scope": scope, "answer": answer})
    else:
        say(answer)


@commands.command()
def challenge(
    context: typer.Context, scope: ScopeOption, site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Print a text to sign with your SSH key; give the signature with step-up --signature-file.

    Example: lexops operator challenge --scope destroy:production > text
    """
    from lexops.auth import sshsig
    from lexops.cli.present import moment

    opened = program(context).open_site(site)
    made = opened.step_ups.challenge(opened.session, scope)
    if as_json:
        document = {"scope": scope, "text": made.text, "expires": moment(made.expires)}
        say_json(document | {"namespace": sshsig.NAMESPACE, "command": sshsig.command(made.text)})
        return
    for line in made.text.splitlines():
        say(line)
    narrate(f"sign it with ssh-keygen -Y sign -n {sshsig.NAMESPACE}; it lasts until {moment(made.expires)}")


@commands.command()
def review(context: typer.Context, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show who can do what in which environment, and what it takes; who has never acted or has expired.

    Example: lexops operator review --json
    """
    from lexops.cli import people
    from lexops.cli import present_people as present

    opened = program(context).open_site(site)
    found = people.review(opened)
    if as_json:
        say_json({"operators": [present.review_json(each) for each in found]})
        return
    for each in found:
        for line in present.review_head(each, opened.file.zone):
            say(line)
        for line in table(present.review_rows(each)):
            say(f"  {line}")
        say()
    for line in present.LEGEND:
        say(line)


@commands.command()
def explain(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(help="Name of the operation: operator.add.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Arguments it would be given.")
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Somebody else than you.")] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Where it would act.")] = None,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain what the rules say to an act: which fit, the verdict and what is missing; exit 4 if refused.

    Example: lexops operator explain demo.rebuild --target billing-db --as sam
    """
    from dataclasses import replace

    from lexops.cli import asking
    from lexops.cli import present_people as present

    opened = program(context).open_site(site)
    given: dict[str, object] = dict(_pair(each) for each in arguments or ())
    if target is not None:
        given["target"] = target
    request = opened.request(operation, given, asking.DOOR)
    if as_ is not None and as_ != request.operator:
        # Another person's session is not known: no second factor counts.
        request = replace(request, operator=as_, session="", fingerprint=None, read_only=False)
    if target is not None and target not in opened.file.settings.targets:
        raise NotFound(f"there is no target {target!r}", hint="see: lexops status")
    declared = opened.gate.catalogue.find(operation)
    known = {parameter.name for parameter in declared.parameters}
    if unknown := sorted(set(given) - known):
        raise InvalidRequest(
            f"{operation} has no argument {unknown[0]!r}", hint=f"allowed: {', '.join(sorted(known))}"
        )
    decision = opened.gate.explain(request)
    if as_json:
        say_json(present.decision_json(declared, request.operator, decision))
    else:
        for line in present.decision_lines(declared, request.operator, decision):
            say(line)
    leave(Exit.OK if decision.permitted else Exit.REFUSED)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InvalidRequest(f"{text!r} is no NAME=VALUE")
    return name.replace("-", "_"), value
