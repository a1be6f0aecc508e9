# Prints the facts of a Linux host in blocks of <<<name>>>, for `sh -s`; REAL_KINDS is set before.
# Reads only. Commands that can hang on a dead device get a time limit where there is one to be had.
exec 2>/dev/null
LC_ALL=C
export LC_ALL

limited() {
    if command -v timeout >/dev/null; then timeout 5 "$@"; else "$@"; fi
}

mounts() {
    seen=' '
    while read -r device path kind options rest; do
        case " $REAL_KINDS " in *" $kind "*) ;; *) continue ;; esac
        case "$device" in /dev/loop*) continue ;; esac
        case "$seen" in *" $device "*) continue ;; esac
        place=$(printf '%b' "$path")
        [ -d "$place" ] || continue
        seen="$seen$device "
        mount_line "$device" "$kind" "$options" "$place"
    done </proc/mounts
    [ "$seen" != ' ' ] || mount_line - - rw /
}

mount_line() {
    printf 'mount\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"
    printf 'size\t%s\n' "$(limited df -Pk -- "$4" | tail -n 1)"
    printf 'inodes\t%s\n' "$(limited df -Pi -- "$4" | tail -n 1)"
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
if units=$(limited systemctl list-units --failed --plain --no-legend --no-pager); then
    echo '<<<units>>>'
    printf '%s\n' "$units"
fi
echo '<<<end>>>'
