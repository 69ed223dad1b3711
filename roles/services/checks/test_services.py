"""What a host offers, what it carries, and what it runs by the clock."""

import pytest

# dpkg-query answers 1 where it does not know one of the packages.
INSTALLED = "dpkg-query --show --showformat='${{db:Status-Status}} ${{Package}}\\n' {} 2>/dev/null || test $? -eq 1"
CRON = r"find /etc -maxdepth 1 \( -type d -name 'cron.*' -o -type f -name crontab \) -printf '%m %u:%g %p\n'"


def undeclared(host, purposes, declared):
    """Purpose -> its packages that are on the host, of purposes the host does not declare."""
    looked_for = {purpose: packages for purpose, packages in purposes.items() if purpose not in declared}
    if not looked_for:
        pytest.skip(f"this host declares {', '.join(purposes)}")
    names = sorted(name for packages in looked_for.values() for name in packages)
    answer = host.check_output(INSTALLED.format(" ".join(names))).splitlines()
    there = {name for status, name in map(str.split, answer) if status not in ("not-installed", "config-files")}
    return {purpose: sorted(there & set(packages)) for purpose, packages in looked_for.items() if there & set(packages)}


@pytest.mark.control("svc-ftp-tftp")
def test_file_servers(host, values):
    assert undeclared(host, values["services_servers"], values["services_declared"]) == {}


@pytest.mark.control("cli-insecure-absent")
def test_clients(host, values):
    assert undeclared(host, values["services_clients"], values["services_declared"]) == {}


@pytest.mark.control("cron-access")
def test_scheduled_jobs(host):
    answer = host.check_output(CRON).splitlines()
    if not answer:
        pytest.skip("nothing of cron is on this host")
    wrong = {}
    for line in answer:
        mode, owner, path = line.split(maxsplit=2)
        if int(mode, 8) & ~0o700 or owner != "root:root":
            wrong[path] = f"{mode} {owner}"
    assert wrong == {}
