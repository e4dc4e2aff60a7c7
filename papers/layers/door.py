"""The one door to GDAL: a file from outside is read in a child process with limits of time and memory, without network.

The child (`child`) knows no settings and no database; what it read comes back as Arrow columns, never as pickles, so that
a file which takes the child over has still nothing to say here. A file that never ends is ended, and that is said.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from papers.encodings import FileError
from papers.layers.kinds import SUFFIX_KINDS, kind_of

WAIT_S: Final = 120.0
"""How long a file may be read. The largest that the page takes (250 MB) needs some ten seconds."""
PAGE_WAIT_S: Final = 20.0
"""The same where a person waits for the page, below the 30 seconds after which the server ends its process."""
MEMORY_BYTES: Final = 3 * 1024**3
RESULT_BYTES: Final = 2 * 1024**3
_TICK_S: Final = 0.5
_ROOT: Final = Path(__file__).resolve().parents[2]
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from papers.layers import child; child.main(sys.argv[2])"
_INHERITED: Final = ("LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TZDIR")

Meanwhile = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file may be opened: for how long, in how much memory, and what is done every half second meanwhile (a worker
    seals, and keeps its lease). `by_suffix` also takes kinds that only their suffix tells (SUFFIX_KINDS)."""

    wait_s: float = WAIT_S
    memory_bytes: int = MEMORY_BYTES
    meanwhile: Meanwhile | None = None
    by_suffix: bool = False


USUAL: Final = Opening()


@dataclass(frozen=True, slots=True, eq=False)
class LayerRead:
    """A layer: its columns by name, a WKB (or None) for each row, the CRS that the file states, how many features it has
    in all (more than were read where only the first were asked for), and what should be said of the reading."""

    columns: Mapping[str, npt.NDArray[Any]]
    wkb: list[bytes | None]
    crs: str | None
    features: int
    notes: tuple[str, ...] = field(default=())


def layers_of(path: Path, opening: Opening = USUAL) -> list[str]:
    """The names of the layers that have shapes. Raises FileError (unreadable, endless, too_large, active_content)."""
    answer, _ = _asked(path, {"act": "list"}, opening)
    return [str(name) for name in answer["layers"]]


def read_layer(
    path: Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    most_rows: int | None = None,
    opening: Opening = USUAL,
) -> LayerRead:
    """A layer (None: the first) whole, or its first rows. Raises FileError as `layers_of`."""
    order = {"act": "read", "layer": layer, "encoding": encoding, "most_rows": most_rows}
    answer, table = _asked(path, order, opening)
    if table is None:
        raise FileError("没有读出内容", code="unreadable")
    names = [str(name) for name in answer["fields"]]
    columns = {name: np.asarray(table.column(at).to_numpy()) for at, name in enumerate(names)}
    wkb = table.column("wkb").to_pylist() if answer["drawn"] else []
    return LayerRead(columns, wkb, answer["crs"], int(answer["features"]), tuple(answer["notes"]))


def _asked(path: Path, order: dict[str, Any], opening: Opening) -> tuple[dict[str, Any], pa.Table | None]:
    kind = kind_of(path) or (SUFFIX_KINDS.get(path.suffix.lower(), "") if opening.by_suffix else "")
    if not kind:
        raise FileError("不是认识的图形文件", where=path.name, code="unreadable")
    with tempfile.TemporaryDirectory(prefix="jinshao-layer-") as folder:
        limits = {
            "cpu_s": int(opening.wait_s) + 5,
            "memory": opening.memory_bytes,
            "result": RESULT_BYTES,
            "parent": os.getpid(),
        }
        whole = order | {"path": str(path.resolve()), "kind": kind, "folder": folder, "limits": limits}
        _run(whole, opening, path.name)
        answer_file, rows_file = Path(folder) / "answer.json", Path(folder) / "rows.arrow"
        answer = json.loads(answer_file.read_text(encoding="utf-8")) if answer_file.is_file() else None
        if answer is None:
            todo = "请在 QGIS 等软件里打开检查，另存为 GeoPackage 后再导入"
            raise FileError("读这份文件要用的内存超过上限，或者读的程序中途退出", todo=todo, code="too_large")
        if "error" in answer:
            raise FileError(_plain(answer["error"], path), code=answer.get("code", "unreadable"))
        return answer, _table(rows_file) if rows_file.is_file() else None


def _table(file: Path) -> pa.Table:
    with pa.OSFile(str(file)) as source, pa.ipc.open_file(source) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table


def _run(order: Mapping[str, Any], opening: Opening, name: str) -> None:
    """Run the child to its end, or end it. Raises FileError("endless") when its time is up."""
    # Isolated, with an environment of its own: neither passwords nor a proxy that works get into it.
    command = [sys.executable, "-I", "-c", _START, str(_ROOT), json.dumps(order, ensure_ascii=True)]
    child = subprocess.Popen(
        command, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=order["folder"], start_new_session=True,
    )  # fmt: skip
    ends_at = time.monotonic() + opening.wait_s
    try:
        while True:
            try:
                child.wait(timeout=max(0.01, min(_TICK_S, ends_at - time.monotonic())))
                return
            except subprocess.TimeoutExpired:
                if time.monotonic() >= ends_at:
                    raise FileError(
                        f"读了 {opening.wait_s:.0f} 秒还没有读完，已经停下",
                        where=name,
                        todo="文件可能有问题（例如图层是没有尽头的查询）；请在 QGIS 等软件里另存为普通图层后再导入",
                        code="endless",
                    ) from None
                if opening.meanwhile is not None:
                    opening.meanwhile()
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()
        child.wait()


def _environment() -> dict[str, str]:
    dead = "http://127.0.0.1:9"
    own = {
        "LANG": "C.UTF-8",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "OPENBLAS_NUM_THREADS": "1",
        "GDAL_HTTP_PROXY": dead,
        "GDAL_HTTPS_PROXY": dead,
        "http_proxy": dead,
        "https_proxy": dead,
        "all_proxy": dead,
        "GDAL_HTTP_MAX_RETRY": "0",
        "GDAL_HTTP_CONNECTTIMEOUT": "1",
        "GDAL_HTTP_TIMEOUT": "1",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "PROJ_NETWORK": "OFF",
        "GDAL_NUM_THREADS": "1",
    }
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | own


def _plain(message: str, path: Path) -> str:
    """The words of GDAL without the folders of this machine."""
    resolved = path.resolve()
    for place in (str(resolved), str(path)):
        message = message.replace(place, path.name)
    for folder in (str(resolved.parent), str(path.parent)):
        message = message.replace(f"{folder}/", "") if folder not in (".", "/") else message
    return message[:300]
