#!/usr/bin/env python3
"""One stage alone: a guardrail in front of windtunnel's own chain (`stages: [guard]`).

No action touches more than a quarter of the fleet, and no action is done to the same target more
than twice an hour. Standard library only.
"""

from datetime import datetime

import windtunnel_engine as wt


class Guard(wt.Engine):
    name = "quarter-and-twice"
    version = "1"
    wants = []

    def __init__(self):
        super().__init__()
        self.allowed = {}  # target -> times

    def guard(self, question):
        action, now = question["action"], datetime.fromisoformat(question["time"]).timestamp()
        fleet, mine = question["fleet_replicas"] or 1, question["target_replicas"] or 1
        share = 0 if action["verb"] in ("scale_out", "open_circuit") else mine / fleet
        if share > 0.25:
            return "deny", f"{share:.0%} of {fleet} replicas", "at most 25%"
        times = [t for t in self.allowed.get(action["target"], []) if now - t < 3600]
        if len(times) >= 2:
            return "needs_approval", f"{len(times)} actions on {action['target']}", "2 an hour"
        self.allowed[action["target"]] = times + [now]
        return "allow", f"{share:.0%} of {fleet} replicas", "at most 25%"


if __name__ == "__main__":
    wt.serve(Guard())
