/**
 * The part of the guard's program that ends containers; in a file of its own, since it works by the commands of an
 * engine, and the rest by signals. Each container is ended in a shell of its own, since an engine may hang.
 *
 * It goes by what the rest knows: `list` and `key_PID`, the groups that still run; `containers`, of which each is
 * KEY/NUMBER, with its `from_NUMBER` and `words_NUMBER`; `passed`, the time since the guard began to end things; and
 * `look_at_clock`, which sets `now`.
 */
export const containersScript = `runs() {
  for member in $list; do
    eval "[ \\"\\$key_$member\\" = \\"\\$1\\" ]" && return
  done
  return 1
}

end_containers() {
  waiting=' '
  for c in $containers; do
    p=\${c##*/}
    eval "from=\\$from_$p"
    if [ "$passed" -lt "$from" ] || runs "\${c%/*}"; then
      waiting="$waiting$c "
    else
      eval "end_container \\$words_$p" &
    fi
  done
  containers=$waiting
}

end_container() {
  term=$1 kill=$2
  shift 2
  left=$#
  while [ "$left" -gt 0 ]; do
    word=$(printf '%b.' "\${1#.}")
    shift
    set -- "$@" "\${word%.}"
    left=$((left - 1))
  done
  owner=$1 file=$2
  cd "$3"
  shift 3
  look_at_clock 0
  begun=$now id= sent=
  while :; do
    look_at_clock 200
    passed=$((now - begun))
    [ -f "$file" ] && read -r id <"$file"
    case $id in
    '') [ "$passed" -lt "$((term + kill))" ] || return ;;
    *[!0-9a-f]*) return ;;
    *)
      pid=$(ask "$@" inspect --format '{{.State.Pid}}' "$id")
      [ $? -lt 126 ] || return
      [ "\${pid:-0}" -gt 0 ] || break
      if [ "$passed" -ge "$((term + kill))" ]; then
        return
      elif [ "$passed" -ge "$term" ]; then
        [ "$sent" = KILL ] || ask "$@" kill --signal KILL "$id"
        sent=KILL
      elif [ -z "$sent" ]; then
        ask "$@" kill --signal TERM "$id"
        sent=TERM
      fi
      ;;
    esac
    sleep 0.2 || sleep 1
  done
  [ "$owner" = ours ] && rm -f "$file"
}

ask() {
  engine "$@" &
  asked=$!
  {
    tries=0
    while kill -0 "$asked"; do
      [ "$tries" -lt 100 ] || kill -KILL "$asked"
      sleep 0.1 || sleep 1
      tries=$((tries + 1))
    done
  } >/dev/null &
  wait "$asked"
}

engine() {
  while [ "$1" != - ]; do
    export "$1"
    shift
  done
  shift
  exec "$@" </dev/null
}`;
