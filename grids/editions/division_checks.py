"""Codes and names against the table of divisions: what is malformed, misnamed, unknown, or missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from grids.editions.coverage_checks import cell_finding
from grids.editions.layers import Layer
from grids.roles import Level

Finding = dict[str, Any]
Divisions = Mapping[str, tuple[str, str]]
DIGITS: Final[Mapping[str, tuple[int, ...]]] = {
    Level.CITY: (4, 6),
    Level.COUNTY: (6,),
    Level.TOWNSHIP: (9,),
    Level.VILLAGE: (12,),
    Level.GROUP: (14, 15),
}
"""GB/T 2260 and GB/T 10114; a group has two or three digits of the village's own."""
_NUMBER = re.compile(r"[0-9]+")
_ENDINGS = ("街道办事处", "办事处", "村民委员会", "居民委员会", "村委会", "居委会", "社区居委会", "街道", "社区", "村")


def code_findings(layers: Sequence[Layer]) -> list[Finding]:
    """Codes that are no digits, of another length than their level's, or that do not begin with their parent's code."""
    findings = []
    for layer in layers:
        lengths = DIGITS[layer.level]
        for at, code in enumerate(layer.codes):
            parent = layer.parents[at]
            reason = ""
            if not _NUMBER.fullmatch(code):
                reason = "不是数字"
            elif len(code) not in lengths:
                reason = f"有 {len(code)} 位，应为 {'或'.join(map(str, lengths))} 位"
            elif parent and not code.startswith(
                parent[:4] if len(parent) == 6 and layer.level == Level.COUNTY else parent
            ):
                reason = f"不以上级代码 {parent} 开头"
            if reason:
                findings.append(cell_finding(layer, at) | {"message": reason})
    return findings


def division_findings(layers: Sequence[Layer], divisions: Divisions) -> dict[str, list[Finding]]:
    """Differences from the table, for the levels that it has, inside the counties that the edition has."""
    differ: list[Finding] = []
    unknown: list[Finding] = []
    missing: list[Finding] = []
    counties = {code for layer in layers if layer.level == Level.COUNTY for code in layer.codes}
    for layer in layers:
        listed = {code: name for code, (name, level) in divisions.items() if level == layer.level}
        own = {code for code in listed if len(code) < 6 or not counties or code[:6] in counties}
        if not listed:
            continue
        for at, code in enumerate(layer.codes):
            if code not in listed:
                unknown.append(cell_finding(layer, at))
            elif layer.names[at] and not same_name(layer.names[at], listed[code]):
                differ.append(cell_finding(layer, at) | {"expected": listed[code]})
        missing += [
            {"level": str(layer.level), "code": code, "name": listed[code], "place": None, "shape": None}
            for code in sorted(own - set(layer.codes))
        ]
    return {"names_differ": differ, "not_in_table": unknown, "not_in_edition": missing}


def same_name(name: str, other: str) -> bool:
    """Whether two names mean the same place: 财神庙村 is 财神庙村委会, 南地街道 is 南地街道办事处."""
    return name == other or _bare(name) == _bare(other)


def _bare(name: str) -> str:
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name
