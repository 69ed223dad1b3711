# Looks at a Debian host before anything is changed on it; sent to `sh -s ACCOUNT PEER` and run as root. Changes nothing.
# Prints facts, one a line: a word that names it, and what it is. ACCOUNT is whom automation is to log in as, PEER what
# SSH_CONNECTION said at the login: our address and port, the host's address and port.
set -u
# sudo may come with a secure_path that has no programs of the administrator's.
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
export PATH

fact() { printf '%s\n' "$*" | tr '\n' ' '; echo; }

system() {
  fact now "$(date +%s)"
  fact system "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release | tr -d '"')"
  for package in python3 python3-apt sudo; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || fact missing "$package"
  done
  command -v apt-get >/dev/null && fact apt yes
  for folder in /etc "$(useradd -D 2>/dev/null | sed -n 's/^HOME=//p')"; do
    [ -d "$folder" ] || continue
    [ -w "$folder" ] || fact readonly "$folder"
    [ "$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')" != 0 ] || fact full "$folder"
  done
  fact homes "$(useradd -D 2>/dev/null | sed -n 's/^HOME=//p')"
  for file in /etc/nologin /run/nologin; do
    [ ! -e "$file" ] || { fact nologin "$file"; [ ! -f "$file" ] || fact notice "$(head -c 300 "$file")"; break; }
  done
}

account() {
  entry=$(getent passwd "$1") || return
  fact account "$entry"
  name=${entry%%:*}
  fact shadow "$(getent shadow "$name")"
  home=$(printf '%s' "$entry" | cut -d: -f6) shell=$(printf '%s' "$entry" | cut -d: -f7)
  for gid in $(id -G "$name" 2>/dev/null); do
    fact group "$(getent group "$gid" | cut -d: -f1)"
  done
  [ -z "$shell" ] || [ -x "$shell" ] || fact shell-is missing
  [ ! -d "$home" ] || fact home-is "$(stat -L -c '%a %u' "$home")"
}

sshd_says() {
  program=$(command -v sshd || echo /usr/sbin/sshd)
  [ -x "$program" ] || return
  set -- "$1" $2 # the four words of SSH_CONNECTION
  for try in "user=$1,host=${2:-},addr=${2:-},laddr=${4:-},lport=${5:-22}" "user=$1,host=${2:-},addr=${2:-}"; do
    "$program" -T -C "$try" 2>/dev/null | sed 's/^/sshd /' && return
  done
}

sudo_says() {
  command -v visudo >/dev/null || return
  said=$(visudo -c 2>&1) || { fact sudo-broken "$(printf '%s' "$said" | head -n 1)"; return; }
  # Which files sudo reads is said by visudo; that it reads the whole folder, by one of them.
  files=$(printf '%s\n' "$said" | sed -n 's/: parsed OK$//p')
  fact sudo-reads "$(printf '%s\n' "$files" | tr '\n' '\000' |
    xargs -0 grep -hsE '^[[:space:]]*[@#]includedir[[:space:]]' /dev/null |
    sed -e 's/^[[:space:]]*[@#]includedir[[:space:]]*//' -e 's/[[:space:]]*$//' -e 's/"//g' -e 's/\\//g')"
  # What stands later counts, for all or for this account; aliases are not looked into.
  printf '%s\n' "$files" | tr '\n' '\000' | account=$1 xargs -0 awk '
    { gsub(/[ \t]*,[ \t]*/, ","); gsub(/![ \t]*/, "!"); sub(/[ \t]#.*/, "") }
    sub(/^[ \t]*Defaults/, "") && /^[ \t:]/ {
      if (/^:/ && !index("," substr($1, 2) ",", "," ENVIRON["account"] ",")) next
      sub(/^:[^ \t]*/, ""); gsub(/[ \t]/, "")
      if (index("," $0 ",", ",!requiretty,")) wants = ""
      else if (index("," $0 ",", ",requiretty,")) wants = wants "requiretty " FILENAME ":" FNR ":\n"
    }
    END { printf "%s", wants }'
}

main() {
  [ "$(id -u)" = 0 ] || exit 1
  system
  account "$1"
  sshd_says "$1" "$2"
  sudo_says "$1"
  echo end
  exit 0
}

main "$@" </dev/null 2>/dev/null
