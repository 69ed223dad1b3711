#!/usr/bin/env bash
# The whole loop on throwaway real hosts: the tutorial as a script. Run it again: nothing changes on the hosts.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
sudo=()
if [ "$(id -u)" != 0 ]; then sudo=(sudo -E env "PATH=$PATH"); fi
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# Exit code 3 says that there are findings, which is what a bare host is expected to have.
findings_expected() { "$@" || [ $? = 3 ]; }

began=$SECONDS
say "1. A project, and a lab of five real hosts to rehearse on"
opsharden init demo
"${sudo[@]}" "$(command -v opsharden)" lab up demo --debian12 2 --debian13 2 --hub --dir demo/lab
sed -i 's|^inventory = .*|inventory = ["inventory/hosts.yml", "lab/inventory/hosts.yml"]|' demo/opsharden.toml
cd demo

say "2. Bootstrap: python3, the automation account, its key; host keys checked against the lab's fingerprints"
opsharden bootstrap --password-file lab/password

say "3. Verify: what is"
findings_expected opsharden verify -o table html:before.html

say "4. Apply: bring about what fails, and look again"
opsharden apply -o table

say "5. Verify: what is now, on file as evidence and as reports"
opsharden verify -o table html:after.html json:after.json junit:after.xml

say "6. A file out of the backup of deb12-1"
host() {
  local address
  address=$(awk -v name="$1" '$1 == name":" {found=1} found && /ansible_host/ {print $NF; exit}' lab/inventory/hosts.yml)
  shift
  ssh -q -o UserKnownHostsFile=known_hosts -o BatchMode=yes -i keys/automation "opsharden@$address" sudo "$@"
}
host deb12-1 /usr/local/sbin/opsharden-backup status
host deb12-1 sh -c "'rm -rf /root/restored; /usr/local/sbin/opsharden-backup restore /etc/hostname --target /root/restored;
  cat /root/restored/etc/hostname; rm -rf /root/restored'"

say "7. Every monitoring agent, as Prometheus on the hub sees it"
host hub promtool query instant http://localhost:9090 up

say "8. What got better, and where things are"
opsharden runs list
cat <<END

before:    demo/before.html
after:     demo/after.html, demo/after.json, demo/after.xml
evidence:  demo/.opsharden/evidence.db
inventory: demo/lab/inventory/hosts.yml
took:      $((SECONDS - began)) seconds

Look around: cd demo && ../.venv/bin/opsharden verify
Remove it:   make clean
END
