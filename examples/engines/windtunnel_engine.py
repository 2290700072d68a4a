"""The windtunnel protocol, version 1, for engines in Python. Standard library only.

Write a class with a method `step(step)` that returns a list of decisions, and serve it:

    import windtunnel_engine as wt

    class Mine(wt.Engine):
        name = "mine"

        def step(self, step):
            return [wt.notify(1, "seen")] if step.get("events") else []

    wt.serve(Mine())

Standard output belongs to the protocol: print to standard error.
Every message: `windtunnel schema protocol`; the rules: docs/engine-protocol.md.
"""

import json
import sys

PROTOCOL = 1


class Engine:
    """What an engine knows of the fleet; `step` and the questions are yours to write."""

    name = "unnamed"
    version = ""
    wants = None  # or a list of "metrics", "logs", "spans"

    def __init__(self):
        self.seed = 0
        self.stages = []
        self.entities = {}  # id -> {"name": ..., "kind": ..., "parent": ...}
        self.callees = {}  # name -> set of names
        self.series = {}  # id -> {"entity": ..., "metric": ..., "labels": ...}
        self.values = {}  # id -> the last value that was there

    def hello(self, hello):
        self.seed = hello["seed"]
        self.stages = hello["stages"]
        self.learn(hello)

    def learn(self, message):
        """Takes in entities, calls, series and the frame of a message."""
        for entity in message.get("entities", []):
            self.entities[entity["id"]] = entity
        for caller, callee in message.get("calls", []):
            self.callees.setdefault(self.name_of(caller), set()).add(self.name_of(callee))
        for series in message.get("series", []):
            self.series[series["id"]] = series
        for number, value in enumerate(message.get("frame") or []):
            if value is not None:
                self.values[number] = value

    def name_of(self, entity):
        return self.entities[entity]["name"]

    def service_of(self, entity):
        """The service that an entity belongs to, by name."""
        row = self.entities[entity]
        if row["kind"] == "replica" and row["parent"] is not None:
            row = self.entities[row["parent"]]
        return row["name"]

    def step(self, step):
        """Whole chain: a list of decisions. Substitute for detection: a list of readings."""
        return []

    def diagnose(self, question):
        """Substitute for diagnosis: a list of hypotheses, best first."""
        return []

    def remediate(self, question):
        """Substitute for remediation: a list of actions, in order."""
        return []

    def guard(self, question):
        """Substitute for the guardrails: (ruling, what was seen, the limit)."""
        return "deny", "no guard", "a guard"


def serve(engine, source=None, sink=None):
    """Answers requests until `bye` or the end of the input."""
    source, sink = source or sys.stdin, sink or sys.stdout
    whole = True
    for line in source:
        request = json.loads(line)
        kind, reply = request["type"], {"seq": request["seq"]}
        if kind == "hello":
            whole = request["whole"]
            engine.hello(request)
            identity = {"protocol": PROTOCOL, "name": engine.name, "version": engine.version}
            if engine.wants is not None:
                identity["wants"] = engine.wants
            reply["hello"] = identity
        elif kind == "step":
            engine.learn(request)
            said = engine.step(request)
            reply["decisions" if whole else "readings"] = said
        elif kind == "diagnose":
            reply["diagnosis"] = {"hypotheses": engine.diagnose(request)}
        elif kind == "remediate":
            reply["actions"] = engine.remediate(request)
        elif kind == "guard":
            ruling, saw, limit = engine.guard(request)
            reply["verdict"] = {"ruling": ruling, "saw": saw, "limit": limit}
        elif kind == "bye":
            return
        else:
            reply["error"] = f"unknown request {kind!r}"
        sink.write(json.dumps(reply, separators=(",", ":")) + "\n")
        sink.flush()


def anomaly(number, entity, signal, **more):
    return {"say": "anomaly", "id": number, "entity": entity, "signal": signal, **more}


def incident(number, anomalies, reason="", closed=False):
    said = {"say": "incident", "id": number, "anomalies": anomalies, "closed": closed}
    return {**said, "reason": reason}


def diagnosis(number, hypotheses, summary=""):
    return {"say": "diagnosis", "incident": number, "hypotheses": hypotheses, "summary": summary}


def hypothesis(entity, cause, confidence, evidence=()):
    said = {"entity": entity, "cause": cause, "confidence": confidence}
    return {**said, "evidence": list(evidence)}


def action(number, incident_number, target, verb, **parameters):
    return {"id": number, "incident": incident_number, "target": target, "verb": verb, **parameters}


def plan(number, entity, cause, confidence, actions, rejected=()):
    said = {"say": "plan", "incident": number, "entity": entity, "cause": cause}
    said["rejected"] = [list(pair) for pair in rejected]
    return {**said, "confidence": confidence, "actions": actions}


def verdict(action_number, guardrail, ruling, saw="", limit=""):
    said = {"say": "verdict", "action": action_number, "guardrail": guardrail}
    return {**said, "ruling": ruling, "saw": saw, "limit": limit}


def act(what):
    return {"say": "act", "action": what}


def ask(what):
    return {"say": "ask", "action": what}


def notify(number, text, action_number=None):
    return {"say": "notify", "incident": number, "action": action_number, "text": text}
