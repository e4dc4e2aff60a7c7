"""Names, dates and pairs from the command line of this app's commands; a wrong one is wrong usage (exit 2)."""

from collections.abc import Sequence
from datetime import date

from core.commands import Usage
from core.errors import Refused
from grids.models import User
from grids.selectors import system_user


def beijing_date(text: str, option: str) -> date:
    """A date YYYY-MM-DD. Raises Usage."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Usage(f"{option} 应为 YYYY-MM-DD，不是“{text}”") from error


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """KEY=VALUE options as a dict. Raises Usage for another form, an empty side, or one key twice."""
    values: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise Usage(f"{option} 应为 名=值，不是“{text}”")
        if key.strip() in values:
            raise Usage(f"{option} {key.strip()} 给了两次")
        values[key.strip()] = value.strip()
    return values


def acting_user(username: str | None) -> User:
    """The account of `--as`; without it the system account, which imports and never decides. Raises
    Refused("no_user")."""
    if not username:
        return system_user()
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Refused(f"没有可用的账号“{username}”。", code="no_user")
    return user
