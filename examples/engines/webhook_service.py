#!/usr/bin/env python3
"""A remediation service that hangs on Alertmanager webhooks. Standard library only.

It listens on $PORT, takes Alertmanager's payload (version 4) at /alerts, and acts through the
action API, whose address is the payload's `externalURL`. Everything it does while a webhook is
open happens at that instant of simulated time.

What it does: a service whose containers are killed, or that fails after all, is restarted; after
two restarts in an hour a person is paged. It keeps no wall clock: it asks the API for the time.
"""

import json
import os
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

restarts = {}  # service -> times of restarts, simulated


def call(api, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    with urlopen(Request(api + path, data=data, headers=headers, method=method)) as answer:
        return json.loads(answer.read())


def handle(payload):
    api = payload["externalURL"]
    if payload["status"] != "firing":
        return
    labels = payload["commonLabels"]
    service = labels.get("service")
    kinds = {alert["labels"]["alertname"] for alert in payload["alerts"]}
    incident = int(payload["commonAnnotations"]["incident"])
    if not service or not kinds & {"RestartsHigh", "ErrorsHigh", "MemoryHigh", "LatencyHigh"}:
        return
    now = datetime.fromisoformat(call(api, "GET", "/v1/time")["time"]).timestamp()
    recent = [t for t in restarts.get(service, []) if now - t < 3600]
    why = f"{', '.join(sorted(kinds))} of {service}"
    rail = {"name": "two_an_hour", "saw": f"{len(recent)} restarts", "limit": "2 an hour"}
    common = {"target": service, "incident": incident, "reason": why}
    if len(recent) >= 2:
        page = {**common, "verb": "page_on_call", "summary": f"restarts do not help: {why}"}
        page["guardrails"] = [{**rail, "ruling": "allow"}]
        call(api, "POST", "/v1/actions", page)
        return
    restart = {**common, "verb": "restart", "cause": "resource_exhaustion", "confidence": 0.9}
    restart["guardrails"] = [{**rail, "ruling": "allow"}]
    done = call(api, "POST", "/v1/actions", restart)
    restarts[service] = recent + [now]
    text = f"restarting {service}: {why}"
    call(api, "POST", "/v1/notifications", {"action": done["id"], "text": text})


class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            handle(json.loads(body))
            self.send_response(200)
        except Exception as error:  # said to whoever posted, who counts it as a failure
            self.log_error("%s", error)
            self.send_response(500)
        self.end_headers()

    def log_request(self, *_):
        pass


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Hooks).serve_forever()
