"""Phones of responsible people: the number, and whether it was answered (C5: 保持24小时电话畅通)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from core import clock
from core.errors import BadInput, Conflict, NotAllowed
from grids.models import PhoneCheck, User
from grids.people.phone_text import read_phone
from grids.selectors.keeping import accounts_kept, keeper_scope
from journal.record import digests
from journal.record.services import personal, record, record_each
from journal.selectors import deployment

_BATCH = 500
NOT_KEPT: Final = "这个人的账号和电话不由您维护，请市局经办登记"


def readable_phone(text: str) -> str:
    """The one number of a field, "" for none. Raises BadInput for anything that cannot ring, and for more than a number."""
    phone = read_phone(text)
    if phone.refusal or phone.rest:
        raise BadInput(phone.refusal or "只写一个号码，别的请去掉", where="电话", code="bad_phone")
    return phone.number


@transaction.atomic
def phone_set(*, user: User, phone: str, actor: User | None) -> User:
    """Give a person another number; nothing happens when it is the same.

    Raises BadInput, Conflict (system account), NotAllowed for someone who is not wholly in the actor's keeping.
    """
    phone = readable_phone(phone)
    if user.is_system:
        raise Conflict("系统账号没有电话。", code="system_account")
    if user.phone == phone:
        return user
    if actor is not None and user.pk not in accounts_kept(keeper_scope(actor), [user.pk]):
        raise NotAllowed(NOT_KEPT)
    before = {"phone": personal(user.phone)}
    user.phone = phone
    user.save(update_fields=["phone"])
    record("user.phone_set", user, actor, before=before, after={"phone": personal(phone)})
    return user


@transaction.atomic
def phones_set(*, numbers: Mapping[User, str], actor: User | None) -> int:
    """Give many people another number, each with an entry of its own; returns how many there were.

    The caller has asked whose accounts they are (`accounts_kept`), and that each number is readable and another one.
    """
    key = deployment().digest_key
    changes = []
    for user, phone in numbers.items():
        changes.append((user, {"phone": personal(user.phone, key)}, {"phone": personal(phone, key)}))
        user.phone = phone
    User.objects.bulk_update(numbers, ["phone"], batch_size=_BATCH)
    return record_each("user.phone_set", changes, actor)


@transaction.atomic
def phone_checked(*, holder: User, is_answered: bool, actor: User, note: str = "") -> PhoneCheck:
    """Note a call to a responsible person. The last one says whether the number works."""
    digest = digests.keyed(holder.phone, deployment().digest_key)
    row = PhoneCheck.objects.create(
        holder=holder,
        phone_digest=digest,
        is_answered=is_answered,
        note=note.strip()[:200],
        checked_by=actor,
        at=clock.now(),
    )
    record("phone.checked", holder, actor, after={"is_answered": is_answered}, reason=note.strip()[:200])
    return row
