"""BARO's published robust scorer (PyPI: fse-baro) on the frame of `baro_frame.rs`.

pip install --no-deps fse-baro && pip install numpy pandas scikit-learn requests tqdm matplotlib
python benches/baro_published.py > benches/baro_published.ranks

Prints the columns from the most to the least suspect; times go to standard error.
"""
import resource
import statistics
import sys
import time

import pandas as pd

from baro.root_cause_analysis import robust_scorer

SERIES, ROWS, CUT = 400, 1200, 600
state = 7


def draw():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 11) / 9007199254740992.0


def cell(series, row):
    noise = (draw() + draw() + draw()) / 3.0
    stepped = series % 10 == 3 and row >= CUT
    base = 10.0 + series / 4.0
    value = base + noise + (0.125 * series / 16.0 if stepped else 0.0)
    kind = series % 20
    if kind == 7:
        return float(int(value))
    if kind == 11 and row < CUT or kind == 13 and row >= CUT:
        return base
    if kind == 17:
        return 5.0 + noise if noise > 0.8 else 5.0
    return value


frame = pd.DataFrame({str(s): [cell(s, r) for r in range(ROWS)] for s in range(SERIES)})
frame.insert(0, "time", range(ROWS))
times = []
for _ in range(9):
    begun = time.perf_counter()
    ranks = robust_scorer(frame, inject_time=CUT)["ranks"]
    times.append((time.perf_counter() - begun) * 1e3)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(f"median {statistics.median(times):.0f} ms, peak {peak:.0f} MB", file=sys.stderr)
print("\n".join(ranks))
