"""Does the network of the machine do its work?"""

from __future__ import annotations

from collections.abc import Iterator

from lexops.checks.contract import Area, Host, Metric, NotApplicable, check

from .machine import LOOK

FEW_PACKETS = 1000
"""With fewer of them a share of errors says nothing."""


@check(
    "host.connections",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="75%",
    crit="90%",
    source="node-mixin, NodeHighNumberConntrackEntriesUsed: 75 %; 90 % is LexOps' own judgement",
    mend="See where they come from: conntrack -L | awk '{print $5}' | sort | uniq -c. Raise its limit.",
    fault="a limit close to what is tracked (in a copy of /proc/sys)",
)
def connections(host: Host) -> Iterator[Metric]:
    """Firewall runs out of connections.

    Connections that the kernel's firewall keeps track of. When its table is full it drops packets of new ones
    without telling anybody.

    The portal and the database seem to be down for some people and not for others.
    """
    tracked = host.facts().connections
    if tracked is None:
        raise NotApplicable("the machine's firewall does not track connections")
    yield Metric("connections", tracked[0], limit=tracked[1])


@check(
    "host.listen-drops",
    target=Host,
    area=Area.HOST,
    every="1m",
    timeout=LOOK,
    warn="1",
    crit="5",
    source="netdata, tcp listen drops: more than 1 and 5 a minute",
    mend="See which queue is full: ss -ltn (Recv-Q above Send-Q). Raise its backlog and net.core.somaxconn.",
    fault="connections to a program that takes none",
)
def listen_drops(host: Host) -> Iterator[Metric]:
    """Connections are turned away.

    A server program takes its connections too slowly, and the kernel drops those that do not fit into its
    queue, counted per minute over the last five.

    Each one is somebody who cannot enter time or see an invoice at that moment.
    """
    drops = host.facts().listen_drops
    if drops is None:
        raise NotApplicable("the machine does not count them")
    grown = host.memory.grown("drops", drops, over="5m")
    if grown is not None:
        yield Metric("dropped per minute", 60 * grown.per_second)


@check(
    "host.network-errors",
    target=Host,
    area=Area.HOST,
    every="5m",
    timeout=LOOK,
    warn="1%",
    source="node-mixin, NodeNetworkReceiveErrs and TransmitErrs: 1 % for 1 h",
    mend="Look at cable, port and duplex: ethtool DEVICE, ip -s link show DEVICE.",
    fault="counters of a bad cable (in a copy of /proc/net/dev)",
)
def network_errors(host: Host) -> Iterator[Metric]:
    """Network card has errors.

    Packets that were damaged or could not be sent, of all within the last hour: a cable, a port or a driver
    is bad.

    Every answer of the billing database is late now and then, and nobody finds out why.
    """
    cards = host.facts().interfaces
    if not cards:
        raise NotApplicable("the machine has no network card that counts its packets")
    for name, card in cards.items():
        packets = host.memory.grown(f"{name} packets", card.packets, over="1h")
        errors = host.memory.grown(f"{name} errors", card.errors, over="1h")
        if packets is not None and errors is not None:
            yield Metric("errors", errors.by, limit=max(FEW_PACKETS, packets.by), item=name)
