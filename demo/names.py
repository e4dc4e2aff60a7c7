"""Invented people and numbers: names that nobody bears, telephone numbers that no exchange can connect."""

from __future__ import annotations

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
MOST_PHONES = 10_000


def invented_name(at: int) -> str:
    """The name of person number `at`, counted from 0: 演示甲 … 演示癸, then 演示甲子, 演示甲丑 …, each used once."""
    if at < len(STEMS):
        return f"演示{STEMS[at]}"
    more, branch = divmod(at - len(STEMS), len(BRANCHES))
    more, stem = divmod(more, len(STEMS))
    return f"演示{STEMS[stem]}{BRANCHES[branch]}" + (str(more + 1) if more else "")


def invented_phone(at: int) -> str:
    """A number that cannot be reached: no area has the code 000. Raises ValueError when they are used up."""
    if not 0 <= at < MOST_PHONES:
        raise ValueError(f"演示号码只有 {MOST_PHONES} 个")
    return f"000-0000-{at:04d}"
