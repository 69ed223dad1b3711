# Looks where sshd looks for the keys of an account; sent to `sh -s KEY FILE...` and run as root. Changes nothing.
# Prints `file NUMBER MODE UID` for each FILE that is there, `line NUMBER LINENUMBER TEXT` for each line of it that
# holds the KEY (its base64), and `folder NUMBER MODE UID` for the folder of each.
set -u
# sudo may come with a secure_path that has no programs of the administrator's.
PATH=${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin
export PATH

main() {
  key=$1 number=0
  shift
  for file; do
    folder=$(dirname "$file")
    [ ! -d "$folder" ] || printf 'folder %s %s\n' $number "$(stat -L -c '%a %u' "$folder")"
    if [ -f "$file" ]; then
      printf 'file %s %s\n' $number "$(stat -L -c '%a %u' "$file")"
      # What is larger is no file of keys, and may be one without end.
      [ "$(stat -L -c %s "$file")" -gt 1048576 ] || grep -naF -- "$key" "$file" |
        grep -av '^[0-9]*:[[:space:]]*#' | sed "s/^\([0-9]*\):/line $number \1 /"
    fi
    number=$((number + 1))
  done
  echo end
  exit 0
}

main "$@" </dev/null 2>/dev/null
