#!/usr/bin/env python3
"""A remediation decision tree with guardrails, as blog posts draw it: right, or with its flaws.

    python3 decision_tree.py                     # corrected: no flaw
    python3 decision_tree.py --flaws all
    python3 decision_tree.py --flaws history,blast-radius

The flaws, each of which looks harmless in review:

  history       the remediation circuit breaker reads a history that nothing ever writes
  blast-radius  the limit is handed to every action, and every action ignores it
  doubling      replicas are doubled with no upper bound (and with no look at what came of it)
  no-wait       the tree runs anew on every alert, also while its last action is under way
  caller        of two sick services the one that calls is blamed
  no-audit      acts without plan or verdict, and tells nobody when it is done

It detects with plain thresholds over a learnt baseline, blames the deepest sick callee, names a
cause by what it sees, and acts when it is sure enough. Standard library only.
"""

import argparse
from statistics import median

import windtunnel_engine as wt

FLAWS = ("history", "blast-radius", "doubling", "no-wait", "caller", "no-audit")
THRESHOLD = 0.85  # below it, people decide
BLAST_RADIUS = 0.25  # of all replicas
HOUR = 3600.0
MOST_SAME = 3  # same remedy, same target, per hour
MOST_REPLICAS = 2.0  # times what there was at the start
SETTLE = 240.0  # seconds that a remedy is given to work
LEARN = 20  # frames of baseline before anything is judged
RECENT_CHANGE = 900.0  # seconds in which a deploy is a suspect

ERRORS = "http.server.request.error_ratio"
DURATION = "http.server.request.duration"
MEMORY = "container.memory.limit_utilization"
CPU = "container.cpu.limit_utilization"
RATE = "http.server.request.rate"
DESIRED = "k8s.deployment.desired_pods"
CERTIFICATE = "tls.certificate.time_left"
DRIFT = "k8s.configmap.drift"


class Guardrail:
    """May this be done? Says what it saw and its limit."""

    def __init__(self, flaws):
        self.flaws = flaws
        self.history = {}  # "service:action" -> times

    def breaker(self, now, service, verb):
        key = f"{service}:{verb}"
        times = [t for t in self.history.get(key, []) if t > now - HOUR]
        limit = f"fewer than {MOST_SAME} in an hour"
        if len(times) >= MOST_SAME:
            return "deny", f"{len(times)} of {verb} of {service}", limit
        return "allow", f"{len(times)} of {verb} of {service}", limit

    def note(self, now, service, verb):
        if "history" not in self.flaws:
            self.history.setdefault(f"{service}:{verb}", []).append(now)

    def radius(self, touched, fleet):
        share = touched / fleet if fleet else 1.0
        saw, limit = f"{share:.0%} of {fleet} replicas", f"at most {BLAST_RADIUS:.0%}"
        if share > BLAST_RADIUS and "blast-radius" not in self.flaws:
            return "deny", saw, limit
        return "allow", saw, limit


class DecisionTree(wt.Engine):
    name = "decision-tree"
    version = "1"
    wants = ["metrics"]

    def __init__(self, flaws):
        super().__init__()
        self.flaws = flaws
        self.guardrail = Guardrail(flaws)
        self.past = {}  # series -> values
        self.deploys = []  # (seconds, service, version, previous version)
        self.killed = {}  # service -> seconds of the last OOM kill
        self.counts = {"anomaly": 0, "incident": 0, "action": 0}
        self.firing = {}  # (service, signal) -> anomaly number
        self.open = None  # the incident under treatment
        self.last_say = ""
        self.under_way = {}  # action number -> description
        self.busy_until = 0.0
        self.tried = set()
        self.paged = False
        self.at_start = {}  # service -> replicas
        self.sick = {}  # what was abnormal in the last frame

    # Telemetry ---------------------------------------------------------------------------------

    def step(self, step):
        now, out = step["elapsed_s"], []
        for event in step.get("events", []):
            self.hear(now, event)
        for outcome in step.get("outcomes", []):
            self.outcome(now, outcome, out)
        sick = self.detect(now, step, out)
        self.correlate(sick, out)
        if self.open and sick and step.get("frame"):
            self.treat(now, sick, out)
        return out

    def hear(self, now, event):
        entity, attributes = event.get("entity"), event.get("attributes", {})
        if event["kind"] == "deploy" and attributes.get("previous_version"):
            if "version" in attributes and event["reason"] != "rollback":
                self.deploys.append((now, entity, attributes["version"]))
        if event["reason"] == "OOMKilling" and entity:
            ids = [i for i, row in self.entities.items() if row["name"] == entity]
            self.killed[self.service_of(ids[0]) if ids else entity] = now

    def detect(self, now, step, out):
        """{service: {signal: (observed, expected)}} of what is abnormal."""
        if not step.get("frame"):
            return self.sick
        sick = self.sick = {}
        for number, row in self.series.items():
            if number not in self.values or row["metric"] not in (
                ERRORS, DURATION, MEMORY, CPU, RATE, CERTIFICATE, DRIFT):
                continue
            if row["metric"] == DURATION and row["labels"].get("stat") != "p99":
                continue
            value, past = self.values[number], self.past.setdefault(number, [])
            usual = median(past[-120:]) if len(past) >= LEARN else None
            word = abnormal(row["metric"], value, usual)
            if word:
                sick.setdefault(self.service_of(row["entity"]), {})[word] = (value, usual)
            else:
                past.append(value)
        for service, when in self.killed.items():
            if now - when < 120:
                sick.setdefault(service, {})["killed"] = (None, None)
        for service, signals in sick.items():
            for signal, (value, usual) in signals.items():
                self.raise_anomaly(service, signal, value, usual, out)
        over = [key for key in self.firing if key[1] not in sick.get(key[0], {})]
        for key in over:
            out.append({"say": "resolved", "anomaly": self.firing.pop(key)})
        for number, row in self.series.items():
            if row["metric"] == DESIRED and number in self.values:
                self.at_start.setdefault(self.service_of(row["entity"]), self.values[number])
        return sick

    def raise_anomaly(self, service, signal, value, usual, out):
        if (service, signal) not in self.firing:
            self.counts["anomaly"] += 1
            number = self.firing[(service, signal)] = self.counts["anomaly"]
            more = {"observed": value, "expected": usual, "role": ROLES[signal]}
            if signal == "killed":
                more["class"] = "event"
            out.append(wt.anomaly(number, service, signal, **more))

    def correlate(self, sick, out):
        numbers = sorted(self.firing.values())
        if not sick:
            if self.open and not self.under_way:
                out.append(wt.incident(self.open, [], closed=True))
                self.open, self.tried, self.paged, self.last_say = None, set(), False, ""
            return
        suspicious = any(service in sick for _, service, _ in self.deploys)
        if len(numbers) >= (1 if suspicious else 2) and not self.open:
            self.counts["incident"] += 1
            self.open = self.counts["incident"]
            out.append(wt.incident(self.open, numbers, "sick at the same time"))

    # Diagnosis ---------------------------------------------------------------------------------

    def suspect(self, sick):
        """The sick service whose callees are well: trouble climbs from callee to caller."""
        candidates = []
        for service in sorted(sick):
            callees = self.callees.get(service, set())
            callers = {c for c, all_ in self.callees.items() if service in all_}
            others = callers if "caller" in self.flaws else callees
            if not any(other in sick for other in others):
                candidates.append(service)
        candidates = candidates or sorted(sick)
        return max(candidates, key=lambda service: (len(sick[service]), service))

    def diagnose_now(self, now, sick):
        recent = [d for d in self.deploys if now - d[0] < RECENT_CHANGE and d[1] in sick]
        if recent:
            entity = recent[-1][1]
            callers = [c for c, all_ in self.callees.items() if entity in all_ and c in sick]
            signals = sorted(sick[entity]) + [f"its caller {c} is sick" for c in sorted(callers)]
            sure = min(0.94, 0.70 + 0.12 * len(signals))
            why = [f"deploy of {recent[-1][2]}"] + signals
            return entity, "bad_deploy", sure, why
        entity = self.suspect(sick)
        signals = sorted(sick[entity])
        if "certificate" in signals:
            return entity, "certificate_expiry", 0.95, signals
        if "drift" in signals:
            return entity, "config_drift", 0.90, signals
        if {"cpu", "memory"} & set(signals) or "caller" in self.flaws:
            sure = 0.90 if len(signals) > 1 else 0.80
            return entity, "resource_exhaustion", sure, signals
        return entity, "dependency_failure", 0.60, signals

    # Remediation -------------------------------------------------------------------------------

    def treat(self, now, sick, out):
        entity, cause, sure, why = self.diagnose_now(now, sick)
        said = f"{entity} {cause} {sure}"
        if said != self.last_say:
            self.last_say = said
            found = [wt.hypothesis(entity, cause, sure, why)]
            out.append(wt.diagnosis(self.open, found, f"{cause} of {entity}"))
        waiting = self.under_way or now < self.busy_until
        if waiting and "no-wait" not in self.flaws:
            return
        if sure < THRESHOLD:
            return self.page(entity, "not sure enough", out)
        verb, parameters = self.remedy(entity, cause)
        if verb is None:
            return self.page(entity, "no remedy for this cause", out)
        if (entity, verb) in self.tried and "no-wait" not in self.flaws:
            return self.page(entity, f"{verb} did not help", out)
        self.execute(now, entity, cause, sure, verb, parameters, out)

    def remedy(self, entity, cause):
        if cause == "bad_deploy":
            return "rollback", {"version": None, "strategy": "canary"}
        if cause == "resource_exhaustion":
            return "scale_out", {"replicas": self.scaled(entity)}
        if cause == "config_drift":
            return "reconcile_config", {}
        if cause == "certificate_expiry":
            return "rotate_certificate", {}
        return None, {}

    def scaled(self, entity):
        now, most = self.replicas(entity), MOST_REPLICAS * self.at_start.get(entity, 1)
        doubled = now * 2
        return int(doubled if "doubling" in self.flaws else min(doubled, most))

    def execute(self, now, entity, cause, sure, verb, parameters, out):
        number = self.next_action()
        action = wt.action(number, self.open, entity, verb, reason=f"{cause} ({sure})", **parameters)
        fleet = sum(self.replicas(name) for name in self.at_start)
        touched = 0 if verb == "scale_out" else self.replicas(entity)
        rulings = [
            ("circuit_breaker", *self.guardrail.breaker(now, entity, verb)),
            ("blast_radius", *self.guardrail.radius(touched, int(fleet))),
        ]
        denied = [name for name, ruling, _, _ in rulings if ruling == "deny"]
        if "no-audit" not in self.flaws:
            kept = [("page_on_call", "kept for when no remedy is left")]
            out.append(wt.plan(self.open, entity, cause, sure, [action], kept))
            out.extend(wt.verdict(number, *ruling) for ruling in rulings)
            ruling = "deny" if denied else "allow"
            seen = f"denied by {', '.join(denied)}" if denied else f"{len(rulings)} guardrails allow it"
            out.append(wt.verdict(number, "all", ruling, seen))
        self.tried.add((entity, verb))
        if denied:
            return self.page(entity, f"{verb} denied by {', '.join(denied)}", out)
        out.append(wt.act(action))
        self.guardrail.note(now, entity, verb)
        self.under_way[number] = f"{verb} of {entity}"
        self.busy_until = now + SETTLE

    def outcome(self, now, outcome, out):
        number = outcome["action"]
        if outcome["status"] == "started" or number not in self.under_way:
            return
        what = self.under_way.pop(number)
        self.busy_until = now + SETTLE
        if "no-audit" not in self.flaws:
            incident = self.open or self.counts["incident"]
            out.append(wt.notify(incident, f"{what}: {outcome['status']}", number))

    def page(self, entity, why, out):
        if self.paged:
            return
        self.paged, number = True, self.next_action()
        action = wt.action(number, self.open, entity, "page_on_call", summary=why, reason=why)
        out.append(wt.verdict(number, "all", "allow", "a page"))
        out.append(wt.act(action))

    def next_action(self):
        self.counts["action"] += 1
        return self.counts["action"]

    def replicas(self, service):
        for number, row in self.series.items():
            if row["metric"] == DESIRED and self.service_of(row["entity"]) == service:
                return self.values.get(number, 1)
        return 1


ROLES = {
    "errors": "errors", "latency": "latency", "memory": "memory", "cpu": "cpu",
    "traffic": "traffic", "certificate": "expiry", "drift": "drift", "killed": "restarts",
}


def abnormal(metric, value, usual):
    """The word for what is wrong with a value, if anything is."""
    if metric == ERRORS:
        return "errors" if value > 0.05 else None
    if metric == CERTIFICATE:
        return "certificate" if value < 3600 else None
    if metric == DRIFT:
        return "drift" if value > 0 else None
    if metric == CPU:
        return "cpu" if value > 0.9 else None
    if usual is None:
        return None
    if metric == DURATION:
        return "latency" if value > 3 * usual and value > 0.2 else None
    if metric == MEMORY:
        return "memory" if value > 0.9 or value > 1.5 * usual else None
    return None


def main():
    parser = argparse.ArgumentParser(description="a decision tree for the windtunnel")
    parser.add_argument("--flaws", default="", help="all, or some of " + ", ".join(FLAWS))
    chosen = parser.parse_args().flaws
    flaws = set(FLAWS) if chosen == "all" else {f for f in chosen.split(",") if f}
    unknown = flaws - set(FLAWS)
    if unknown:
        parser.error(f"unknown flaws {sorted(unknown)}; there are {', '.join(FLAWS)}")
    wt.serve(DecisionTree(flaws))


if __name__ == "__main__":
    main()
