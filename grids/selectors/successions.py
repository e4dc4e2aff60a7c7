"""Which county codes are one government on a date: a code that changed, and counties that became one (policy.md §2e)."""

from collections.abc import Iterable
from datetime import date

from core import clock
from core.page_memory import remembered
from grids.models import Succession


def governments_on(on: date) -> dict[str, str]:
    """{old code: the code under which its government goes on that Beijing date}, of every code that has changed by then.

    One query of a table of a few rows. The rows of a table of money are added up under the answer.
    """
    rows = Succession.objects.values_list("old_code", "new_code", "valid_from")
    every = remembered("successions", lambda: list(rows))
    next_code = {old: new for old, new, valid_from in every if valid_from <= on}
    return {code: _last(code, next_code) for code in next_code}


def _last(code: str, next_code: dict[str, str]) -> str:
    """The end of the chain; of a circle, which no act makes, any code that ends the walk."""
    for _ in next_code:
        if code not in next_code:
            break
        code = next_code[code]
    return code


def government_on(code: str, on: date) -> str:
    """The code under which the government of `code` goes on a Beijing date: itself while it has not changed."""
    return governments_on(on).get(code, code)


def one_government(codes: Iterable[str], on: date | None = None) -> frozenset[str]:
    """Every code that is of the same governments as `codes` on a Beijing date (default today), themselves among them."""
    own = frozenset(codes)
    if not own:
        return own
    by_code = governments_on(on or clock.today_beijing())
    governments = {by_code.get(code, code) for code in own}
    return own | governments | {code for code, government in by_code.items() if government in governments}
