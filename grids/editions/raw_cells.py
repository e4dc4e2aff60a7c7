"""A cell as it was read from a border file, and a refusal that names its feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class RawCell:
    """One feature as read: `claims` are the codes of upper cells by column, `geometry` is WGS-84 or None."""

    level: str
    feature: int
    code: str
    name: str
    claims: Mapping[str, str]
    geometry: shapely.Geometry | None
    is_synthetic: bool = False


def fault_at(where: str, feature: int, code: str, place: str, message: str, error: str, **more: Any) -> BadInput:
    """A refusal that names feature, code and place."""
    at = f"{where} 第 {feature} 个要素（代码 {code or '空'}{f'，位置 {place}' if place else ''}）"
    details = {"feature": feature, "cell_code": code, "place": place, **more}
    return BadInput(message, where=at, code=error, details=details)
