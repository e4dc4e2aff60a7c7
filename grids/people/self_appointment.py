"""The rule against appointing oneself: a post gives sight and roles, so it takes somebody else (C2, C9)."""

from __future__ import annotations

from core.errors import NotAllowed
from grids.models import User
from grids.selectors import is_same_person
from grids.selectors.persons import plain_name, plain_number

REFUSAL = "不能给自己登记任职：岗位带来权限，请由别人登记；同名的另一个人，请写明他自己的电话"


def is_oneself(actor: User | None, *, account: User | None, full_name: str, phone: str) -> bool:
    """Whether the person to be appointed is `actor`: the same account or person, or another one of the same name and
    number."""
    if actor is None or actor.is_system:
        return False
    if is_same_person(actor, account):
        return True
    number = phone or (account.phone if account else "")
    return plain_name(full_name) == plain_name(actor.full_name) and plain_number(number) == plain_number(actor.phone)


def require_another(actor: User | None, holder: User) -> None:
    """Raises NotAllowed (self_appointed) when `holder` is the actor himself."""
    if is_oneself(actor, account=holder, full_name=holder.full_name, phone=holder.phone):
        raise NotAllowed(f"{REFUSAL}。", code="self_appointed")
