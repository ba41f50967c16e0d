"""What a GPU worker tells of itself, by the environment: logs as JSON lines, metrics for Prometheus or an OTLP collector.

`LAMDAGENT_LOG` (text, json), `LAMDAGENT_LOG_LEVEL` (trace to error), `LAMDAGENT_GPU_METRICS` (host:port),
`OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_PROTOCOL`. Nothing but text lines unless they are set.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from temporalio.runtime import OpenTelemetryConfig, PrometheusConfig, Runtime, TelemetryConfig

log = logging.getLogger("lamdagent.telemetry")
TEXT = "%(asctime)s %(name)s %(levelname)s %(message)s"
LEVELS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}
ADDRESS = re.compile(r"[\w.\[\]:-]+:\d{1,5}")
EXPORT_EVERY = timedelta(seconds=10)


class JsonLines(logging.Formatter):
    """With the keys that the orchestrator's lines have."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line = {
            "level": record.levelname.lower().replace("warning", "warn"),
            "time": at.replace("+00:00", "Z"),
            "process": "gpuWorker",
            "pid": os.getpid(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def child_line(text: str, variables: Mapping[str, str]) -> str:
    """What the training process or a library in it printed; it has no level of its own, so none hides it."""
    if variables.get("LAMDAGENT_LOG") != "json":
        return f"child: {text}"
    return JsonLines().format(logging.LogRecord("lamdagent.child", logging.INFO, "", 0, "%s", (text,), None))


def begin_logging(variables: Mapping[str, str]) -> None:
    """To standard error. A value that is not known is told, and the default taken: it must not keep a worker from its work."""
    form, level = variables.get("LAMDAGENT_LOG") or "text", (variables.get("LAMDAGENT_LOG_LEVEL") or "info").lower()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=LEVELS.get(level, logging.INFO), handlers=[handler])
    if form not in ("text", "json"):
        log.warning("LAMDAGENT_LOG: expected text or json, got %s; going on with text", form)
    if level not in LEVELS:
        log.warning("LAMDAGENT_LOG_LEVEL: expected one of %s, got %s; going on with info", ", ".join(LEVELS), level)


def runtime_of(variables: Mapping[str, str]) -> Runtime | None:
    """The SDK's runtime with the metrics that are asked for; None: none are, or they cannot be served, which is told."""
    metrics = metrics_of(variables)
    if metrics is None:
        return None
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics))
    except (RuntimeError, ValueError) as error:
        log.warning("metrics: expected to serve them, got %s; going on without", error)
        return None


def metrics_of(variables: Mapping[str, str]) -> PrometheusConfig | OpenTelemetryConfig | None:
    """An address to listen on counts before a collector to send to."""
    address, collector = variables.get("LAMDAGENT_GPU_METRICS"), variables.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if address:
        if ADDRESS.fullmatch(address):
            return PrometheusConfig(bind_address=address)
        log.warning("LAMDAGENT_GPU_METRICS: expected host:port, got %s; going on without metrics", address)
        return None
    if collector:
        is_http = variables.get("OTEL_EXPORTER_OTLP_PROTOCOL", "").startswith("http")
        return OpenTelemetryConfig(url=collector, http=is_http, metric_periodicity=EXPORT_EVERY)
    return None
