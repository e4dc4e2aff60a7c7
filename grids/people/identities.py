"""The identity of a person: a staff or ID number, kept as a digest with a key of the home and nowhere else (policy.md §5).

Two accounts of one person would let him check what he made. The key lies outside the database: whoever has the database
alone cannot try ID numbers until one fits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from contextlib import suppress
from datetime import date
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed
from grids.models import User
from grids.roles import Role
from grids.selectors import is_same_person, roles_of
from journal.record.services import record

_ID_NUMBER: Final = re.compile(r"\d{17}[\dX]")
_STAFF_NUMBER: Final = re.compile(r"(?:[\w]{1,20}:)?(?=(?:[A-Z]*\d){3})[0-9A-Z]{3,20}")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
HOW: Final = "写 18 位身份证号，或工号（几家单位的工号会重的，前面写单位，例如 市局:0012）"
TAKEN: Final = "这个工号（证件号）已登记在"


def normalised(text: str) -> str:
    """The number in its one spelling: full-width signs, blanks, hyphens, x and X are no difference. Raises BadInput."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    plain = re.sub(r"[\s\-_./·]", "", plain).upper()
    if len(plain) == 18 and plain[:17].isdecimal():
        if not _is_id_number(plain):
            raise BadInput("身份证号的日期或校验位不对，请核对", where="工号", code="bad_identity")
        return plain
    if not _STAFF_NUMBER.fullmatch(plain):
        raise BadInput(HOW, where="工号", code="bad_identity")
    return plain


def _is_id_number(plain: str) -> bool:
    """Whether 18 signs are an ID number: its date is one, and its last sign is that of the others (GB 11643)."""
    if not (plain.isascii() and _ID_NUMBER.fullmatch(plain)):
        return False
    with suppress(ValueError):
        date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
        return plain[17] == "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, plain, strict=False)) % 11]
    return False


def digest_of(text: str) -> str:
    """The keyed digest of an identity, behind the sign of the key that it was made with. Raises BadInput."""
    key = settings.IDENTITY_KEY.encode("utf-8")
    number = hmac.new(key, normalised(text).encode("utf-8"), hashlib.sha256).hexdigest()
    return f"{_sign_of_key()}:{number}"


def _sign_of_key() -> str:
    return hmac.new(settings.IDENTITY_KEY.encode("utf-8"), b"the key itself", hashlib.sha256).hexdigest()[:8]


def require_our_key() -> None:
    """Raises Conflict (identity_key_differs) where identities stand that another key made: nobody could be found again."""
    if User.objects.exclude(identity="").exclude(identity__startswith=f"{_sign_of_key()}:").exists():
        raise Conflict(
            "已登记的工号是用另一把密钥做的摘要：把原来主目录的 identity_key 放回来，再登记。",
            code="identity_key_differs",
        )


@transaction.atomic
def identity_set(*, user: User, identity: str, actor: User | None, reason: str = "") -> User:
    """Register who the person of an account is; one live account has it. The same again changes nothing.

    Raises BadInput for a number that is none, NotAllowed for whoever is neither the bureau nor another person, Missing for
    a change without a reason, Conflict: identity_taken, identity_key_differs, system_account.
    """
    if user.is_system:
        raise Conflict("系统账号不是一个人。", code="system_account")
    if actor is not None and not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("工号由市局经办登记")
    if is_same_person(actor, user):
        raise NotAllowed("自己的工号请由别人登记")
    digest = digest_of(identity)
    if user.identity == digest:
        return user
    if user.identity and not reason.strip():
        raise Missing(["更改工号的理由"])
    return identity_stored(user, digest, actor, reason)


def identity_stored(user: User, digest: str, actor: User | None, reason: str = "") -> User:
    """Write a digest to an account, with its entry. Raises Conflict: identity_taken, identity_key_differs."""
    require_our_key()
    if (holder := holder_of(digest)) and holder.pk != user.pk:
        raise Conflict(f"{TAKEN}账号 {holder.username}（{holder}）：一个人一个账号。", code="identity_taken")
    before = user.identity
    user.identity = digest
    try:
        with transaction.atomic():
            user.save(update_fields=["identity"])
    except IntegrityError as error:
        user.identity = before
        raise Conflict(f"{TAKEN}别的账号：一个人一个账号。", code="identity_taken") from error
    after = {"identity": f"changed:{digest[-64:-32]}"}
    record("user.identity_set", user, actor, before={"identity": "set"} if before else None, after=after, reason=reason)
    return user


def holder_of(digest: str) -> User | None:
    """The live account that has this identity."""
    return User.objects.filter(identity=digest, is_active=True).first()
