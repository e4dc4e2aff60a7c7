"""The acts of the journal itself: writing an entry, noting an access, describing the deployment, a new epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models, transaction

from core import clock, ways
from core.errors import Conflict, Missing, NotInTransaction, StaleVersion
from journal.models import Access, Deployment, Entry
from journal.record import acts, digests, restoring
from journal.selectors import deployment

Subject = models.Model | tuple[str, Any]
Actor = Any  # a user (anything with pk), an id, or None for the system
_ENTRIES_AT_ONCE = 500


def _subject(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return str(subject._meta.label_lower), str(subject.pk)
    kind, key = subject
    return str(kind), str(key)


def _actor_id(actor: Actor) -> int | None:
    if actor is None or isinstance(actor, int):
        return actor
    key = actor.pk
    return None if key is None else int(key)


def record(
    act: str,
    subject: Subject,
    actor: Actor,
    *,
    before: Mapping[str, Any] | list[Any] | None = None,
    after: Mapping[str, Any] | list[Any] | None = None,
    reason: str = "",
) -> Entry:
    """Write the entry of an act in the act's own transaction: both happen or neither.

    `subject` is a model instance or (type, id); `actor` a user, an id, or None for the system. Personal fields go
    through `personal`. Raises UnknownAct, NotInTransaction, and TypeError for what JSON cannot hold.
    """
    entry = _entry(act, subject, actor, before=before, after=after, reason=reason)
    entry.save()
    return entry


def record_each(
    act: str, changes: Iterable[tuple[Subject, Mapping[str, Any] | None, Mapping[str, Any] | None]], actor: Actor
) -> int:
    """Write one entry of the same act for each (subject, before, after), some hundred a query; returns how many."""
    entries = [_entry(act, subject, actor, before=before, after=after) for subject, before, after in changes]
    Entry.objects.bulk_create(entries, batch_size=_ENTRIES_AT_ONCE)
    return len(entries)


def _entry(
    act: str,
    subject: Subject,
    actor: Actor,
    *,
    before: Mapping[str, Any] | list[Any] | None,
    after: Mapping[str, Any] | list[Any] | None,
    reason: str = "",
) -> Entry:
    """The entry with its digest, not yet stored."""
    acts.get(act)
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(f"{act}: an entry belongs to the transaction of its act")
    real_at = clock.real_now()
    simulated = clock.is_simulated()
    subject_type, subject_id = _subject(subject)
    came = ways.current()
    entry = Entry(
        at=clock.now() if simulated else real_at,
        real_at=real_at,
        simulated=simulated,
        act=act,
        subject_type=subject_type,
        subject_id=subject_id,
        actor_id=_actor_id(actor),
        before=digests.plain(before),
        after=digests.plain(after),
        reason=digests.plain(reason),
        way=came.kind,
        way_by=digests.plain(came.by),
    )
    entry.digest = digests.entry_digest(entry)
    return entry


def personal(value: Any, key: str = "") -> str:
    """What an entry may say of a personal field: that it changed, and a keyed digest to tell two values apart.

    `key` is the deployment's digest key, handed in by whoever writes thousands.
    """
    if value in (None, ""):
        return "empty"
    return "changed:" + digests.keyed(value, key or deployment().digest_key)[:32]


def access(actor: Actor, kind: str, subject: Subject, detail: str = "") -> Access:
    """Note that someone read evidence, a phone number or an export: the one write that a GET may do."""
    subject_type, subject_id = _subject(subject)
    return Access.objects.create(
        at=clock.now(),
        actor_id=_actor_id(actor),
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        detail=digests.plain(detail)[:200],
    )


def export_noted(actor: Actor, name: str, detail: str) -> None:
    """Note that someone took a list of the API away."""
    access(actor, "export", ("api", name), detail=detail)


@transaction.atomic
def deployment_set(
    *,
    actor: Actor,
    name: str | None = None,
    title: str | None = None,
    is_demo: bool | None = None,
    reason: str = "",
) -> Deployment:
    """Name the deployment, and say whether it is a demonstration.

    Raises Conflict when acts are on record already: a real record never becomes a demonstration, nor the reverse.
    """
    row = deployment()
    values = {"name": name, "title": title, "is_demo": is_demo}
    changes = {field: value for field, value in values.items() if value is not None and value != getattr(row, field)}
    if not changes:
        return row
    if "is_demo" in changes and Entry.objects.exclude(act__startswith="journal.").exists():
        raise Conflict("已有办理记录，演示与正式部署不能互换；请另建部署。", code="deployment_in_use")
    before = {field: getattr(row, field) for field in changes}
    Deployment.objects.filter(pk=row.pk).update(**changes)
    record("journal.deployment_set", row, actor, before=before, after=changes, reason=reason)
    row.refresh_from_db()
    return row


@transaction.atomic
def new_epoch(*, actor: Actor, reason: str, lost_head: tuple[int, str] | None = None) -> Deployment:
    """Open a new epoch after a backup was restored; the entry names what was lost and the numbers that are left out.

    `lost_head` is the last (seq, hash) known outside, from a printed document; None: nobody knows what was lost.
    `journal restored` is the door to it. Raises Missing without a reason, StaleVersion when two do it at once.
    """
    from journal.record.sealing import head

    if not reason.strip():
        raise Missing(["恢复备份的理由"])
    row = deployment()
    seq, head_hash = head()
    if not Deployment.objects.filter(pk=row.pk, epoch=row.epoch).update(epoch=row.epoch + 1):
        raise StaleVersion()
    lost = max(lost_head[0] - seq, 0) if lost_head else None
    range_ = {"from_seq": seq + 1, "to_seq": lost_head[0], "to_hash": lost_head[1]} if lost_head and lost else None
    record(
        "journal.epoch_opened",
        row,
        actor,
        before={"epoch": row.epoch, "seq": seq, "hash": head_hash},
        after={"epoch": row.epoch + 1, "lost": range_, "skipped": restoring.skip(lost)},
        reason=reason,
    )
    row.refresh_from_db()
    return row
