"""A GeoJSON without the links in its `crs` members: GDAL would fetch the address that one names. Pure."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

# The key as text or with escapes: a reader of JSON takes "\u0063rs" for the same key.
_CRS_KEY: Final = re.compile(rb'"(?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)"\s*:', re.IGNORECASE)
_NAME: Final = rb"(?:urn:ogc:def:crs:|EPSG:|OGC:|CRS:)[\w:.\- ]{1,60}"
_PLAIN: Final = re.compile(
    rb'"crs"\s*:\s*\{\s*"type"\s*:\s*"name"\s*,\s*"properties"\s*:\s*\{\s*"name"\s*:\s*"' + _NAME + rb'"\s*\}\s*\}'
)
_NAMED: Final = re.compile(_NAME.decode())
NOTE: Final = "文件的 crs 不是坐标系的名称（是链接或别的写法），没有采用；坐标系按声明的，没有声明的按 WGS-84"


def without_links(path: Path, folder: Path) -> tuple[Path, list[str]]:
    """(the file, or a copy below `folder` without such members; a note where there were any).

    Raises ValueError or RecursionError where a file that has them cannot be read as JSON.
    """
    content = path.read_bytes()
    if len(_CRS_KEY.findall(content)) == len(_PLAIN.findall(content)):
        return path, []
    whole = json.loads(content)
    del content
    dropped = _drop(whole)
    copy = folder / f"{path.stem[:60]}.geojson"
    copy.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8", errors="replace")
    return copy, [NOTE] if dropped else []


def _drop(value: Any) -> int:
    """Take every `crs` member that is an object and no plain name out of the tree; returns how many."""
    dropped, stack = 0, [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if isinstance(part.get("crs"), dict) and not _is_name(part["crs"]):
                del part["crs"]
                dropped += 1
            stack += part.values()
        elif isinstance(part, list):
            stack += [child for child in part if isinstance(child, dict | list)]
    return dropped


def _is_name(crs: dict[str, Any]) -> bool:
    properties = crs.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    is_named = crs.get("type") == "name" and isinstance(name, str) and _NAMED.fullmatch(name)
    return bool(is_named) and set(crs) == {"type", "properties"}
