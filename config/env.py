"""Small questions about the machine that settings.py asks: where the home is, its secret key, what disk it stands on.

Free of Django, so that the bootstrap and its tests can use it without the venv.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

# SQLite's WAL needs shared memory and working locks: neither is dependable on a network or FUSE file system.
UNSAFE_FILESYSTEMS = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre")
# A block device served through FUSE is still one machine's local disk.
LOCAL_FUSE = ("fuseblk",)


def home_folder(base_dir: Path) -> Path:
    """The folder for everything that is written (JINSHAO_HOME, default var/), absolute."""
    return Path(os.environ.get("JINSHAO_HOME") or base_dir / "var").expanduser().resolve()


def filesystem_of(folder: Path, mounts: str | None = None) -> str:
    """The type of the file system that holds `folder` (or its nearest existing parent); "" when unknown.

    `mounts` is the text of /proc/mounts; the longest mount point that is a parent of the folder wins, the last of equals.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    best, kind = -1, ""
    target = folder.resolve()
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if (target == point or point in target.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def unsafe_for_sqlite(kind: str) -> bool:
    """Whether a file system of this type may corrupt or lock up an SQLite database in WAL mode."""
    return kind not in LOCAL_FUSE and kind.startswith(UNSAFE_FILESYSTEMS)


def secret_key(home: Path) -> str:
    """SECRET_KEY from the environment, else the deployment's own, made once in JINSHAO_HOME/secret_key with mode 600."""
    given = os.environ.get("SECRET_KEY")
    if given:
        return given
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        _place_key(path)
    return _read_key(path)


def _place_key(path: Path) -> None:
    """Put a new key in place whole, unless another process was first.

    Written under a name of its own and then linked: web and worker that start together in a new home never read an
    empty file, and whoever comes second takes the key of the first. A file system without links gets O_EXCL.
    """
    draft = path.with_name(f".secret_key.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:
            with contextlib.suppress(FileExistsError):
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(draft.read_text(encoding="utf-8"))
    finally:
        draft.unlink(missing_ok=True)


def _read_key(path: Path) -> str:
    key = path.read_text(encoding="utf-8").strip()
    if not key:
        raise SystemExit(
            f"密钥文件是空的，请删除后重试 / the secret key file is empty, delete it and try again: {path}"
        )
    return key


def uses_sqlite() -> bool:
    """Whether DATABASE_URL (or its absence) chooses SQLite."""
    return os.environ.get("DATABASE_URL", "sqlite://").startswith("sqlite")
