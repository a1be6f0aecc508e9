# Prints the facts of a Linux host in blocks of <<<name>>>, for `sh -s`; REAL_KINDS is set before, calls of
# `commands` and of the functions after it, and the end, follow. Reads only. What can hang on a dead device gets
# a time limit where there is one to be had: SIGKILL, because nothing else ends a program that waits for a
# network file system.
exec 2>/dev/null
LC_ALL=C
export LC_ALL
cd /

limited() {
    if command -v timeout >/dev/null; then timeout -s KILL 3 "$@"; else "$@"; fi
}

# At the end of a line stands how the file system itself is mounted. One that only we may not write, as in a container or
# in a service with ProtectSystem=strict, has not failed, and it fills up like any other.
mounts() {
    seen=' '
    while read -r id parent number root path rest; do
        rest=${rest#*- }
        kind=${rest%% *} rest=${rest#* }
        device=${rest%% *} options=${rest##* }
        case " $REAL_KINDS " in *" $kind "*) ;; *) continue ;; esac
        case "$device" in /dev/loop*) continue ;; esac
        case "$seen" in *" $device "*) continue ;; esac
        place=$(printf '%b' "$path")
        limited test -d "$place"
        case $? in
        0) mount_line "$device" "$kind" "$options" "$path" "$place" ;;
        1) continue ;;
        *) printf 'silent\t%s\n' "$path" ;;
        esac
        seen="$seen$device "
    done </proc/self/mountinfo
    [ "$seen" != ' ' ] || mount_line - - rw / /
}

mount_line() {
    printf 'mount\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"
    printf 'size\t%s\n' "$(limited df -Pk -- "$5" | tail -n 1)"
    printf 'inodes\t%s\n' "$(limited df -Pi -- "$5" | tail -n 1)"
}

disks() {
    while read -r major minor name rest; do
        case "$name" in loop* | ram* | zram* | sr* | fd*) continue ;; esac
        [ ! -d "/sys/block/$name" ] || printf '%s %s\n' "$name" "$rest"
    done </proc/diskstats
}

# Prints a block only when the command has an answer.
block() {
    name=$1
    shift
    if answer=$(limited "$@"); then printf '<<<%s>>>\n%s\n' "$name" "$answer"; fi
}

# Command lines stay here, as they may hold secrets. They are read once, and before grep could find itself.
commands() {
    list=$(grep -ah '' /proc/[0-9]*/cmdline | tr '\0' ' ')
}

# number, pattern: no answer where the kernel hides the processes of others (hidepid).
running() {
    echo "<<<running $1>>>"
    [ -r /proc/1/cmdline ] || return
    printf '%s\n' "$list" | grep -cE -e "$2"
    [ $? -lt 2 ] || echo broken
}

# Like limited; when two have hung, others most likely hang in the same place and are left out.
hung=0
patient() {
    [ "$hung" -lt 2 ] || return 1
    limited "$@"
    [ $? -lt 124 ] || hung=$((hung + 1))
}

# number, path: certificates only, should a private key stand in the same file.
certificates() {
    echo "<<<certificates $1>>>"
    patient sh -c '
        [ -r "$1" ] || exit
        echo seen
        head -c 262144 -- "$1" | sed -n "/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p" |
            grep -E "^([A-Za-z0-9+/=]+|-----(BEGIN|END) CERTIFICATE-----)\$"
    ' sh "$2"
}

# number, folder, pattern: an empty IFS leaves of all expansions only that of * ? []. One folder of many that may not
# be read would be missing in the count without a word, so each on the way is tried.
files() {
    echo "<<<files $1>>>"
    patient sh -c '
        [ -d "$1" ] || { echo absent; exit; }
        IFS= place=$2
        while :; do
            part=${place##*/} place=${place%/*}
            for folder in ${place:-/}; do
                case "$folder" in */lost+found) continue ;; esac
                [ -d "$folder" ] || continue
                case "$part" in *[*?[]*) [ -r "$folder" ] ;; esac && [ -x "$folder" ] ||
                    { printf "denied %s" "$folder" | tr "\n" "?"; echo; exit; }
            done
            [ "${#place}" -gt "${#1}" ] || break
        done
        printf "%s\0" $2 | xargs -0 stat -L -c "%f %s %Y" -- | awk "
            /^8... / {
                count++; size += \$2
                if (count == 1 || \$3 < oldest) oldest = \$3
                if (\$3 > newest) newest = \$3
            }
            END { printf \"seen %.0f %.0f %.0f %.0f\n\", count, size, oldest, newest }"
    ' sh "$2" "$3"
}

# number, path, whether lines are shown, patterns: where they are found in the last 256 KiB, by whole lines, of
# the file and of the one that it was before it was rotated. A sum of how it begins tells it from another one.
log() {
    echo "<<<log $1>>>"
    path=$2 show=$3
    shift 3
    for place in "$path" "$path.1"; do
        patient sh -c '
            path=$1 show=$2
            shift 2
            [ -f "$path" ] || { echo absent; exit; }
            [ -r "$path" ] || { echo denied; exit; }
            about=$(stat -L -c "%i %s" -- "$path")
            size=${about#* }
            start=$((size > 262144 ? size - 262144 : 0))
            part() { tail -c "+$((start + 1))" -- "$path" | head -c "$((size - start))"; }
            [ "$size" = 0 ] || [ "$(part | tail -c 1 | wc -l)" -ne 0 ] || size=$((size - $(part | tail -n 1 | wc -c)))
            head=0
            [ "${about#* }" -lt 256 ] || head=$(head -c 256 -- "$path" | cksum | cut -d " " -f 1)
            echo "file ${about% *} $start $size $head"
            number=0
            for pattern in "$@"; do
                grep -qE -e "$pattern" </dev/null
                [ $? -lt 2 ] || echo "broken $number"
                part | grep -abE -e "$pattern" | tail -n 200 |
                    if [ "$show" = yes ]; then cut -c -400; else cut -d : -f 1; fi | sed "s/^/match $number /"
                number=$((number + 1))
            done
        ' sh "$place" "$show" "$@"
    done
}

echo '<<<cpus>>>'
grep -c '^cpu[0-9]' /proc/stat
echo '<<<load>>>'
cat /proc/loadavg
echo '<<<memory>>>'
cat /proc/meminfo
echo '<<<uptime>>>'
cat /proc/uptime
echo '<<<processes>>>'
cat /proc/[0-9]*/stat | sed -n 's/^.*) \([A-Za-z]\) -*[0-9].*/\1/p' | sort | uniq -c
echo '<<<clock>>>'
date +%s.%N
echo '<<<mounts>>>'
mounts
for resource in cpu io memory; do
    if [ -r "/proc/pressure/$resource" ]; then
        echo "<<<pressure $resource>>>"
        cat "/proc/pressure/$resource"
    fi
done
if [ -r /proc/sys/fs/file-nr ]; then
    echo '<<<files>>>'
    cat /proc/sys/fs/file-nr
fi
echo '<<<cpu time>>>'
head -n 1 /proc/stat
echo '<<<threads>>>'
cat /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max
echo '<<<counters>>>'
echo "page $(getconf PAGESIZE)"
grep -E '^(oom_kill|pswpout) ' /proc/vmstat
echo '<<<disks>>>'
disks
echo '<<<connections>>>'
cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max
echo '<<<tcp>>>'
grep '^TcpExt:' /proc/net/netstat
echo '<<<interfaces>>>'
grep : /proc/net/dev
echo '<<<listening>>>'
awk '$4 == "0A" { print $2 }' /proc/net/tcp /proc/net/tcp6
echo '<<<restart>>>'
if [ -e /run/reboot-required ]; then echo file; fi
echo "running $(uname -r)"
for kernel in /boot/vmlinuz-*; do echo "installed ${kernel#/boot/vmlinuz-}"; done
block chrony chronyc -c tracking
block timedatectl timedatectl show -p NTPSynchronized --value
block units systemctl list-units --failed --plain --no-legend --no-pager
block restarts systemctl show --no-pager -p Id,NRestarts -- '*.service'
