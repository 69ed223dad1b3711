# What a host's logs say about logins of ACCOUNT since the time SINCE (seconds); sent to `sh -s ACCOUNT SINCE`, as root.
# Prints their lines, oldest first, without those about logins that worked and connections that ended.
set -u

main() {
  {
    journalctl -q -o cat --since "@$2" -t sshd -t sshd-session -t sshd-auth -t sudo ||
      tail -n 300 /var/log/auth.log | sed 's/^.*\(sshd\|sudo\)[a-z-]*\(\[[0-9]*\]\)\?: //'
  } 2>/dev/null | grep -aF -e "$1" -e 'Authentication refused' -e 'Access denied' -e pam_ |
    grep -avE '^(Accepted|Connection|Disconnected|Received disconnect|Starting session|Postponed)|session (opened|closed)|pam_env|deprecated' |
    awk '!seen[$0]++' | tail -n 4 | cut -c 1-300
  exit 0
}

main "$@" </dev/null 2>/dev/null
