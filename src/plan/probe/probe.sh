# Looks at a host and changes nothing. For any POSIX sh with coreutils or busybox.
# Each answer is a line `@word …`; encoded content follows its line. Read by parse.rs.
LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
nl='
'

if command -v base64 >/dev/null; then
  encoding=base64
  enc() { base64; }
else
  encoding=hex
  enc() { od -An -v -tx1; }
fi

# The first line of a small file.
first() {
  if [ -r "$2" ]; then
    IFS= read -r line <"$2"
    [ -z "$line" ] || printf '@%s %s\n' "$1" "$line"
  fi
}

system() {
  echo "@uname $(uname -nrm)"
  # Without %N, busybox prints nothing there.
  echo "@time $(date '+%s %N')"
  uid=$(id -u)
  echo "@uid $uid"
  if [ "$uid" = 0 ]; then
    command -v sudo >/dev/null && echo '@sudo asks'
    echo '@sudo free'
  elif command -v sudo >/dev/null; then
    echo '@sudo asks'
    sudo -n true && echo '@sudo free'
  fi
  if [ -d /run/systemd/system ]; then
    version=$(systemctl --version)
    version=${version#systemd }
    echo "@systemd ${version%% *}"
  fi
  os=/etc/os-release
  [ -r "$os" ] || os=/usr/lib/os-release
  if [ -r "$os" ]; then
    while IFS= read -r line; do printf '@os %s\n' "$line"; done <"$os"
  fi
}

resources() {
  while read -r key value _; do
    if [ "$key" = MemTotal: ]; then
      echo "@mem $value"
      break
    fi
  done </proc/meminfo
  echo "@cpus $(nproc || grep -c '^processor' /proc/cpuinfo)"
  opt=/opt
  [ -d "$opt" ] || opt=/
  var=/var/lib
  [ -d "$var" ] || var=/
  df -Pk "$opt" "$var" | sed 's/^/@df /'
  # State 0A is LISTEN.
  grep -h ' 0A 00000000:' /proc/net/tcp /proc/net/tcp6 | sed 's/^/@tcp /'
  ip -o addr show scope global | sed 's/^/@ip /'
}

# Whose the listening ports are, as far as whoever looks may know: port, process, unit, name.
holders() {
  command -v ss >/dev/null || return 0
  ss -ltnpH | while read -r _ _ _ at _ who; do
    pid=${who#*pid=}
    pid=${pid%%,*}
    [ -r "/proc/$pid/cgroup" ] || continue
    unit=-
    while IFS= read -r line; do
      case $line in
      *.service*)
        unit=${line%.service*}
        unit=${unit##*/}.service
        break
        ;;
      esac
    done <"/proc/$pid/cgroup"
    name=
    IFS= read -r name <"/proc/$pid/comm"
    echo "@holder ${at##*:} $pid $unit $name"
  done
}

ours() {
  first cluster /etc/mesoform/cluster
  first lock /var/lib/mesoform/lock
  first last /var/lib/mesoform/runs/last
  if [ -r /var/lib/mesoform/runs/last ]; then
    IFS= read -r run </var/lib/mesoform/runs/last
    case $run in
    */*) ;;
    *) first outcome "/var/lib/mesoform/runs/$run/outcome.json" ;;
    esac
  fi
}

users() {
  while IFS=: read -r name _; do
    for user; do
      [ "$user" != "$name" ] || echo "@user $user"
    done
  done </etc/passwd
}

units() {
  if [ -d /run/systemd/system ]; then
    systemctl show -p Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload -- "$@" |
      sed 's/^/@unit /'
  fi
  for unit; do
    first "inputs $unit" "/var/lib/mesoform/units/$unit.inputs"
  done
}

# All at once, since each that does not resolve may take its time. As the services look them up: `getent
# hosts` would ask the DNS for IPv6 where /etc/hosts has an IPv4 address.
names() {
  command -v getent >/dev/null || return 0
  for name; do
    { timeout 5 getent ahosts "$name" >/dev/null || echo "@unresolved $name"; } &
  done
  wait
}

# Folders, links and processes are each asked for at once. What is not named as we name it is nobody's.
versions() {
  (
    cd "$1" || exit
    set -- *
    [ -d "$1" ] && stat -c '@version %Y %n' -- "$@"
  )
  for link in "$2"/*; do
    [ ! -h "$link" ] || echo "@leads $link $(readlink "$link")"
  done
  ls -l /proc/[0-9]*/exe | sed -n "s|.* -> $1/\([A-Za-z0-9._-]*\)/.*|@runs \1|p" | sort -u
}

# The paths are numbered in the order they come in. Each loop takes them off the front of the
# argument list and puts those back at its end that the next loop wants.
files() {
  n=$#
  i=0
  there=
  while [ "$i" -lt "$n" ]; do
    path=$1
    shift
    if [ -e "$path" ] || [ -h "$path" ]; then
      set -- "$@" "$path"
      there="$there $i"
    fi
    i=$((i + 1))
  done
  [ $# -gt 0 ] || return 0
  echo "@there$there"
  stat -c '@stat %f %u %g %U %G' -- "$@"

  hashed=
  for id in $there; do
    path=$1
    shift
    if [ -h "$path" ]; then
      echo "@link $id"
      readlink "$path" | enc
    elif [ -f "$path" ] && [ -r "$path" ] && closely "$id"; then
      set -- "$@" "$path"
      hashed="$hashed $id"
    fi
  done
  [ $# -gt 0 ] || return 0
  echo "@hashed$hashed"
  sums=$(sha256sum -- "$@")
  printf '%s\n' "$sums" | sed 's/^/@sha /'

  for id in $hashed; do
    path=$1
    shift
    # A name with a backslash or a newline makes coreutils put a backslash first.
    sum=${sums%%"$nl"*}
    sums=${sums#*"$nl"}
    sum=${sum#\\}
    wanted "$id"
    if [ -n "$wanted" ] && [ "$wanted" != "${sum%% *}" ]; then
      echo "@text $id"
      head -c 65537 "$path" | enc
    fi
  done
}
