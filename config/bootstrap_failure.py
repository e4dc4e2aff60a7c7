"""The failure of a step of setting up, in words that help: which step, what happened, what to do. Chinese, then English."""

from __future__ import annotations

import re

# The first pattern that matches wins: a full disk or a dead network shows up under many later messages.
KNOWN = (
    (
        r"No space left on device|ENOSPC|Disk quota exceeded",
        "磁盘已满 / the disk is full",
        "清理磁盘后重试；也可用 TMPDIR 指向空间充足的目录 / free some space and try again; TMPDIR may point to a roomier folder",
    ),
    (
        r"do not match the hashes|EINTEGRITY|THESE PACKAGES DO NOT MATCH",
        "下载的包与锁定的哈希不符 / a downloaded package does not match its pinned hash",
        "清除缓存（pip cache purge，npm cache clean --force）或更换镜像后重试 / clear the caches or change the mirror, then try again",
    ),
    (
        r"SSLError|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_HAS_EXPIRED",
        "软件源的证书不被信任 / the certificate of the package index is not trusted",
        "把单位代理的根证书装进系统（update-ca-certificates），或设置 PIP_CERT 和 NODE_EXTRA_CA_CERTS / "
        "install the root certificate of your proxy, or set PIP_CERT and NODE_EXTRA_CA_CERTS",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|name resolution|Name or service not known|Network is unreachable"
        r"|Connection refused|ProxyError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|getaddrinfo|Max retries exceeded"
        r"|ENETUNREACH",
        "连不上软件源 / the package index cannot be reached",
        "检查网络或代理（HTTPS_PROXY），或为 pip（PIP_INDEX_URL）和 npm（npm_config_registry）设置可用的镜像后重试 / "
        "check the network or the proxy, or name a mirror for pip and npm, and try again",
    ),
    (
        r"No matching distribution|Could not find a version|is not a supported wheel",
        "软件源里没有适合本机的安装包 / the package index has no wheel for this machine",
        "使用 64 位 Linux 和 Python 3.11–3.13；镜像可能尚未同步，换一个源 / "
        "use 64-bit Linux with Python 3.11 to 3.13; a mirror may be out of date, try another",
    ),
    (
        r"Permission denied|EACCES|Operation not permitted|Read-only file system",
        "没有写权限 / no permission to write",
        "换一个有写权限的目录，或用目录的所有者运行 / use a folder that you may write to, or run as its owner",
    ),
)
UNKNOWN = (
    "命令失败，输出见上 / the command failed, its output is above",
    "按输出处理后重试 / act on the output and try again",
)
SHOWN_LINES = 9
SHOWN_WIDTH = 160


class Failure(Exception):
    """A step of the set-up failed: `step`, `what` happened, what to `do`, and the end of its `output` if it had any."""

    def __init__(self, step: str, what: str, do: str, output: str = "") -> None:
        super().__init__(what)
        self.step, self.what, self.do, self.output = step, what, do, output

    @classmethod
    def of_output(cls, step: str, output: str) -> Failure:
        """The failure that the output of a command tells of."""
        what, do = explain(output)
        return cls(step, what, do, output)

    def for_people(self) -> str:
        """The whole message: first the head and the tail of the output, so that the advice ends the screen."""
        lines = self.output.strip().splitlines()
        if len(lines) > 2 * SHOWN_LINES:
            lines = [*lines[:SHOWN_LINES], "…", *lines[-SHOWN_LINES:]]
        tail = "\n".join(f"    {line[:SHOWN_WIDTH]}" for line in lines)
        return f"{tail}\n\n✗ 失败 / failed: {self.step}\n  {self.what}\n→ {self.do}".lstrip("\n")


def explain(output: str) -> tuple[str, str]:
    """(what happened, what to do) for a command's output; general words when nothing is recognised."""
    for pattern, what, do in KNOWN:
        if re.search(pattern, output):
            return what, do
    return UNKNOWN
