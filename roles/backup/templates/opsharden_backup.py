#!/usr/bin/python3
"""Back this host up, prove that the backup can be restored, restore from it.

    opsharden-backup run                        take a backup now
    opsharden-backup prove                      restore the newest one to a scratch place and compare every file
    opsharden-backup restore PATH --target DIR  bring PATH back, under DIR
    opsharden-backup status                     the records of the last run and the last proof, as JSON
    opsharden-backup init                       make the repository, once

A backup carries a canary (when, and a nonce) and a manifest (what every file held). A proof compares the restored
files with the manifest restored beside them, never with the live files, which have moved on since.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

SETTINGS = Path("/etc/opsharden/backup")
STATE = Path("/var/lib/opsharden/backup")
CANARY, MANIFEST, SCRATCH = STATE / "canary.json", STATE / "manifest.json", STATE / "scratch"
RUN, RESTORE = STATE / "run.json", STATE / "restore.json"
TAG = "opsharden"
SOME_UNREAD = 3  # restic's exit status when a backup was taken but some files could not be read
TRIES = 6
# What ssh says where the backup host has too many logins under way: see MaxStartups in sshd_config(5).
TURNED_AWAY = re.compile(r"kex_exchange_identification|Connection (reset|closed) by \S+ port \d+")
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): what our children leave behind becomes ours


class Failure(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """What went wrong, one sentence."""


def restic(*arguments: str, accept: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    """Run restic on this host's repository. Its key travels as the name of a file, never on the command line."""
    environment = {
        **os.environ,
        "RESTIC_REPOSITORY": "sftp:backup:/repo",
        "RESTIC_PASSWORD_FILE": str(SETTINGS / "key"),
        "RESTIC_CACHE_DIR": "/var/cache/opsharden-backup",
    }
    by_ssh = f"sftp.command=ssh -F {SETTINGS / 'ssh_config'} backup -s sftp"
    command = ["restic", "--quiet", "--option", by_ssh, *arguments]
    for _ in range(TRIES):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode in accept:
            return done
        if TURNED_AWAY.search(done.stderr):
            time.sleep(random.uniform(2, 10))  # noqa: S311 - so that those who came together do not come back together
        elif "already locked" in done.stderr and arguments[0] != "unlock":
            restic("unlock")  # takes away locks whose owners are gone, and no others
        else:
            break
    raise Failure(f"restic {arguments[0]} ended with {done.returncode}: {reason(done.stderr)}")


def reason(said: str) -> str:
    """The lines that tell why restic failed: what its ssh said, and its own first or fatal one. A trace may follow."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    by_ssh = [line.removeprefix("subprocess ssh: ") for line in lines if line.startswith("subprocess ssh: ")]
    own = [line for line in lines if not line.startswith("subprocess ssh: ")]
    fatal = [line for line in own if line.startswith("Fatal: ")] or own
    return "; ".join([*by_ssh[-1:], *fatal[:1]]) or "it did not say why"


def walk(paths: list[str], exclude: list[str]) -> Iterator[Path]:
    """Every file and symbolic link under paths, less what is excluded, by the same rules as restic's."""
    for name in paths:
        path = Path(name)
        if any(PurePosixPath(name).match(pattern) for pattern in exclude):
            continue
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(FileNotFoundError):
                yield from walk(sorted(map(str, path.iterdir())), exclude)
        elif path.is_symlink() or path.is_file():
            yield path


def fingerprint(path: Path) -> tuple[int, str]:
    """When a file changed last, in nanoseconds, and the SHA-256 of what it holds; for a link, of where it points."""
    status = path.lstat()
    if path.is_symlink():
        return status.st_mtime_ns, hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
    with path.open("rb") as content:
        return status.st_mtime_ns, hashlib.file_digest(content, "sha256").hexdigest()


def make_manifest(paths: list[str], exclude: list[str]) -> dict[str, tuple[int, str]]:
    """What every file holds now, by its path."""
    manifest = {}
    for path in walk(paths, exclude):
        with contextlib.suppress(FileNotFoundError):  # gone since it was listed
            manifest[str(path)] = fingerprint(path)
    return manifest


def read(path: Path) -> dict[str, Any]:
    """A record of ours, empty where there is none that can be read: it is written anew."""
    try:
        record = json.loads(path.read_text()) if path.is_file() else {}
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def write(path: Path, record: dict[str, Any]) -> None:
    """Put a record down whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(record, indent=1) + "\n")
    draft.replace(path)


def run(settings: dict[str, Any]) -> None:
    """Take a backup now.

    Raises:
        Failure: A path to back up does not exist, or restic could not store everything.
    """
    paths, started = settings["paths"], time.time()
    # restic 0.14 passes over a missing path and exits 0.
    if missing := [path for path in paths if not os.path.lexists(path)]:
        raise Failure(f"{', '.join(missing)} should be backed up but does not exist")
    write(CANARY, {"time": started, "nonce": secrets.token_hex(16)})
    manifest = make_manifest(paths, settings["exclude"])
    write(MANIFEST, manifest)
    arguments = ["backup", "--json", f"--host={settings['host']}", f"--tag={TAG}"]
    arguments += [f"--exclude={pattern}" for pattern in settings["exclude"]]
    arguments += ["--", *paths, str(CANARY), str(MANIFEST)]
    # A file that vanishes under restic's hands leaves a gap; a second pass tells that from a file nobody can read.
    done = restic(*arguments, accept=(0, SOME_UNREAD))
    if done.returncode == SOME_UNREAD:
        done = restic(*arguments)
    record = {
        "snapshot": taken(settings, done.stdout),
        "started": started,
        "seconds": round(time.time() - started, 1),
        "paths": paths,
        "files": len(manifest),
        "vanished": [path for path in manifest if not os.path.lexists(path)],
    }
    write(RUN, record)


def snapshots(settings: dict[str, Any]) -> dict[str, float]:
    """This host's backups of the paths declared now: id -> when each was taken, in seconds since 1970."""
    filters = [f"--host={settings['host']}", f"--tag={TAG}", *(f"--path={path}" for path in settings["paths"])]
    found = json.loads(restic("snapshots", "--json", *filters).stdout) or []
    return {each["id"]: datetime.fromisoformat(each["time"]).timestamp() for each in found}


def taken(settings: dict[str, Any], said: str) -> str:
    """Id of the backup that restic said it took: its dates do not tell, where the clock was wrong once."""
    summary = json.loads(said.strip().splitlines()[-1])
    return next(name for name in snapshots(settings) if name.startswith(summary["snapshot_id"]))  # 0.14 says 8 digits


def newest(settings: dict[str, Any]) -> str:
    """Id of this host's newest backup of the paths declared now; one from the future comes after all others."""
    found, now = snapshots(settings), time.time()
    if not found:
        raise Failure("there is no backup of this host and these paths: take one with opsharden-backup run")
    return max(found, key=lambda name: (found[name] <= now, found[name]))


def below(root: Path, path: str | Path) -> Path:
    """Where a path of the host is restored to."""
    return root / str(path).lstrip("/")


def compare(root: Path, started: float, vanished: list[str]) -> dict[str, Any]:
    """Hold what was restored under root against the manifest restored with it.

    A file that differs and was changed after its backup began is counted as changed; any other difference is a
    mismatch, and so is a file that is not there, unless the backup itself saw it vanish.
    """
    manifest = json.loads(below(root, MANIFEST).read_text())
    changed, mismatches, size = 0, [], 0
    for path, (_, digest) in manifest.items():
        copy = below(root, path)
        if not os.path.lexists(copy):
            mismatches += [] if path in vanished else [path]
            continue
        size += copy.lstat().st_size
        modified, restored = fingerprint(copy)
        if restored != digest and modified >= started * 1e9:
            changed += 1
        elif restored != digest:
            mismatches.append(path)
    return {
        "files": len(manifest),
        "bytes": size,
        "changed": changed,
        "mismatches": len(mismatches),
        "examples": mismatches[:10],
    }


def restore_and_compare(settings: dict[str, Any]) -> dict[str, Any]:
    """Restore the newest backup to a scratch place, compare every file, wipe the place."""
    snapshot, last = newest(settings), read(RUN)
    needed = json.loads(restic("stats", "--json", "--mode=restore-size", snapshot).stdout)["total_size"]
    if needed * 1.1 > shutil.disk_usage(STATE).free:
        raise Failure(f"a restore needs {needed // 2**20} MiB, more than is free under {STATE}")
    shutil.rmtree(SCRATCH, ignore_errors=True)  # of a proof that was cut off
    SCRATCH.mkdir(mode=0o700)
    try:
        restic("restore", snapshot, f"--target={SCRATCH}")
        canary = json.loads(below(SCRATCH, CANARY).read_text())
        vanished = last["vanished"] if last.get("snapshot") == snapshot else []
        return {"snapshot": snapshot, "canary_time": canary["time"], **compare(SCRATCH, canary["time"], vanished)}
    finally:
        shutil.rmtree(SCRATCH)


def prove(settings: dict[str, Any]) -> None:
    """Restore, compare, and record what came out, so that a proof that failed replaces the one before it.

    Raises:
        Failure: The newest backup cannot be restored, or does not match.
    """
    started = time.time()
    try:
        found = restore_and_compare(settings)
    except (Failure, OSError, KeyError, json.JSONDecodeError) as problem:
        write(RESTORE, {"started": started, "failure": str(problem)})
        raise
    write(RESTORE, {**found, "started": started, "seconds": round(time.time() - started, 1)})
    if found["mismatches"]:
        raise Failure(f"{found['mismatches']} restored files do not match, such as {found['examples'][0]}")


def literal(path: str) -> str:
    """A pattern of restic's that stands for this path and no other."""
    return re.sub(r"([\\*?\[\]])", r"\\\1", path)


def restore(settings: dict[str, Any], path: str, target: Path, snapshot: str) -> None:
    """Bring a path back from a backup, under a directory of its own: nothing live is overwritten."""
    if not path.startswith("/"):
        raise Failure(f"{path} is no absolute path: it has to begin with a slash")
    path = os.path.normpath(path).replace("//", "/")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = newest(settings) if snapshot == "newest" else snapshot
    restic("restore", chosen, f"--include={literal(path)}", f"--target={target}")
    if not os.path.lexists(below(target, path)):
        raise Failure(f"backup {chosen[:8]} holds no {path}")


def status() -> None:
    """Print the last records, and how many seconds ago each was written."""
    now = time.time()
    aged = {}
    for name, path in (("run", RUN), ("restore", RESTORE)):
        aged[name] = {**read(path), "age": now - (path.stat().st_mtime if path.exists() else 0)}
    sys.stdout.write(json.dumps(aged) + "\n")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other backup or proof runs on this host, and keep others out.

    Left only when nothing that was started is still there: restic 0.14 ends before its ssh does, and a service whose
    main process ends first is held up by systemd for 90 seconds, then called failed, where cgroups are of version 1.
    """
    ctypes.CDLL(None, use_errno=True).prctl(ADOPT, 1, 0, 0, 0)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with contextlib.suppress(ChildProcessError):  # raised when there is none left
                while True:
                    os.wait()


def main() -> None:
    """Do what the command line says; exit 1 with one sentence where that fails."""
    os.umask(0o077)
    parser = argparse.ArgumentParser(prog="opsharden-backup", description="Back this host up, prove it, restore it.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("init", "run", "prove", "status"):
        verbs.add_parser(verb)
    back = verbs.add_parser("restore")
    back.add_argument("path", help="absolute path to bring back")
    back.add_argument("--target", type=Path, required=True, help="directory to restore under")
    back.add_argument("--snapshot", default="newest", help="id of a backup; the newest one by default")
    given = parser.parse_args()
    try:
        settings = json.loads((SETTINGS / "settings.json").read_text())
        if given.verb == "status":
            status()
        elif given.verb == "restore":
            restore(settings, given.path, given.target, given.snapshot)
        else:
            with alone():
                {"init": lambda _: restic("init"), "run": run, "prove": prove}[given.verb](settings)
    except (Failure, OSError, KeyError, json.JSONDecodeError) as problem:
        sys.exit(f"opsharden-backup: {problem}")


if __name__ == "__main__":
    main()
