"""The meaning of the columns of a border file: usual names, names that a person gives, and those of the last time."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from core.errors import BadInput
from grids.roles import LEVEL_LABELS, LEVELS, Level

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "code": (
        "code", "adcode", "gb", "XZQDM", "XZQHDM", "CUNDM", "PAC", "行政区划代码", "行政区代码", "区划代码", "统计用区划代码",
        "区划编码", "行政区划编码", "村代码", "乡镇代码", "县代码", "代码", "编码", "ZLDWDM", "QSDWDM",
    ),
    "name": (
        "name", "XZQMC", "XZQHMC", "CUNMC", "行政区划名称", "行政区名称", "区划名称", "村名称", "乡镇名称", "县名称", "名称", "村名",
        "乡镇名", "县名", "地名", "ZLDWMC", "QSDWMC",
    ),
}  # fmt: skip
"""In order of preference; `gb` is 天地图's, XZQDM, XZQMC, ZLDWDM and QSDWDM are those of TD/T 1016, PAC that of the national
base map. Of these the first that has values counts."""
UNIT_COLUMNS: Final = ("zldwdm", "qsdwdm")
"""坐落 and 权属单位代码: a village's twelve digits and seven more."""
PARENT_COLUMNS: Final = ("city", "county", "township", "village", "parent", "parent_code")
FIELDS: Final = ("code", "name", *PARENT_COLUMNS)
SKIP: Final = "skip"
"""The level of rows that are not to be taken."""
LEVEL_WORDS: Final[Mapping[str, str]] = {
    word: level
    for level, words in {
        Level.CITY: ("city", "prefecture", "市", "地级市", "市级", "地市"),
        Level.COUNTY: (
            "county",
            "district",
            "县",
            "区",
            "县级",
            "区县",
            "县区",
            "县(区)",
            "县级市",
            "旗",
            "自治县",
            "市辖区",
        ),
        Level.TOWNSHIP: ("township", "town", "乡", "镇", "街道", "乡镇", "乡级", "乡镇级", "乡镇(街道)", "镇街"),
        Level.VILLAGE: ("village", "村", "社区", "村级", "行政村", "建制村", "村(社区)", "村社"),
        Level.GROUP: ("group", "组", "村民组", "小组", "村民小组", "组级"),
    }.items()
    for word in (*words, level.value, LEVEL_LABELS[level].replace("（", "(").replace("）", ")"))
}


def text_of(value: Any) -> str:
    """A cell as text: full width made half, spaces made one, whole floats without their `.0`, null as ""."""
    if value is None or value != value:
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFKC", str(value)).split())


def code_of(value: Any, column: str) -> str:
    """A code as text; 天地图's `gb` is the country (156) followed by the 区划 code; 坐落单位代码 ends in seven zeros."""
    text = text_of(value)
    if column.lower() == "gb" and text.startswith("156") and len(text) in (7, 9, 12, 15):
        return text[3:]
    if column.lower() in UNIT_COLUMNS and len(text) == 19 and text.endswith("0000000"):
        return text[:12]
    return text


def empty_columns(table: Mapping[str, Iterable[Any]]) -> list[str]:
    """The columns that have no value in any row."""
    return [name for name, values in table.items() if not any(text_of(value) for value in values)]


def truth_of(value: Any) -> bool:
    return text_of(value).lower() in ("1", "true", "yes", "是")


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Raises BadInput("unknown_field") for a key that is neither a field nor LEVEL.field."""
    fields = (*FIELDS, "level")
    wrong = [key for key in mapping if key.split(".")[-1] not in fields or key.split(".")[0] not in (*LEVELS, *fields)]
    if wrong:
        raise BadInput(f"--map 不认识的字段 {'、'.join(wrong)}；可用：{'、'.join(fields)}", code="unknown_field")


class Columns:
    """The columns of one file, asked by field. `used` remembers the keys of the mapping that found their column; one that is
    empty in every row stands for a field only where no other does, or a person says so."""

    def __init__(
        self, columns: Sequence[str], mapping: Mapping[str, str], used: set[str], empty: Iterable[str] = ()
    ) -> None:
        self.names = list(columns)
        self._empty = frozenset(empty)
        self._by_lower = {column.lower(): column for column in reversed(self.names)}
        self._mapping, self._used = mapping, used

    def find(self, field: str, level: str = "") -> str | None:
        """The column for a field: the mapped one if the file has it, else the first known one, in any case."""
        for key in (f"{level}.{field}", field):
            column = self._mapping.get(key, "").lower()
            if column in self._by_lower:
                self._used.add(key)
                return self._by_lower[column]
        usual_names = [name.lower() for name in KNOWN.get(field, (field,))]
        present = [self._by_lower[name] for name in usual_names if name in self._by_lower]
        return next((column for column in present if column not in self._empty), next(iter(present), None))

    def needed(self, level: str, where: str) -> tuple[str, str]:
        """The columns of code and name. Raises BadInput("missing_column") with the columns that there are."""
        columns = [self.find(field, level) for field in ("code", "name")]
        if None in columns:
            lacking = "、".join(word for word, column in zip(("代码", "名称"), columns, strict=True) if column is None)
            raise BadInput(
                f"找不到{lacking}列；文件的列有：{'、'.join(self.names) or '无'}。"
                "请用 --map code=列名 --map name=列名 指定",
                where=where,
                code="missing_column",
                details={"columns": self.names},
            )
        return str(columns[0]), str(columns[1])

    def parents(self, level: str) -> dict[str, str]:
        """{field: column} of the columns that name upper cells. A column called like the level itself names the
        cell."""
        above = LEVELS[: LEVELS.index(Level(level))] if level else LEVELS
        fields = [field for field in PARENT_COLUMNS if field in above or field not in LEVELS]
        return {field: column for field in fields if (column := self.find(field, level)) is not None}


def level_of(text: str, words: Mapping[str, str]) -> str | None:
    """The level that a cell of a level column means: by the given words, else by the known ones; None if nothing
    says."""
    level = words.get(text) or LEVEL_WORDS.get(text.lower())
    return level if level == SKIP or level in LEVELS else None


def signature_of(columns: Iterable[str]) -> str:
    """The set of column names, as a key under which a mapping is remembered."""
    return hashlib.sha256("\n".join(sorted({name.lower() for name in columns})).encode()).hexdigest()
