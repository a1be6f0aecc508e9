"""LexOps itself: does it see, is it on time, does its store hold?"""

from . import oncall, outbox, parts, sight

CHECKS = (
    sight.availability,
    sight.sight,
    sight.lateness,
    sight.unseen,
    parts.workers,
    parts.plugins,
    parts.chores,
    parts.schedules,
    parts.record,
    parts.store_growth,
    outbox.outbox,
    oncall.gap,
)
