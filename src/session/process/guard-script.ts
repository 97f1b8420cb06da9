/**
 * The guard's program, for any POSIX shell: no arrays, no forks while it only reads.
 *
 * It reads `+ PID closeMs terminateMs killMs START TIME` and `- PID` until the pipe ends, which means that its owner is
 * gone and the stdin of the servers has ended. Then each group gets SIGTERM after its own closeMs and SIGKILL its own
 * terminateMs later; killMs after that the guard gives up on it.
 *
 * Before each signal it checks that the group is still the one it was given. A leader with another start time is
 * another process: a pid is not given away while a group of that number exists, so our group is gone and nothing is
 * sent. A leader that is gone proves nothing; the group is taken for ours, because its owner removes a group from the
 * list within moments of its end: another group could have the number only if every other pid had been used up in those
 * moments.
 */
export const guardScript = `
set -f
trap '' HUP INT QUIT TERM TSTP PIPE
list=' '
while read -r word p close term kill start; do
  case $word in
  +)
    list="$list$p "
    eval "close_$p=\\$close term_$p=\\$((close + term)) kill_$p=\\$((close + term + kill)) start_$p=\\$start sent_$p="
    ;;
  -)
    case $list in *" $p "*) list="\${list%%" $p "*} \${list#*" $p "}" ;; esac
    unset "close_$p" "term_$p" "kill_$p" "start_$p" "sent_$p"
    ;;
  esac
done

boot=
[ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id

is_ours() {
  [ "$start" = - ] && return 0
  if [ -n "$boot" ]; then
    stat=
    [ -r "/proc/$1/stat" ] && while IFS= read -r line; do stat="$stat $line"; done <"/proc/$1/stat"
    [ -z "$stat" ] && return 0
    set -- \${stat##*) }
    [ "$boot:\${20}" = "$start" ]
  else
    set -- $(ps -o lstart= -p "$1")
    [ -z "$*" ] || [ "$*" = "$start" ]
  fi
}

now=0
look_at_clock() {
  if [ -r /proc/uptime ] && read -r up idle </proc/uptime; then
    now=$((\${up%.*} * 1000 + (1\${up#*.} - 100) * 10))
  else
    now=$((now + 50))
  fi
}

look_at_clock
begun=$now
while [ "$list" != ' ' ]; do
  look_at_clock
  passed=$((now - begun))
  left=' '
  for p in $list; do
    kill -0 -$p || continue
    eval "close=\\$close_$p term=\\$term_$p kill=\\$kill_$p start=\\$start_$p sent=\\$sent_$p"
    if [ "$passed" -ge "$term" ]; then
      is_ours "$p" || continue
      kill -KILL -$p
    elif [ "$passed" -ge "$close" ] && [ -z "$sent" ]; then
      is_ours "$p" || continue
      kill -TERM -$p
      kill -CONT -$p
      eval "sent_$p=1"
    fi
    [ "$passed" -lt "$kill" ] && left="$left$p "
  done
  list=$left
  [ "$list" = ' ' ] || sleep 0.05 || sleep 1
done
`;
