"""Phones of responsible people: the number, and whether it was answered (C5: 保持24小时电话畅通)."""

from __future__ import annotations

import re
from typing import Final

from django.db import transaction

from grids.models import PhoneCheck, User
from journal import clock, digests
from journal.errors import BadInput, Conflict
from journal.selectors import deployment
from journal.services import personal, record

# Mobile and fixed numbers as people write them; 3 digits at least, so that a short line of an office passes.
_PHONE: Final = re.compile(r"\+?\d[\d\- ]{2,24}\d")


def readable_phone(text: str) -> str:
    """The number without surrounding space, full-width digits made plain. Raises BadInput for anything that is no number."""
    plain = text.strip().translate({0xFF10 + at: str(at) for at in range(10)})
    if plain and not _PHONE.fullmatch(plain):
        raise BadInput("电话应只含数字、空格和 -", where="电话", code="bad_phone")
    return plain


@transaction.atomic
def phone_set(*, user: User, phone: str, actor: User | None) -> User:
    """Give a person another number; nothing happens when it is the same. Raises BadInput, Conflict (system account)."""
    phone = readable_phone(phone)
    if user.is_system:
        raise Conflict("系统账号没有电话。", code="system_account")
    if user.phone == phone:
        return user
    before = {"phone": personal(user.phone)}
    user.phone = phone
    user.save(update_fields=["phone"])
    record("user.phone_set", user, actor, before=before, after={"phone": personal(phone)})
    return user


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
