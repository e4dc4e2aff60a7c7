"""A rule as data: what a policy pack may say, and the refusal of everything that the engine could not honour (policy.md §8).

What cannot be computed is refused when the pack is loaded, never skipped: a cap that is silently ignored would be a wrong
deduction. Dates are Beijing dates, money is integer fen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

SCOPES = {"payer": "付款单位", "county": "县（区）", "township": "乡镇（街道）"}
RESETS = {"year": "自然年", "never": "不清零"}
KNOWN_LATER = {
    "percentage": "按基数比例扣缴",
    "area_tiers": "按面积分档扣缴",
    "zone_class": "分区分类标准",
    "payer_map": "规则内的付款单位表",
    "merge_rule": "规则内的并点规则",
    "deadlines": "规则内的时限",
    "negative_proof": "规则内的查否要求",
    "verification": "规则内的核实要求",
    "period_cap_fen": "按期累计封顶",
}
KEYS = {
    "code", "version", "title", "clause", "document_no", "valid_from", "valid_to",
    "base", "count", "seasons", "sources", "cap_fen", "counts_as_first_mu",
}  # fmt: skip


class RuleError(ValueError):
    """A rule that cannot be loaded; the text is Chinese and names the rule and the field. ``code`` is stable."""

    code = "bad_rule"


class RuleNotSupported(RuleError):
    """The rule is understood but this engine cannot compute it yet; it must not be half applied."""

    code = "rule_not_supported"


@dataclass(frozen=True)
class Base:
    """How the amount grows with the ordinal: ``fixed``, ``ordinal_tiers`` or ``doubling``.

    ``tiers`` holds (first ordinal, fen), ascending from 1; a fixed rule is one tier, and a doubling one starts at it.
    """

    kind: str
    tiers: tuple[tuple[int, int], ...]

    def amount_fen(self, ordinal: int) -> int:
        """Fen of the ``ordinal``-th point (1-based) of its count."""
        if self.kind == "doubling":
            return int(self.tiers[0][1] * 2 ** (ordinal - 1))
        return next(fen for start, fen in reversed(self.tiers) if ordinal >= start)


@dataclass(frozen=True)
class Count:
    """What the ordinal counts within (``scope``) and when it starts again (``reset``)."""

    scope: str
    reset: str


@dataclass(frozen=True)
class Season:
    """A window of the year, both days included, as (month, day); it may run over New Year."""

    starts: tuple[int, int]
    ends: tuple[int, int]

    def holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.starts <= self.ends:
            return self.starts <= at <= self.ends
        return at >= self.starts or at <= self.ends


@dataclass(frozen=True)
class RuleDefinition:
    """One version of one rule, in force from ``valid_from`` until the day before ``valid_to`` (None: no end).

    Empty ``seasons`` and ``sources`` mean all of them; ``cap_fen`` is for one point.
    """

    code: str
    version: int
    title: str
    clause: str
    document_no: str
    valid_from: date
    valid_to: date | None
    base: Base
    count: Count | None = None
    seasons: tuple[Season, ...] = ()
    sources: frozenset[str] = frozenset()
    cap_fen: int | None = None
    counts_as_first_mu: int | None = None

    @property
    def ref(self) -> str:
        """How a ledger entry cites this rule: ``benxi-c12@1``."""
        return f"{self.code}@{self.version}"

    @property
    def fixed_fen(self) -> int | None:
        """The one rate of a fixed rule without a cap below it, for the 标准 column; None when the rate varies."""
        return self.base.tiers[0][1] if self.base.kind == "fixed" and self.cap_fen is None else None

    def holds(self, day: date) -> bool:
        """Whether the rule is in force on a Beijing date."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def parse(data: Mapping[str, Any]) -> RuleDefinition:
    """A rule from pack JSON.

    Raises RuleError for a malformed field, RuleNotSupported for one that the engine cannot honour.
    """
    name = str(data.get("code") or "?")
    for key, value in data.items():
        if key in KNOWN_LATER and value is not None:
            raise RuleNotSupported(f"规则“{name}”：暂不支持{KNOWN_LATER[key]}（{key}），不能加载。")
        if key not in KEYS and key not in KNOWN_LATER:
            raise RuleError(f"规则“{name}”：不认识的字段“{key}”。")
    valid_from, valid_to = _date(name, data, "valid_from"), _date(name, data, "valid_to", optional=True)
    if valid_from is None or (valid_to is not None and valid_to <= valid_from):
        raise RuleError(f"规则“{name}”：失效日期（不含）应晚于生效日期。")
    base, count = _base(name, data.get("base")), _count(name, data.get("count"))
    if base.kind != "fixed" and count is None:
        raise RuleError(f"规则“{name}”：按次递增的规则必须写明 count（范围和清零）。")
    return RuleDefinition(
        code=_text(name, data, "code"),
        version=_whole(name, "version", data.get("version")),
        title=_text(name, data, "title"),
        clause=_text(name, data, "clause"),
        document_no=_text(name, data, "document_no"),
        valid_from=valid_from,
        valid_to=valid_to,
        base=base,
        count=count,
        seasons=tuple(_season(name, item) for item in data.get("seasons") or ()),
        sources=_sources(name, data.get("sources")),
        cap_fen=_optional_whole(name, data, "cap_fen"),
        counts_as_first_mu=_optional_whole(name, data, "counts_as_first_mu"),
    )


def _base(name: str, data: Any) -> Base:
    if not isinstance(data, Mapping) or not isinstance(data.get("kind"), str):
        raise RuleError(f"规则“{name}”：缺少 base.kind。")
    kind = data["kind"]
    if kind in KNOWN_LATER:
        raise RuleNotSupported(f"规则“{name}”：暂不支持{KNOWN_LATER[kind]}（base.kind = {kind}），不能加载。")
    shapes = {"fixed": {"amount_fen"}, "doubling": {"first_fen"}, "ordinal_tiers": {"tiers"}}
    if kind not in shapes:
        raise RuleError(f"规则“{name}”：不认识的 base.kind“{kind}”。")
    if set(data) != shapes[kind] | {"kind"}:
        raise RuleError(f"规则“{name}”：base 应当只有 kind 和 {'、'.join(shapes[kind])}。")
    if kind != "ordinal_tiers":
        (field,) = shapes[kind]
        return Base(kind, ((1, _whole(name, field, data[field])),))
    return Base(kind, _tiers(name, data["tiers"]))


def _tiers(name: str, data: Any) -> tuple[tuple[int, int], ...]:
    if not isinstance(data, list) or not all(isinstance(item, Mapping) for item in data):
        raise RuleError(f"规则“{name}”：tiers 应是列表，每档写 from 和 amount_fen。")
    tiers = tuple((_whole(name, "from", t.get("from")), _whole(name, "amount_fen", t.get("amount_fen"))) for t in data)
    starts = [start for start, _ in tiers]
    if not starts or starts[0] != 1 or starts != sorted(set(starts)):
        raise RuleError(f"规则“{name}”：tiers 应从第 1 次开始，逐档递增。")
    return tiers


def _count(name: str, data: Any) -> Count | None:
    if data is None:
        return None
    if not isinstance(data, Mapping) or data.get("scope") not in SCOPES or data.get("reset") not in RESETS:
        raise RuleError(f"规则“{name}”：count 应写 scope（{'、'.join(SCOPES)}）和 reset（{'、'.join(RESETS)}）。")
    return Count(data["scope"], data["reset"])


def _season(name: str, data: Any) -> Season:
    days = []
    for key in ("from", "to"):
        text = data.get(key) if isinstance(data, Mapping) else None
        if not isinstance(text, str) or not re.fullmatch(r"\d\d-\d\d", text):
            raise RuleError(f"规则“{name}”：seasons 的 {key} 应写成“MM-DD”。")
        try:
            day = date.fromisoformat(f"2000-{text}")  # a leap year, so that 02-29 is a day
        except ValueError as error:
            raise RuleError(f"规则“{name}”：seasons 的“{text}”不是日期。") from error
        days.append((day.month, day.day))
    return Season(days[0], days[1])


def _sources(name: str, data: Any) -> frozenset[str]:
    if data is None:
        return frozenset()
    if not isinstance(data, list) or not data or not all(isinstance(item, str) and item for item in data):
        raise RuleError(f"规则“{name}”：sources 应是非空的文字列表；不限来源请写 null。")
    return frozenset(data)


def _text(name: str, data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RuleError(f"规则“{name}”：缺少 {key}。")
    return value.strip()


def _whole(name: str, key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RuleError(f"规则“{name}”：{key} 应是正整数（金额单位为分）。")
    return value


def _optional_whole(name: str, data: Mapping[str, Any], key: str) -> int | None:
    return None if data.get(key) is None else _whole(name, key, data[key])


def _date(name: str, data: Mapping[str, Any], key: str, *, optional: bool = False) -> date | None:
    value = data.get(key)
    if value is None and optional:
        return None
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # anything but text raises below
    except (TypeError, ValueError) as error:
        raise RuleError(f"规则“{name}”：{key} 应写成“YYYY-MM-DD”。") from error
