#!/usr/bin/env bash
# Stop what up.sh started, by process id, and take its links away: down.sh FOLDER.
base=$(readlink -m "$1")
for name in slurmd slurmctld munged; do
    pid=$(cat "$base/pid/$name" 2>/dev/null) || continue
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ]; then
        kill -TERM "$pid"
        for _ in $(seq 50); do [ -d "/proc/$pid" ] && sleep .2 || break; done
    fi
done
for name in slurm gres cgroup; do
    [ "$(readlink "/etc/slurm/$name.conf")" = "$base/$name.conf" ] && rm "/etc/slurm/$name.conf"
done
exit 0
