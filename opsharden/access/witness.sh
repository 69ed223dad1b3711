# What a host's logs say about logins of ACCOUNT since the time SINCE (seconds); sent to `sh -s ACCOUNT SINCE`, as root.
# Prints their lines, oldest first, without those about logins that worked, connections that ended and commands that
# sudo let run; of those it did not, why.
set -u
# sudo may come with a secure_path that has no programs of the administrator's.
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
export PATH

main() {
  {
    journalctl -q -o cat --since "@$2" -t sshd -t sshd-session -t sshd-auth -t sudo ||
      tail -n 300 /var/log/auth.log | sed 's/^.*\(sshd\|sudo\)[a-z-]*\(\[[0-9]*\]\)\?: //'
  } 2>/dev/null | grep -aF -e "$1" -e 'Authentication refused' -e 'Access denied' -e pam_ |
    grep -avE '^(Accepted|Connection|Disconnected|Received disconnect|Starting session|Postponed)|session (opened|closed)|pam_env|deprecated' |
    grep -avE '^ *[^ ]+ : (TTY=|PWD=|\(command continued\))' | sed 's/ *; \(TTY\|PWD\)=.*//' |
    awk '!seen[$0]++' | tail -n 4 | cut -c 1-300
  exit 0
}

main "$@" </dev/null 2>/dev/null
