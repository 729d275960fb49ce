"""Logs: one JSON object a line on stdout, for our own events and for every library's."""

import logging
import logging.config
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, NoReturn

import structlog
from opentelemetry import trace

EX_CONFIG = 78  # sysexits.h: something in the configuration is wrong


def _add_trace(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event


def _shared_processors(service: str) -> list[structlog.typing.Processor]:
    def add_service(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_service,
        _add_trace,
        structlog.processors.format_exc_info,
    ]


def log_dictconfig(service: str, level: str) -> dict[str, Any]:
    """The configuration for `logging.config.dictConfig`, also for servers that insist on their own call of it."""
    quiet = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, *_shared_processors(service)],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "_granian": {**quiet, "level": level},
            "granian.access": {**quiet, "level": "WARNING"},
            "pika": {**quiet, "level": "CRITICAL"},  # the publisher logs each failure once, in words
            "werkzeug": {**quiet, "level": "WARNING"},
            # Celery tells of each task in two lines; the handling of events has its own one.
            "celery.beat": {**quiet, "level": "WARNING"},
            "celery.worker.strategy": {**quiet, "level": "WARNING"},
            "celery.app.trace": {**quiet, "level": "ERROR"},
            "celery.redirected": {**quiet, "level": "ERROR"},
        },
    }


def configure_logs(service: str, level: str = "INFO") -> None:
    """Sends every log line of this process as JSON to stdout, marked with the service's name."""
    structlog.configure(
        processors=[*_shared_processors(service), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a cached one would keep the level of its first line
    )
    logging.config.dictConfig(log_dictconfig(service, level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def set_log_level(level: str) -> None:
    """Changes what this process logs at least, from now on."""
    for name in ("", "_granian"):
        logging.getLogger(name).setLevel(level)


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    logging.getLogger("uncaught").critical("uncaught_exception", exc_info=(kind, error, traceback))


def get_logger(**fields: Any) -> structlog.stdlib.BoundLogger:
    """A logger whose every line carries the fields. Event names are static; data goes into keywords."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(**fields)
    return logger


def stop_with(sentence: str, fields: Mapping[str, Any] | None = None) -> NoReturn:
    """Ends the process with one sentence that names what to mend, instead of a traceback."""
    get_logger().critical(sentence, **(fields or {}))
    raise SystemExit(EX_CONFIG)
