"""Names of people as lists write them: 张三 is padded with blanks of any width to stand under 欧阳娜 (C2). Pure."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_PADDED = (" ", "\u3000", "  ")


def name_of(text: str) -> str:
    """The name without invisible marks; a Chinese one without blanks, any other with single ones."""
    plain = _MARKS.sub("", text)
    blank = "" if _HAN.search(plain) else " "
    return re.sub(r"\s+", blank, plain.strip())


def spellings_of(name: str) -> list[str]:
    """The ways in which accounts of before may hold a name: as it is, and two characters padded."""
    plain = name_of(name)
    return [plain, *(pad.join(plain) for pad in _PADDED)] if len(plain) == 2 else [plain]


def same_name(name: str, other: str) -> bool:
    """Whether two names are one but for blanks and full-width letters."""
    return unicodedata.normalize("NFKC", name_of(name)) == unicodedata.normalize("NFKC", name_of(other))
