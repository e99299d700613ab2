"""Debian packages of the servers, downloaded once and unpacked into a folder, never installed.

Debian installs Exim or Postfix, not both; unpacked they live side by side. In goes `packages.txt`,
out comes a folder with `usr/` and `etc/` that the yard lays over the machine's own. Needs
`apt-get`, `apt-cache` and `dpkg`, and a package mirror the first time only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent


class PackagesMissing(Exception):
    """The servers cannot be had on this machine; the message says why."""


def cache_folder() -> Path:
    """Where packages are kept: `POSTROAD_TEST_CACHE`, or `.cache/debs` in the repository."""
    configured = os.environ.get("POSTROAD_TEST_CACHE")
    return Path(configured) if configured else HERE.parent.parent / ".cache" / "debs"


def unpacked(cache: Path | None = None) -> Path:
    """The folder with all packages unpacked, downloading what is not there yet.

    Raises `PackagesMissing` where there is no apt, no mirror, or no such package.
    """
    cache = cache or cache_folder()
    for tool in ("apt-get", "apt-cache", "dpkg"):
        if shutil.which(tool) is None:
            raise PackagesMissing(f"{tool} is not on this machine")
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / f"tree-{_stamp()}"
    with _alone(cache):
        if not _is_complete(tree):
            _unpack(_download(cache), tree)
        if not _is_complete(tree):
            raise PackagesMissing(f"the programs in {tree} lack libraries: {_lacking(tree)}")
    return tree


def programs() -> list[str]:
    """The packages named in `packages.txt`, in order."""
    lines = (HERE / "packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _stamp() -> str:
    release = Path("/etc/os-release").read_text() + os.uname().machine
    return hashlib.sha256((release + " ".join(programs())).encode()).hexdigest()[:12]


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Keep other test runs out of the cache while it is being filled."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_complete(tree: Path) -> bool:
    return tree.exists() and not _lacking(tree)


def _lacking(tree: Path) -> list[str]:
    """The libraries that neither this machine nor the unpacked packages have."""
    libraries = tree / "usr/lib"
    places = [libraries, libraries / f"{os.uname().machine}-linux-gnu", libraries / "postfix"]
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, places))}
    told = [
        subprocess.run(["ldd", tree / program], env=environment, capture_output=True, text=True)
        for program in ("usr/sbin/exim4", "usr/sbin/nsd", "usr/sbin/rsyslogd", "usr/sbin/postconf")
    ]
    lines = "".join(done.stdout for done in told).splitlines()
    return sorted({line.split()[0] for line in lines if "not found" in line})


def _download(cache: Path) -> list[Path]:
    wanted = programs()
    if not _known(wanted):
        _run(["apt-get", "-q", "update"], cache)
    if not _known(wanted):
        raise PackagesMissing(f"apt does not know all of: {' '.join(wanted)}")
    # Libraries first, so that a program's own file wins.
    names = [*_missing_libraries(wanted), *wanted]
    fresh = cache / "download"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    _run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names], fresh)
    return [next(fresh.glob(f"{name}_*.deb")) for name in names]


def _known(names: list[str]) -> bool:
    shown = subprocess.run(["apt-cache", "show", *names], capture_output=True, text=True)
    found = {line[9:] for line in shown.stdout.splitlines() if line.startswith("Package: ")}
    return set(names) <= found


def _missing_libraries(names: list[str]) -> list[str]:
    """The libraries these packages need, at any depth, that are not installed here."""
    no = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    command = ["apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in no), *names]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    libraries = sorted({line for line in listed.splitlines() if line.startswith("lib")})
    candidates = [name for name in libraries if ":" not in name and "-perl" not in name]
    return [name for name in candidates if name not in _installed() and name not in names]


def _installed() -> set[str]:
    command = ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[1] for line in listed.splitlines() if line.startswith("ii")}


def _unpack(packages: list[Path], tree: Path) -> None:
    half_done = tree.with_suffix(".part")
    shutil.rmtree(half_done, ignore_errors=True)
    for package in packages:
        _run(["dpkg", "-x", str(package), str(half_done)], tree.parent)
    shutil.rmtree(tree, ignore_errors=True)
    half_done.rename(tree)


def _run(command: list[str], folder: Path) -> None:
    """Run a tool of Debian's, and turn its failure into a reason."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise PackagesMissing(f"`{' '.join(command[:4])} …` failed: {' '.join(reason)}")
