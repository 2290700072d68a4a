#!/usr/bin/env python3
"""Runs a sweep on a Ray cluster: one task a shard, then one merge.

    sweep.py WINDTUNNEL MANIFEST SHARDS OUT

Without a cluster (RAY_ADDRESS) a local one of two workers is started. Shards are written to a
folder that all workers see (here: below OUT), and merged by the driver.
"""

import os
import pathlib
import subprocess
import sys

import ray


@ray.remote(num_cpus=1)
def shard(windtunnel: str, manifest: str, index: int, count: int, out: str) -> str:
    """One shard; a retry goes on where the last one stopped."""
    command = [windtunnel, "sweep", "run", manifest, "--shard", f"{index}/{count}"]
    command += ["--resume", "--jobs", "1", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return f"worker {os.getpid()}: {done.stdout.strip()}"


def main() -> None:
    windtunnel, manifest, shards, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    if os.environ.get("RAY_ADDRESS"):
        ray.init()
    else:
        ray.init(num_cpus=2, include_dashboard=False)
    parts = pathlib.Path(out).absolute().with_name(pathlib.Path(out).name + "-shards")
    folders = [str(parts / str(index)) for index in range(shards)]
    manifest = str(pathlib.Path(manifest).absolute())
    tasks = [
        shard.remote(windtunnel, manifest, index, shards, folder)
        for index, folder in enumerate(folders)
    ]
    for line in ray.get(tasks):
        print(line)
    subprocess.run([windtunnel, "sweep", "merge", *folders, "--out", out], check=True)


if __name__ == "__main__":
    main()
