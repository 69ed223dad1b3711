# What helper.py does, for hosts without python3: one command after the other, with the words of helper.py's answers.
cd / || exit 1
unset ENV BASH_ENV
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
folder=$(mktemp -d /dev/shm/opsharden.XXXXXX 2>/dev/null || mktemp -d /tmp/opsharden.XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM PIPE
limited=
if command -v timeout >/dev/null 2>&1; then limited=yes; fi
while read -r number timeout limit length; do
  command=$(head -c "$length"; printf x)
  command=${command%x}
  # Files that have no name any more by the time anything is in them: no answer can stay behind.
  exec 3>"$folder/out" 4>"$folder/err" || exit 1
  rm -f "$folder/out" "$folder/err"
  began=$(date +%s) how=c
  # Nobody waits for an answer without end, and it would fill the host's memory: ulimit -f counts in 512 bytes.
  if [ "$limited" ]; then
    (ulimit -f $((limit / 256)) && exec timeout -s KILL "$timeout" sh -c "$command") </dev/null >&3 2>&4 3>&- 4>&-
    rc=$?
    if [ $rc -eq 137 ] && [ $(($(date +%s) - began + 1)) -ge "${timeout%.*}" ]; then how=L; fi
  else
    (ulimit -f $((limit / 256)) && exec sh -c "$command") </dev/null >&3 2>&4 3>&- 4>&-
    rc=$?
  fi
  # Where there is no room for one byte more, some of the answer may be missing too.
  if ! { printf . >&3 && printf . >&4; } 2>/dev/null; then
    echo "there is no space left in $folder for what commands say" >&2
    exit 1
  fi
  out=$(($(wc -c </proc/$$/fd/3) - 1)) err=$(($(wc -c </proc/$$/fd/4) - 1))
  if [ "$out" -gt "$limit" ]; then out=$limit how=C; fi
  if [ "$err" -gt "$limit" ]; then err=$limit how=C; fi
  printf '%s %d %d %d %s 0\n' "$number" "$rc" "$out" "$err" "$how"
  head -c "$out" </proc/$$/fd/3
  head -c "$err" </proc/$$/fd/4
done
