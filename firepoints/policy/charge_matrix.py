"""The matrix of policy.md §3, authority × kind: which cells a ruling may decide, and what holds without one. Pure.

A lead (FIRMS, 葵花, commercial, 举报) is no cell: it can be dispatched and never charged by itself (C12), whatever is ruled.
"""

AUTHORITIES = ("national", "province", "city", "county", "township", "village")
KINDS = ("satellite", "supervision", "patrol", "enforcement", "self_found")
SELF_FOUND, CITY_ENFORCEMENT = "self_found_counts", "city_enforcement_counts"
"""The two questions of policy.md §2 that decide several cells at once, until a cell has a ruling of its own."""

LOCAL = ("county", "township", "village")
_OF_THE_ABOVE = {
    **{(authority, "satellite"): authority in ("national", "province") for authority in AUTHORITIES},
    **{(authority, kind): True for authority in ("national", "province", "city") for kind in ("supervision", "patrol")},
    **{(authority, "enforcement"): True for authority in ("national", "province")},
}


def key_of(authority: str, kind: str) -> str:
    """The name of a cell's ruling; "" for a lead, which no ruling can make chargeable."""
    return f"charge.{authority}.{kind}" if authority in AUTHORITIES and kind in KINDS else ""


def default_of(authority: str, kind: str) -> bool | str:
    """The default of a cell without a ruling: yes or no, or the name of the question that decides (policy.md §2)."""
    if (authority, kind) == ("city", "enforcement"):
        return CITY_ENFORCEMENT
    return _OF_THE_ABOVE.get((authority, kind), SELF_FOUND)


CELLS: dict[str, bool | str] = {key_of(a, k): default_of(a, k) for a in AUTHORITIES for k in KINDS}
"""Every cell's ruling by name → its default."""
