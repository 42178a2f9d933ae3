#!/usr/bin/env bash
# A Slurm of one node on this machine, as root, without systemd, cgroups or accounting: up.sh FOLDER.
# Partitions: cpu (the default one; its jobs give way) and urgent. The node has a stand-in for a GPU.
set -euo pipefail
base=$(readlink -m "$1")
mkdir -p "$base"/{state,spool,log,pid} /etc/slurm
host=$(hostname -s)
memory=$(($(awk '/MemTotal/{print $2}' /proc/meminfo) / 1024 - 512))

munge=/run/munge
install -d -o munge -g munge -m 0755 "$munge"
install -d -o munge -g munge -m 0700 "$munge/etc" "$munge/log"
if [ ! -s "$munge/etc/key" ]; then
    dd if=/dev/urandom of="$munge/etc/key" bs=1024 count=1 status=none
    chown munge:munge "$munge/etc/key"
    chmod 400 "$munge/etc/key"
fi
rm -f "$munge"/munge.socket.2*
setsid runuser -u munge -- /usr/sbin/munged -F --socket="$munge/munge.socket.2" \
    --key-file="$munge/etc/key" --pid-file="$munge/munged.pid" \
    --log-file="$munge/log/munged.log" --seed-file="$munge/etc/seed" >"$base/log/munged.out" 2>&1 &
for _ in $(seq 50); do [ -S "$munge/munge.socket.2" ] && break || sleep .1; done
cp "$munge/munged.pid" "$base/pid/munged"

cat >"$base/slurm.conf" <<CONF
ClusterName=chromatrack
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,requeue_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
MinJobAge=600
KillWait=5
StateSaveLocation=$base/state
SlurmdSpoolDir=$base/spool
SlurmctldPidFile=$base/pid/slurmctld
SlurmdPidFile=$base/pid/slurmd
SlurmctldLogFile=$base/log/slurmctld.log
SlurmdLogFile=$base/log/slurmd.log
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory Gres=gpu:1 State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=1-00:00:00 State=UP PriorityTier=1
PartitionName=urgent Nodes=$host Default=NO MaxTime=1-00:00:00 State=UP PriorityTier=10 PreemptMode=OFF
CONF
printf 'AutoDetect=off\nNodeName=%s Name=gpu Count=1 File=/dev/null\n' "$host" >"$base/gres.conf"
printf 'CgroupPlugin=cgroup/v1\nConstrainCores=no\n' >"$base/cgroup.conf"
# The plugin takes SLURM_CONF away before it calls sbatch.
for name in slurm gres cgroup; do ln -sfn "$base/$name.conf" "/etc/slurm/$name.conf"; done
setsid slurmctld -D -f "$base/slurm.conf" >"$base/log/slurmctld.out" 2>&1 &
sleep 1
setsid slurmd -D -f "$base/slurm.conf" -N "$host" >"$base/log/slurmd.out" 2>&1 &
for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null | head -1)" = idle ] && exit 0
    sleep .5
done
echo "no node became idle; see $base/log" >&2
exit 1
