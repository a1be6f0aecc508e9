"""Any service that Apprise knows: SMS, telephones, chats."""

from __future__ import annotations

import logging
from urllib.parse import quote

import apprise
from apprise import AppriseResultStatus

from lexops.outbox.channels import Hider, Proof, Undelivered
from lexops.outbox.rendering import Rendered
from lexops.text import one_line

ADDRESS = "{address}"
"""Stands for the person's address in the site's URL."""
_PLAIN = logging.getLogger("apprise")
_PLAIN.addHandler(logging.NullHandler())
_PLAIN.propagate = False
"""The library logs addresses and answers of services; what matters of them is in the attempt."""


class Apprise:
    """Sends by one Apprise URL.

    A new object for every sending: the library makes the same one wait for seconds between two messages, and
    how many go in a minute is ours to say.
    """

    def __init__(self, url: str, seconds: float, hide: Hider) -> None:
        self._url, self._seconds, self._hide = url, seconds, hide

    def send(self, rendered: Rendered, address: str, key: str) -> Proof:
        service = apprise.Apprise(asset=_asset())
        if not service.add(url_for(self._url, address)):
            raise Undelivered("Apprise does not know such a URL, or a part of it is missing", False)
        kind = apprise.NotifyType.FAILURE if rendered.is_page else apprise.NotifyType.INFO
        text = rendered.short if is_short(self._url) else rendered.body
        with service.notify(
            body=text,
            title="" if is_short(self._url) else rendered.subject,
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=self._seconds,
        ) as result:
            said = self._hide(next((one_line(entry.message, 200) for entry in result.logs()), ""))
            if result.status is AppriseResultStatus.SUCCESS:
                return Proof("the service took it")
        reason = f": {said}" if said else ""
        if result.status is AppriseResultStatus.TIMEOUT:
            raise Undelivered(f"no answer within {self._seconds:g} s{reason}", True)
        raise Undelivered(f"the service did not take it{reason}", True)


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(
        app_id="LexOps",
        app_desc="LexOps",
        app_url="",
        allow_templates=False,
        async_mode=False,
        http_redirects=False,
        interpret_escapes=False,
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


def is_known(url: str) -> bool:
    """Whether Apprise has a service for a URL, and all that it needs is in it."""
    return bool(apprise.Apprise(asset=_asset()).add(url_for(url, "+41790000000")))


def url_for(url: str, address: str) -> str:
    """The URL with the address in it, percent-encoded: nothing in an address is read as part of the URL."""
    return url.replace(ADDRESS, quote(address, safe=""))


_SHORT = frozenset(
    "clicksend kavenegar msg91 msgbird nexmo plivo popcorn seven sinch sns twilio voipms vonage".split()
)


def is_short(url: str) -> bool:
    """Whether the service is one for telephones, where a long text costs or is cut."""
    scheme = url.partition("://")[0].lower()
    return "sms" in scheme or scheme in _SHORT
