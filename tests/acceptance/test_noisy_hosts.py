"""Verify cannot lie: hosts that chatter, are full, hold odd names or never end are judged right, or not at all."""

from __future__ import annotations

import subprocess

from tests.acceptance.trouble import COMMAND, Trouble

NOISE = """echo garbage; echo 'PASS 0 {"rc": 0}'; echo 'garbage: not found' >&2; sleep 0.2"""
NOISY_SHELL = """#!/bin/sh
echo 'this shell complains' >&2
exec /bin/bash "$@"
"""
HIDE_PYTHON, SHOW_PYTHON = "mv /usr/bin/python3 /usr/bin/.python3", "mv /usr/bin/.python3 /usr/bin/python3"
RESTART = "systemctl reset-failed ssh; systemctl restart ssh"
SMALL = "/tmp /var/tmp /dev/shm /var/log"


def ssh(trouble: Trouble, command: str) -> subprocess.CompletedProcess[str]:
    """A login with OpenSSH."""
    path = trouble.project.path
    options = f"-F none -i {path}/keys/automation -o UserKnownHostsFile={path}/known_hosts".split()
    to = f"opsharden@{trouble.project.lab.host(trouble.bad).address}"
    return subprocess.run(["ssh", *options, to, command], capture_output=True, text=True, check=True, timeout=30)


def test_a_noisy_login(trouble: Trouble) -> None:
    read = "/home/opsharden/.bashrc /home/opsharden/.profile /root/.bashrc /root/.profile"
    config = "/etc/ssh/sshd_config"  # its first line comes before any drop-in, those of our own role too
    trouble.make(
        f"cat > /etc/profile.d/00-noise.sh <<'END'\n{NOISE}\nEND\nsed -i '1i . /etc/profile.d/00-noise.sh' {read}\n"
        f"cat > /usr/local/bin/noisy <<'END'\n{NOISY_SHELL}END\nchmod +x /usr/local/bin/noisy\n"
        "usermod --shell /usr/local/bin/noisy opsharden\n"
        f"echo 'Go away, please' > /etc/noise; sed -i '1i Banner /etc/noise' {config}; {RESTART}",
        undo=f"usermod --shell /bin/bash opsharden; sed -i '/00-noise.sh$/d' {read};"
        f" rm -f /etc/profile.d/00-noise.sh /etc/noise /usr/local/bin/noisy;"
        f" sed -i '/^Banner .etc.noise$/d' {config}; {RESTART}",
    )
    said = ssh(trouble, "true")
    assert said.stdout.startswith("garbage\n")
    assert "Go away, please\n" in said.stderr
    assert "this shell complains\n" in said.stderr
    seen = trouble.verify()
    # This one is the truth: a warning of the site's own is shown now.
    told = trouble.healthy.told(trouble.bad)
    told["ssh-banner"] = ("pass", "none", "none")
    assert seen.told(trouble.bad) == told
    assert seen.code == trouble.healthy.code


def test_file_names_that_are_not_utf_8(trouble: Trouble) -> None:
    places = "/etc/ssh/sshd_config.d/%b.conf /etc/cron.d/%b /etc/sudoers.d/%b /etc/profile.d/%b.sh"
    trouble.make(
        "umask 077; mkdir -p /etc/cron.d \"$(printf '/etc/cron.\\377\\303')\"\n"
        f"for place in {places}; do printf '# \\377\\303\\n' > \"$(printf $place '\\377\\303')\"; done",
        undo="find /etc -name \"*$(printf '\\377\\303')*\" -exec rm -r {} +",
    )
    trouble.unmoved(trouble.verify())

    trouble.project.exec(trouble.bad, "chmod 666 /etc/ssh/sshd_config.d/\"$(printf '\\377\\303')\".conf")
    found = trouble.verify().findings(trouble.bad)["ssh-files"]
    assert found["verdict"] == "fail"
    assert "/\\xff\\xc3.conf: mode 666" in found["observed"]


def fill(trouble: Trouble) -> None:
    """Let there be no room where anybody may write, until the test is over."""
    container = trouble.project.lab.host(trouble.bad).container
    inspect = ["podman", "inspect", "--format", "{{.State.Pid}}", container]
    pid = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()

    def outside(script: str) -> None:
        """The host itself has no right to mount anything."""
        subprocess.run(["nsenter", "--target", pid, "--mount", "--pid", "sh", "-euc", script], check=True)

    trouble.undo.callback(
        outside,
        f"for path in {SMALL}; do ! [ -e $path/small ] || umount $path; done\n"
        "rm -f /run/filler /run/probe; mount -o remount,size=50% /run",
    )
    outside(
        "umask 077\n"  # who can write there stays as it was: that is a control's business
        f"for path in {SMALL}; do\n"
        "mount -t tmpfs -o size=64k,mode=$(stat -c %a $path) tmpfs $path; : > $path/small; done\n"
        "mount -o remount,size=$(($(df -k /run | awk 'END {print $3}') + 16))k /run\n"
        f"for path in {SMALL} /run; do head -c 1m /dev/zero > $path/filler || true;"
        " if echo x > $path/probe; then exit 1; fi; done 2>/dev/null"
    )


def test_a_full_disk(trouble: Trouble) -> None:
    fill(trouble)
    trouble.unmoved(trouble.verify())


def test_a_full_disk_without_python3(trouble: Trouble) -> None:
    trouble.make(HIDE_PYTHON, undo=SHOW_PYTHON)
    fill(trouble)
    trouble.unjudged(trouble.verify(), "space")


def test_a_hundred_megabytes_of_output(trouble: Trouble) -> None:
    large = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo needle"
    control = trouble.check("output", large, "'needle' not in done.stdout")
    seen = trouble.verify()
    print(f"{seen.memory:.0f} MiB, {seen.seconds:.1f} s")  # noqa: T201 - a figure for who looks with -rP
    assert seen.memory < 400
    (observation,) = seen.observed(control, trouble.bad)
    assert observation["truncated"]
    assert len(observation["stdout"]["data"]) < 10_000_000
    # The needle is there: who has not seen all of the output cannot say that it is not.
    assert trouble.unjudged(seen, "cut") == {control}


def test_a_command_that_hangs(trouble: Trouble) -> None:
    command = "sleep 1013 | cat & sleep 1013"
    control = trouble.check("hang", command)
    after = trouble.check("next", "true")
    seen = trouble.verify()
    assert trouble.unjudged(seen, f"did not end within {COMMAND:g} seconds: `{command}`") == {control}
    findings = seen.findings(trouble.bad)
    assert findings[control]["seconds"] < COMMAND + 2
    assert findings[after]["verdict"] == "pass"
    trouble.project.exec(trouble.bad, "! pgrep -fx 'sleep 1013'")


def test_a_program_that_hangs(trouble: Trouble) -> None:
    trouble.replace("cvtsudoers", "sleep 1013")
    seen = trouble.verify()
    unjudged = trouble.unjudged(seen, f"did not end within {COMMAND:g} seconds", "cvtsudoers")
    assert unjudged == {"sudo-log", "sudo-pty", "sudo-timeout"}
    trouble.project.exec(trouble.bad, "! pgrep -fx 'sleep 1013'")


def test_a_login_that_hangs(trouble: Trouble) -> None:
    hang = "/etc/profile.d/00-hang.sh"
    trouble.make(f"echo 'sleep 1013' > {hang}", undo=f"rm -f {hang}; pkill -fx 'sleep 1013' || true")
    seen = trouble.verify()
    # What login shells read is read, and no login shell is run for it.
    assert trouble.unjudged(seen, "did not end within") == set()
    trouble.project.exec(trouble.bad, "! pgrep -fx 'sleep 1013'")


def test_no_python3_on_the_host(trouble: Trouble) -> None:
    trouble.make(HIDE_PYTHON, undo=SHOW_PYTHON)
    trouble.unmoved(trouble.verify())
