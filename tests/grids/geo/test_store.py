"""Index files: mapped, checked once, and never trusted after a change."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from grids.geo import store

ARRAYS = {"a": np.arange(3000, dtype=np.int32), "empty": np.empty(0), "square": np.ones((3, 2))}


def _write(path: Path) -> Path:
    store.write(path, kind="test", version=1, arrays=ARRAYS)
    return path


def _read(path: Path) -> dict[str, np.ndarray]:
    return store.read(path, kind="test", version=1)


def _age(path: Path) -> None:
    """As if written a second ago: a file as young as its stamp is checked again."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 10**9))


def test_arrays_come_back_as_they_were_and_cannot_be_changed(tmp_path: Path) -> None:
    found = _read(_write(tmp_path / "x"))
    assert {name: array.tolist() for name, array in found.items()} == {n: a.tolist() for n, a in ARRAYS.items()}
    with pytest.raises(ValueError, match="read-only"):
        found["a"][0] = 1


def test_what_is_mapped_stays_when_the_file_is_deleted_or_replaced(tmp_path: Path) -> None:
    found = _read(_write(tmp_path / "x"))
    store.write(tmp_path / "x", kind="test", version=1, arrays={"a": np.zeros(5)})
    (tmp_path / "x").unlink()
    assert found["a"].tolist() == ARRAYS["a"].tolist()


def test_a_file_is_checked_whole_once_and_trusted_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path / "x")
    _age(path)
    _read(path)
    monkeypatch.setattr(store, "_checksum", lambda _: pytest.fail("checked again"))
    _read(path)


def test_a_byte_changed_after_the_check_is_found(tmp_path: Path) -> None:
    path = _write(tmp_path / "x")
    _age(path)
    _read(path)
    content = bytearray(path.read_bytes())
    content[store.PAGE + 100] ^= 1
    path.write_bytes(content)
    with pytest.raises(store.IndexDamaged, match="校验和"):
        _read(path)


def test_pages_that_changed_places_are_found(tmp_path: Path) -> None:
    path = _write(tmp_path / "x")
    content = path.read_bytes()
    page = store.PAGE
    path.write_bytes(content[:page] + content[2 * page : 3 * page] + content[page : 2 * page] + content[3 * page :])
    with pytest.raises(store.IndexDamaged, match="校验和"):
        _read(path)


def test_where_no_stamp_can_be_left_the_file_is_checked_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path / "x")
    _age(path)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    _read(path)
    assert not store._is_stamped(path, path.stat())
