# Makes a Debian host ready for automation; sent to `sh -s ACCOUNT PUBLIC_KEY` and run as root.
# Prints a line `changed WHAT` for each thing it changed and `failed WHY` before it gives up; a second run prints neither.
set -u

changed() { printf 'changed %s\n' "$*"; }
fail() { printf 'failed %s\n' "$*"; exit 1; }

packages() {
  missing=
  for package in python3 python3-apt sudo; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  command -v apt-get >/dev/null || fail "this is no Debian: there is no apt-get"
  log=$(mktemp)
  # Lists may be missing or old on a new host. Its first boot often runs apt itself: for dpkg's lock apt-get waits,
  # for that of the lists it does not.
  tries=0
  until LC_ALL=C apt-get -q update >"$log" 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] && grep -q 'Could not get lock' "$log" || break
    sleep 2
  done
  # What one broken source keeps from being listed may not be what is missing: only installing decides.
  LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 --no-install-recommends \
    install $missing >>"$log" 2>&1 ||
    { why=$(grep '^E: ' "$log" | tail -n 2 | tr '\n' ' '); rm -f "$log"; fail "apt-get cannot install$missing: $why"; }
  rm -f "$log"
  changed "installed$missing"
}

account() {
  getent passwd "$1" >/dev/null && return
  # `*` is no password's hash: nobody logs in with one, and a key still does, also where sshd does not use PAM
  # and takes useradd's own `!` for a locked account.
  useradd --create-home --shell /bin/bash --comment 'automation' --password '*' "$1" || fail "useradd could not make the account $1"
  changed "made the account $1"
}

# mode MODE OWNER PATH: sshd and sudo pass over files that somebody else could write to.
mode() {
  [ "$(stat -c '%a %U' "$3")" = "$1 $2" ] && return
  chown "$2" "$3" && chmod "$1" "$3" || fail "owner and mode of $3 cannot be set"
  changed "set owner and mode of $3"
}

key() {
  home=$(getent passwd "$1" | cut -d: -f6)
  group=$(id -g "$1")
  keys=$home/.ssh/authorized_keys
  [ -d "$home/.ssh" ] || install -d -m 0700 -o "$1" -g "$group" "$home/.ssh" || fail "$home/.ssh cannot be made"
  if ! grep -qxF "$2" "$keys" 2>/dev/null; then
    # awk ends a last line that has no end, which would swallow ours.
    { [ ! -e "$keys" ] || awk 1 "$keys"; } >"$keys.new" && printf '%s\n' "$2" >>"$keys.new" ||
      fail "$keys.new cannot be written"
    chown "$1:$group" "$keys.new" && chmod 0600 "$keys.new" && mv "$keys.new" "$keys" || fail "$keys cannot be written"
    changed "put the key into $keys"
  fi
  mode 700 "$1" "$home/.ssh"
  mode 600 "$1" "$keys"
}

sudoers() {
  file=/etc/sudoers.d/opsharden
  line="$1 ALL=(ALL:ALL) NOPASSWD: ALL"
  if [ "$(cat $file 2>/dev/null)" != "$line" ]; then
    said=$(visudo -c 2>&1) || fail "sudo's rules are broken already: $(printf '%s' "$said" | head -n 1)"
    # sudo passes over names with a dot, so a half-written or wrong file never counts.
    (umask 0337; rm -f $file.new; printf '%s\n' "$line" >$file.new) || fail "$file.new cannot be written"
    visudo -cqf $file.new || { rm -f $file.new; fail "visudo refuses the rule for $1"; }
    mv $file.new $file || fail "$file cannot be written"
    visudo -c >/dev/null 2>&1 || { rm -f $file; fail "visudo refuses sudo's rules with $file"; }
    changed "let $1 use sudo"
  fi
  mode 440 root $file
}

main() {
  [ "$(id -u)" = 0 ] || fail "root is needed"
  packages
  account "$1"
  key "$1" "$2"
  sudoers "$1"
  exit 0
}

# Read whole before it runs: apt-get and others must not eat the rest of the script.
main "$@" </dev/null
