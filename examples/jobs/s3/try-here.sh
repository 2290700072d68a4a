#!/bin/sh
# Runs a sweep in two shards that write to an S3 bucket, kills one half-way, resumes it, merges in
# the bucket, and compares with the sweep of one machine. The bucket is moto's (PyPI `moto[server]`).
#   try-here.sh WINDTUNNEL SCENARIO...        WINDTUNNEL: built with `--features cloud`
set -eu
windtunnel=$1
shift
work=$(mktemp -d)
port=${PORT:-5599}
moto_server -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
moto=$!
trap 'kill $moto 2>/dev/null || true; rm -rf "$work"' EXIT
export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=here AWS_SECRET_ACCESS_KEY=here
for _ in $(seq 50); do
  curl -s -o /dev/null "$AWS_ENDPOINT/" && break
  sleep 0.2
done
curl -s -o /dev/null -X PUT "$AWS_ENDPOINT/sweeps"
"$windtunnel" sweep plan "$@" --axis confidence=0.5,0.7,0.85,0.95 --seeds 8 -o "$work/sweep.json"
"$windtunnel" sweep run "$work/sweep.json" --shard 0/2 --jobs 1 --out s3://sweeps/a
"$windtunnel" sweep run "$work/sweep.json" --shard 1/2 --jobs 1 --out s3://sweeps/b &
shard=$!
sleep "${KILL_AFTER:-1}"
kill -9 $shard 2>/dev/null || true
wait $shard 2>/dev/null || true
if "$windtunnel" sweep merge s3://sweeps/a s3://sweeps/b --out s3://sweeps/no 2>"$work/refused"; then
  echo "the second shard was through before it was killed"
else
  cat "$work/refused"
fi
"$windtunnel" sweep run "$work/sweep.json" --shard 1/2 --jobs 1 --resume --out s3://sweeps/b
"$windtunnel" sweep merge s3://sweeps/a s3://sweeps/b --out s3://sweeps/all
"$windtunnel" sweep merge s3://sweeps/all --out "$work/all"
"$windtunnel" sweep run "$work/sweep.json" --out "$work/one"
diff -r "$work/all" "$work/one" && echo "two shards in a bucket: byte for byte one machine"
"$windtunnel" sweep show s3://sweeps/all --measure healed_alone | head -6
