"""The packages of these tests, unpacked as those of `tests.servers` are."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tests.servers import packages
from tests.servers.packages import PackagesMissing

HERE = Path(__file__).parent


def unpacked() -> Path:
    """The folder they are unpacked in. Raises `PackagesMissing`."""
    lines = (HERE / "packages.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    release = Path("/etc/os-release").read_text()
    stamp = hashlib.sha256((release + " ".join(wanted)).encode()).hexdigest()[:12]
    cache = packages.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    tree = cache / f"landing-{stamp}"
    with packages._alone(cache):
        if not tree.exists():
            packages._unpack(_download(cache, wanted), tree)
    return tree


def _download(cache: Path, wanted: list[str]) -> list[Path]:
    if not packages._known(wanted):
        packages._run(["apt-get", "-q", "update"], cache)
    if not packages._known(wanted):
        raise PackagesMissing(f"apt does not know all of: {' '.join(wanted)}")
    names = [*packages._missing_libraries(wanted), *_modules(wanted), *wanted]
    fresh = cache / "download-landing"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    packages._run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names], fresh)
    return [next(fresh.glob(f"{name}_*.deb")) for name in names]


def _modules(names: list[str]) -> list[str]:
    """The Perl modules that these packages need, at any depth, and that are not installed here."""
    no = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    command = ["apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in no), *names]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    modules = {line for line in listed if line.startswith("lib") and line.endswith("-perl")}
    # Some are names only, which Perl itself stands for.
    shown = subprocess.run(["apt-cache", "show", *modules], capture_output=True, text=True).stdout
    real = {line[9:] for line in shown.splitlines() if line.startswith("Package: ")}
    return sorted(modules & real - packages._installed())


__all__ = ["PackagesMissing", "unpacked"]
