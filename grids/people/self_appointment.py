"""The rule against appointing oneself: a post gives sight and roles, so it takes somebody else (C2, C9)."""

from __future__ import annotations

import re
import unicodedata

from core.errors import NotAllowed
from grids.models import User

REFUSAL = "不能给自己登记任职：岗位带来权限，请由别人登记；同名的另一个人，请写明他自己的电话"


def is_oneself(actor: User | None, *, account: User | None, full_name: str, phone: str) -> bool:
    """Whether the person to be appointed is `actor`: the same account, or another one of the same name and number."""
    if actor is None or actor.is_system:
        return False
    if account is not None and account.pk == actor.pk:
        return True
    number = phone or (account.phone if account else "")
    return _name(full_name) == _name(actor.full_name) and _number(number) == _number(actor.phone)


def require_another(actor: User | None, holder: User) -> None:
    """Raises NotAllowed (self_appointed) when `holder` is the actor himself."""
    if is_oneself(actor, account=holder, full_name=holder.full_name, phone=holder.phone):
        raise NotAllowed(f"{REFUSAL}。", code="self_appointed")


def _name(text: str) -> str:
    """The letters of a name: no blanks, nor the signs without a shape that come with text from a chat or a page."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf").casefold()


def _number(text: str) -> str:
    """The digits of a number, without what some write before it: of a mobile number its eleven, else all but the code of
    the country."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if mobile := re.search(r"1\d{10}$", digits):
        return mobile[0]
    return digits.removeprefix("0086").removeprefix("86")
