"""The products of other satellites, or other products of the same, by file name and first lines: what a file is that no
reader takes, and what to bring instead. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from firepoints.sightings.readers.base import SourceError

LIST: Final = "请向省里要火点清单（Excel），按“省级卫星清单”导入；或导入同一时间的 FIRMS 文件"
FIRMS: Final = "请改用 FIRMS 的 CSV（同一颗卫星，来源选 FIRMS）"
L2WLF: Final = "请下载同一天的 L2WLF（每 10 分钟一份，文件名含 L2WLF）再导入"
FY4_TEXT: Final = "请向提供单位要风云四号的火情文本（火点编号、纬度、经度、省地县），或火点清单"
PRODUCTS: Final = (
    (r"L3WLF|_1[HDM]WLF", "葵花的 L3 产品（每小时、每日或每月的汇总）", L2WLF),
    (r"FY-?3[A-H]|风云三号", "风云三号（FY-3）的火情产品", LIST),
    (r"FY-?2[A-H]|风云二号", "风云二号（FY-2）的产品", LIST),
    (r"FY-?4[A-C].{0,60}\.(?:HDF|NC)\b", "风云四号的 HDF 或 NetCDF 产品", FY4_TEXT),
    (r"V(?:NP|J1|J2)14(?:IMG)?(?:ML|TDL|DL)?|AFIMG|AFMOD|VIIRS.?M.?band", "VIIRS 活动火点的原始产品或月表", FIRMS),
    (r"M[OYC]D14(?:ML|A\d|DL)?", "MODIS 活动火点的原始产品或月表（MOD14、MYD14、MCD14ML）", FIRMS),
    (r"\bOR_ABI|GOES-?1\d|FDC[CF]", "GOES 的火点产品", FIRMS),
    (r"S3[AB]_SL_2_FRP|SLSTR", "哨兵三号（SLSTR）的火点产品", FIRMS),
    (r"LSA-?SAF|\bMSG\d|SEVIRI", "MSG 的火点产品", FIRMS),
    (r"\bLC0[89]_|LANDSAT", "陆地卫星的火点产品", FIRMS),
    (r"GK-?2A|\bAMI\b", "GK-2A 的火点产品", LIST),
    (r"\bGF-?[1-7]|高分[一二三四五六七]号|\bZY-?3|\bHJ-?[12]", "高分、资源或环境卫星的产品", LIST),
)  # fmt: skip
BINARY: Final = (b"\x89HDF", b"\x0e\x03\x13\x01", b"CDF\x01", b"CDF\x02", b"II*\x00", b"MM\x00*", b"\x1f\x8b", b"BZh")
OWN: Final = {"himawari": re.compile(r"L2WLF", re.IGNORECASE), "fy4": re.compile(r"\.txt$", re.IGNORECASE)}


def refusal_of(head: bytes, filename: str) -> SourceError | None:
    """The refusal of a product that is known by its file name or its first lines, and read by nobody; None where nothing
    names one."""
    texts = (Path(filename).name, head[:3000].decode("utf-8", "replace"), head[:3000].decode("gb18030", "replace"))
    for pattern, word, bring in PRODUCTS:
        if any(re.search(pattern, text, re.IGNORECASE) for text in texts):
            return SourceError(f"这是{word}，没有读法", todo=bring, code="other_product")
    if head.startswith(BINARY):
        return SourceError(
            "这是二进制的卫星产品（HDF、NetCDF、GeoTIFF 或压缩文件），没有读法", todo=LIST, code="other_product"
        )
    return None


def refuse_by_name(head: bytes, filename: str, own: str) -> None:
    """Raise the refusal of another product that the file's name or a binary head tells, unless the name is the reader's own."""
    if not OWN[own].search(Path(filename).name) or head.startswith(BINARY):
        refusal = refusal_of(head if head.startswith(BINARY) else b"", filename)
        if refusal is not None:
            raise refusal
