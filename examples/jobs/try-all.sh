#!/bin/sh
# Runs a sweep on every job engine that can be installed here and compares each with one machine.
# What cannot be installed or started is said and left out; a wrong result ends with exit code 1.
#   try-all.sh WINDTUNNEL [WINDTUNNEL-WITH-CLOUD]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
windtunnel=$(realpath "$1")
cloud=${2:-}
scenario=$here/../../tests/fixtures/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skipped() { echo "SKIPPED: $1"; }

if ! command -v slurmctld >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge \
    >/dev/null 2>&1 || true
fi
if command -v slurmctld >/dev/null && command -v munge >/dev/null && [ "$(id -u)" = 0 ]; then
  code=0
  "$here/slurm/try-here.sh" "$windtunnel" "$scenario" || code=$?
  case $code in
    0) ;;
    77) skipped "Slurm does not start here" ;;
    *) exit 1 ;;
  esac
else
  skipped "Slurm: slurm-wlm and munge are not here and cannot be installed"
fi

# A virtual environment with a package, or nothing.
packaged() {
  python3 -m venv "$work/$1" >/dev/null 2>&1 &&
    "$work/$1/bin/pip" install -q "$2" >/dev/null 2>&1
}
probe='import ray; ray.init(num_cpus=2, include_dashboard=False); assert ray.get(ray.put(1)) == 1'
if packaged ray ray && timeout 120 "$work/ray/bin/python" -c "$probe" >/dev/null 2>&1; then
  "$windtunnel" sweep plan "$scenario" --axis confidence=0.5,0.85 --seeds 2 -o "$work/sweep.json"
  "$work/ray/bin/python" "$here/ray/sweep.py" "$windtunnel" "$work/sweep.json" 4 "$work/by-ray"
  "$windtunnel" --quiet sweep run "$work/sweep.json" --out "$work/one"
  diff -r "$work/by-ray" "$work/one" && echo "Ray, 4 shards: byte for byte one machine"
else
  skipped "Ray: PyPI ray cannot be installed or started here"
fi

if [ -z "$cloud" ]; then
  skipped "S3: no build with the feature cloud was given"
elif packaged moto 'moto[server]'; then
  PATH="$work/moto/bin:$PATH" "$here/s3/try-here.sh" "$(realpath "$cloud")" "$scenario"
else
  skipped "S3: PyPI moto cannot be installed here"
fi
