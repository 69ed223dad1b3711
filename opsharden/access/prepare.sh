# Makes a Debian host ready for automation; sent to `sh -s ACCOUNT KEY KEYFILE OWNER RULEFILE RULE UNLOCK`, as root.
# KEY is a line for KEYFILE, where sshd reads the account's keys, OWNER whose file that is; KEYFILE is empty where the key
# lets in already, RULEFILE where sudo needs no rule. UNLOCK is `yes` where sshd takes an account without a password for
# a locked one.
# Prints `will WHAT` and waits for a line before it changes anything, `did` when it has; `failed WHY` before it gives up.
# So nothing is ever changed that the control node does not know of. A second run prints none of these.
set -u
# sudo may come with a secure_path that has no programs of the administrator's.
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
export PATH

will() { printf 'will %s\n' "$*"; read -r _ <&3 || exit 1; }
did() { printf 'did\n'; }
fail() { printf 'failed %s\n' "$(printf '%s' "$*" | tr '\n' ' ')"; exit 1; }
# What a command said, in one line, behind what failed with it.
why() { printf '%s' "$said" | tail -n 2 | tr '\n' ' ' | cut -c 1-300; }

packages() {
  missing=
  for package in python3 python3-apt sudo; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  will "installed$missing"
  # A host without a way to its packages says so soon; a slow one is waited for.
  patient="-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1"
  log=$(mktemp) || fail "no file can be made in ${TMPDIR:-/tmp}: is the disk full?"
  # Lists may be missing or old on a new host. Its first boot often runs apt itself: for dpkg's lock apt-get waits,
  # for that of the lists it does not.
  tries=0
  until LC_ALL=C apt-get -q $patient update >"$log" 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] && grep -q 'Could not get lock' "$log" || break
    sleep 2
  done
  # What one broken source keeps from being listed may not be what is missing: only installing decides.
  LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -y $patient -o DPkg::Lock::Timeout=120 --no-install-recommends \
    install $missing >>"$log" 2>&1 ||
    { said=$(grep '^E: ' "$log"); rm -f "$log"; fail "apt-get cannot install$missing: $(why)"; }
  rm -f "$log"
  did
}

account() {
  if ! getent passwd "$1" >/dev/null; then
    will "made the account $1"
    # `*` is no password's hash: nobody logs in with one, and a key still does, also where sshd does not use PAM
    # and takes useradd's own `!` for a locked account. And what has no password has none to be changed every year.
    said=$(useradd --create-home --shell /bin/bash --comment automation --password '*' \
      -K HOME_MODE=0700 -K PASS_MAX_DAYS=99999 "$1" 2>&1) || fail "useradd could not make the account $1: $(why)"
    home=$(getent passwd "$1" | cut -d: -f6)
    said=$(chmod -R go-rwx "$home" 2>&1) || fail "modes in $home cannot be set: $(why)"
    did
    return
  fi
  [ "$(getent passwd "$1" | cut -d: -f5)" = automation ] || return # what others made is theirs
  home=$(getent passwd "$1" | cut -d: -f6)
  [ -n "$(find "$home" -maxdepth 2 ! -type l -perm /077 -user "$1" 2>/dev/null | head -n 1)" ] || return
  will "closed $home to others"
  said=$(find "$home" -maxdepth 2 ! -type l -perm /077 -user "$1" -exec chmod go-rwx {} + 2>&1) ||
    fail "modes in $home cannot be set: $(why)"
  did
}

# `!` and nothing behind it is no password either, but sshd without PAM takes it for a locked account.
unlock() {
  case $(getent shadow "$1" | cut -d: -f2) in '!' | '!!' | '!*') ;; *) return ;; esac
  will "took the lock off the account $1, which has no password"
  said=$(usermod --password '*' "$1" 2>&1) || fail "the account $1 cannot be unlocked: $(why)"
  did
}

# In the name of whom a file is: root may not write to a home on another machine.
as() {
  whom=$1
  shift
  if [ "$whom" = root ]; then "$@"; else
    setpriv --reuid="$(id -u "$whom")" --regid="$(id -g "$whom")" --init-groups "$@"
  fi
}

# keep OWNER MODE PATH: sshd passes over what is not its account's, or what somebody else could write to.
keep() {
  [ ! -L "$3" ] || return
  set -- "$1" "$2" "$3" "$(stat -c '%a %u' "$3")"
  [ "${4#* }" = "$(id -u "$1")" ] && [ $((0${4% *} & 022)) = 0 ] && return
  will "set owner and mode of $3"
  said=$( (chown -h "$1" "$3" && chmod "$2" "$3") 2>&1) || fail "owner and mode of $3 cannot be set: $(why)"
  did
}

key() {
  owner=$4 file=$3 folder=$(dirname "$3") mode=0600 open=0700
  if [ -e "$file" ]; then
    [ -f "$file" ] || fail "$file is no ordinary file: $(stat -L -c %F "$file")"
    [ "$(stat -L -c %s "$file")" -le 1048576 ] || fail "$file is larger than any file of keys"
  fi
  # Keys that root keeps are read in the account's name: sshd_config(5), AuthorizedKeysFile.
  [ "$owner" != root ] || [ "$1" = root ] || { mode=0644 open=0755; }
  [ ! -d "$folder" ] || keep "$owner" $open "$folder"
  [ ! -e "$file" ] || keep "$owner" $mode "$file"
  ! grep -qxF -- "$2" "$file" 2>/dev/null || return
  will "put the key into $file"
  [ -d "$folder" ] || said=$(as "$owner" mkdir -m $open "$folder" 2>&1) || fail "$folder cannot be made: $(why)"
  # awk ends a last line that has no end, which would swallow ours. The new file takes the old one's place at once.
  said=$(as "$owner" sh -c 'umask 077; rm -f "$1.new"
    { [ ! -e "$1" ] || awk 1 "$1"; } >"$1.new" && printf "%s\n" "$2" >>"$1.new" && chmod '"$mode"' "$1.new" &&
    mv "$1.new" "$(readlink -f "$1")" || { rm -f "$1.new"; exit 1; }' sh "$file" "$2" 2>&1) ||
    fail "$file cannot be written: $(why)"
  did
}

# sudoers FILE RULE: one file used to hold the rule of whichever account there was. It stays: where it holds this very
# rule that is enough, where it holds another the new one goes beside it.
sudoers() {
  old=/etc/sudoers.d/opsharden file=$1
  if [ "$(cat $old 2>/dev/null)" = "$2" ]; then file=$old
  elif [ "$file" = $old ] && [ -s $old ]; then file=$old-opsharden; fi
  if [ "$(cat "$file" 2>/dev/null)" != "$2" ]; then
    will "let ${2%% ALL=*} use sudo"
    # sudo passes over names with a dot, so a half-written or wrong file never counts.
    said=$( (umask 0337; rm -f "$file.new"; printf '%s\n' "$2" >"$file.new") 2>&1) ||
      { rm -f "$file.new"; fail "$file.new cannot be written: $(why)"; }
    visudo -cqf "$file.new" || { rm -f "$file.new"; fail "visudo refuses the rule for $2"; }
    said=$(mv "$file.new" "$file" 2>&1) || { rm -f "$file.new"; fail "$file cannot be written: $(why)"; }
    visudo -c >/dev/null 2>&1 || { rm -f "$file"; fail "visudo refuses sudo's rules with $file; it is gone again"; }
    did
  fi
  [ "$(stat -c '%a %u' "$file")" = "440 0" ] && return
  will "set owner and mode of $file"
  said=$( (chown root:root "$file" && chmod 440 "$file") 2>&1) || fail "owner and mode of $file cannot be set: $(why)"
  did
}

main() {
  [ "$(id -u)" = 0 ] || fail "root is needed"
  umask 022
  packages
  account "$1"
  [ "$7" != yes ] || unlock "$1"
  [ -z "$3" ] || key "$1" "$2" "$3" "$4"
  [ -z "$5" ] || sudoers "$5" "$6"
  exit 0
}

# Read whole before it runs: apt-get and others must not eat the rest of the script. What it waits for comes on 3.
main "$@" 3<&0 </dev/null
