import { containersScript } from './containers-script.ts';

/**
 * The guard's program, for any POSIX shell: no arrays, no forks while it only reads. Its argument is the instance in
 * the marks of our processes.
 *
 * It says `ready` first: a shell that cannot run it does not. It reads lines (`lines.ts`) until the pipe ends, which
 * means that its owner is gone and the stdin of the servers has ended. Then each group gets SIGTERM after its own
 * closeMs and SIGKILL its own terminateMs later; killMs after that the guard gives up on it. What bears a mark on the
 * list and is in none of these groups gets the same: a server whose owner was killed while it was spawned, or what a
 * server left behind. So does a container once the group of its server is gone, by its engine (`containers-script.ts`).
 *
 * Before each signal it checks that the group is still the one it was given. A leader with another start time is
 * another process: a pid is not given away while a group of that number exists, so our group is gone and nothing is
 * sent. A leader that is gone proves nothing; the group is taken for ours, because its owner removes a group from the
 * list within moments of its end: another group could have the number only if every other pid had been used up in those
 * moments. A process goes by its mark, read between two looks at its start time.
 *
 * It ends after two passes without a bearer: processes are read one after another, and one that forks and then ends can
 * be missed once. A process that is just being spawned holds the pipe until it has its environment.
 */
export const guardScript = `
set -f
trap '' HUP INT QUIT TERM TSTP PIPE
mark="MCPVISOR_SERVER=$1:"
echo ready
list=' '
marks=' '
containers=' '
number=0
while read -r word p close term kill start; do
  case $word in
  +)
    list="$list$p "
    eval "close_$p=\\$close term_$p=\\$((close + term)) kill_$p=\\$((close + term + kill)) sent_$p="
    eval "key_$p=\\\${start%% *} start_$p=\\\${start#* }"
    ;;
  -)
    case $list in *" $p "*) list="\${list%%" $p "*} \${list#*" $p "}" ;; esac
    unset "close_$p" "term_$p" "kill_$p" "key_$p" "start_$p" "sent_$p"
    ;;
  =)
    marks="$marks$p/$close/$((close + term))/$((close + term + kill)) "
    [ -n "$start" ] || continue
    number=$((number + 1)) containers="$containers$p/$number "
    eval "from_$number=\\$close words_$number=\\"\\$term \\$kill \\$start\\""
    ;;
  '~')
    case $marks in *" $p/"*) rest=\${marks#*" $p/"} marks="\${marks%%" $p/"*} \${rest#* }" ;; esac
    case $containers in *" $p/"*)
      rest=\${containers#*" $p/"} containers="\${containers%%" $p/"*} \${rest#* }" rest=\${rest%% *}
      unset "from_$rest" "words_$rest"
      ;;
    esac
    ;;
  esac
done

boot=
[ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id

stat_of() {
  stat=
  [ -r "/proc/$1/stat" ] && while IFS= read -r line; do stat="$stat $line"; done <"/proc/$1/stat"
  [ -n "$stat" ] || return 1
  set -- \${stat##*) }
  state=$1 group=$3 started=\${20}
}

is_ours() {
  [ "$start" = - ] && return 0
  if [ -n "$boot" ]; then
    stat_of "$1" || return 0
    [ "$boot:$started" = "$start" ]
  else
    set -- $(ps -o lstart= -p "$1")
    [ -z "$*" ] || [ "$*" = "$start" ]
  fi
}

environments() {
  set +f
  if command -v grep >/dev/null; then grep -Fls -e "$mark" /proc/[0-9]*/environ; else echo /proc/[0-9]*/environ; fi
  set -f
}

key_of() {
  key=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$mark"*)
      line=\${line##*"$mark"} key=\${line%%:*} line=\${line#*:}
      key=$key:\${line%%[!0-9]*}
      return
      ;;
    esac
  done <"/proc/$1/environ"
  return 1
}

end_bearers() {
  for file in $(environments); do
    p=\${file#/proc/}
    p=\${p%/environ}
    stat_of "$p" || continue
    case $state in Z | X) continue ;; esac
    case $list in *" $group "*) continue ;; esac
    first=$started
    key_of "$p" || continue
    case $marks in *" $key/"*) times=\${marks#*" $key/"} times=\${times%% *} ;; *) continue ;; esac
    stat_of "$p" && [ "$started" = "$first" ] || continue
    close=\${times%%/*} kill=\${times##*/} term=\${times#*/}
    term=\${term%%/*}
    [ "$passed" -lt "$kill" ] && clean=0
    if [ "$passed" -ge "$term" ]; then
      kill -KILL "$p"
    elif [ "$passed" -ge "$close" ]; then
      eval "asked=\\\${asked_$p-}"
      [ "$asked" = "$started" ] && continue
      kill -TERM "$p"
      kill -CONT "$p"
      eval "asked_$p=\\$started"
    fi
  done
}

now=0
look_at_clock() {
  if [ -r /proc/uptime ] && read -r up idle </proc/uptime; then
    now=$((\${up%.*} * 1000 + (1\${up#*.} - 100) * 10))
  else
    now=$((now + $1))
  fi
}

${containersScript}

look_at_clock 0
begun=$now
clean=0
next=0
[ -n "$boot" ] || marks=' '
while [ "$list$containers" != '  ' ] || { [ "$marks" != ' ' ] && [ "$clean" -lt 2 ]; }; do
  look_at_clock 50
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
  end_containers
  if [ "$marks" != ' ' ] && [ "$passed" -ge "$next" ]; then
    clean=$((clean + 1)) next=$((passed + 150))
    end_bearers
    [ "$list" = ' ' ] || clean=0
    [ "$clean" = 0 ] || next=$passed
  fi
  [ "$list$containers" = '  ' ] && { [ "$marks" = ' ' ] || [ "$clean" -ge 2 ]; } || sleep 0.05 || sleep 1
done
wait
`;
