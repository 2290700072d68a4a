#!/bin/sh
# Runs a sweep as a Slurm array on this machine with a real controller and a real node daemon, and
# compares the merged result with that of one machine. Needs root, and Debian's slurm-wlm and munge.
#   try-here.sh WINDTUNNEL SCENARIO...          Exit code 77: Slurm does not start here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
windtunnel=$1
shift
work=$(mktemp -d)
node=$(hostname -s)
mkdir -p "$work/state" "$work/spool" /run/munge
chown munge /run/munge
ctld='' slurmd='' munged=''
stop() {
  for pid in $slurmd $ctld $munged; do kill "$pid" 2>/dev/null || true; done
}
trap stop EXIT
if ! munge -n >/dev/null 2>&1; then
  su -s /bin/sh munge -c 'exec /usr/sbin/munged --foreground' >"$work/munged.log" 2>&1 &
  munged=$!
  sleep 2
fi
cat >"$work/slurm.conf" <<CONF
ClusterName=here
SlurmctldHost=$node
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerType=sched/backfill
ReturnToService=2
MpiDefault=none
NodeName=$node CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$work/slurm.conf"
slurmctld -D >"$work/slurmctld.log" 2>&1 &
ctld=$!
slurmd -D >"$work/slurmd.log" 2>&1 &
slurmd=$!
for _ in $(seq 30); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
if ! sinfo -h -o %T 2>/dev/null | grep -q idle; then
  echo "Slurm does not start here:" >&2
  tail -n 3 "$work/slurmctld.log" "$work/slurmd.log" >&2
  exit 77
fi
sinfo
"$windtunnel" sweep plan "$@" --axis confidence=0.5,0.7,0.85,0.95 --seeds 4 -o "$work/sweep.json"
cd "$work"
export MANIFEST="$work/sweep.json" SHARDS_DIR="$work/shards" WINDTUNNEL="$windtunnel"
timeout 600 sbatch --wait --array=0-3 --export=ALL "$here/array.sbatch"
cat sweep-*.log
"$windtunnel" sweep merge shards/* --out merged
"$windtunnel" sweep run sweep.json --out one
diff -r merged one && echo "Slurm array of 4 shards: byte for byte the result of one machine"
rm -r shards/2
if "$windtunnel" sweep merge shards/* --out no 2>refused; then exit 1; fi
cat refused
cp -r shards/1 shards/1-again
if "$windtunnel" sweep merge shards/* --out no 2>refused; then exit 1; fi
cat refused
cd / && rm -r "$work"
