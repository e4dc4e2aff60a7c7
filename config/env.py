"""Facts of the machine for settings.py: where the home is, its secret key, what disk it stands on.

Free of Django, so that the bootstrap and its tests can use it without the venv.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from ipaddress import ip_network
from pathlib import Path

# SQLite's WAL needs shared memory and working locks: neither is dependable on a network or FUSE file system.
UNSAFE_FILESYSTEMS = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre")
# A block device served through FUSE is still one machine's local disk.
LOCAL_FUSE = ("fuseblk",)


def home_folder(base_dir: Path) -> Path:
    """The folder for everything that is written (JINSHAO_HOME, default var/), absolute."""
    return Path(os.environ.get("JINSHAO_HOME") or base_dir / "var").expanduser().resolve()


def keep_private(home: Path) -> None:
    """Make files for this user alone from here on, and close a home of ours that other users could enter.

    The home is enough: nothing inside can be reached without it. What the group may do stays as the office has set it.
    """
    os.umask(0o077)
    try:
        mode = stat.S_IMODE(home.stat().st_mode)
        if mode & 0o007 and not mode & stat.S_ISVTX and _is_ours(home):
            home.chmod(mode & ~0o007)
    except OSError:
        return  # not there yet, or another's: journal.privacy says what is open and how to close it


def _is_ours(home: Path) -> bool:
    """Whether a folder holds a deployment, or nothing yet: another that was named by mistake stays as it is."""
    return not any(home.iterdir()) or any(
        (home / name).exists() for name in ("secret_key", "jinshao.sqlite3", "broker", "files")
    )


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
    key = os.environ.get("SECRET_KEY")
    if key:
        return key
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        _place_key(path)
    return _read_key(path)


def identity_key(home: Path) -> str:
    """The key of the digests of identities: IDENTITY_KEY from the environment, else made once in
    JINSHAO_HOME/identity_key with mode 600. It goes with no rotation: a lost one makes nobody known again."""
    key = os.environ.get("IDENTITY_KEY")
    if key:
        return key
    path = home / "identity_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        _place_key(path)
    return _read_key(path)


def _place_key(path: Path) -> None:
    """Put a new key in place whole, unless another process was first.

    Written under a name of its own and then linked: web and worker that start together in a new home never read an
    empty file, and whoever comes second takes the key of the first. A file system without links gets O_EXCL.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
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


def trusted_proxies(words: list[str], *, https: bool) -> list[str]:
    """TRUSTED_PROXIES without blanks. Ends the process, in words, for what is no proxy, and for none behind TLS.

    Without it every client would have the proxy's address: whoever guesses passwords would lock everybody out.
    """
    proxies = [word.strip() for word in words if word.strip()]
    for word in proxies:
        try:
            trusts_all = word != "unix" and ip_network(word, strict=False).prefixlen == 0
        except ValueError:
            raise SystemExit(
                f"拒绝启动：TRUSTED_PROXIES 里的“{word}”不是 IP 地址、网段，也不是 unix。\n"
                f"Refusing to start: {word!r} in TRUSTED_PROXIES is neither an address, a network nor `unix`."
            ) from None
        if trusts_all:
            raise SystemExit(
                f"拒绝启动：TRUSTED_PROXIES 里的 {word} 是所有地址，谁都能冒充别的地址。请只写代理的地址。\n"
                f"Refusing to start: {word} in TRUSTED_PROXIES is every address there is. Name the proxies alone."
            )
    if https and not proxies:
        raise SystemExit(
            "拒绝启动：设置了 JINSHAO_HTTPS=1，没有设置 TRUSTED_PROXIES。请写上前面代理的地址，例如本机的代理："
            "TRUSTED_PROXIES=127.0.0.1（本地套接字写 unix）；否则所有人共用代理的地址，有人试密码，大家都登录不了。\n"
            "Refusing to start: JINSHAO_HTTPS=1 without TRUSTED_PROXIES. Name the proxy in front, for instance "
            "TRUSTED_PROXIES=127.0.0.1 (`unix` for a local socket)."
        )
    return proxies


def uses_sqlite() -> bool:
    """Whether DATABASE_URL (or its absence) chooses SQLite."""
    return os.environ.get("DATABASE_URL", "sqlite://").startswith("sqlite")
