"""Events: CloudEvents 1.0 in structured JSON, from a publisher's pydantic model to a consumer's.

EventError
├── PoisonMessage    the message can never be handled
└── DuplicateEvent   the event was handled before
"""

import re
from typing import Annotated, Any
from uuid import UUID

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError
from pydantic.dataclasses import dataclass

from chassis.identifiers import new_id
from chassis.telemetry import current_traceparent
from chassis.times import utc_now

CONTENT_TYPE = JSONFormat.CONTENT_TYPE
MAX_BYTES = 1_000_000

_FORMAT = JSONFormat()
_REQUIRED = ("id", "type", "source", "subject", "time", "dataschema", "correlationid", "sequence")
_OPTIONAL = ("causationid", "traceparent")

Text = Annotated[str, Field(min_length=1)]
Version = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
Trace = Annotated[str | None, BeforeValidator(lambda given: given if isinstance(given, str) else None)]
"""An odd one costs the trace, not the event."""


class EventError(Exception):
    """Something about an event or its message."""


class PoisonMessage(EventError):
    """The message is no event that this service could ever handle; the words say why."""


class DuplicateEvent(EventError):
    """The event was handled before: its effect is there already, the delivery can be acknowledged."""


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvent with our extension attributes. `sequence` is the version of the aggregate `subject`.

    Raises pydantic's `ValidationError` when an attribute is none.
    """

    id: UUID
    type: Text
    source: Text
    subject: Text
    time: AwareDatetime
    sequence: Version
    correlationid: Text
    causationid: Text | None
    traceparent: Trace
    dataschema: Text
    data: dict[str, Any]


def event_type(model: type[BaseModel]) -> str:
    """The type, and routing key, of a publisher's model: OrderShipRequested → order.ship_requested."""
    words = re.findall(r"[A-Z][a-z0-9]*", model.__name__)
    return f"{words[0]}.{'_'.join(words[1:])}".lower()


def schema_version(model: type[BaseModel]) -> str:
    """The version of a publisher's model, as major.minor. A minor one only adds optional fields."""
    return str(getattr(model, "schema_version", "1.0"))


def publication(
    model: BaseModel, *, source: str, subject: str, sequence: int, correlation: str | None, cause: Event | None
) -> Event:
    """The event that tells of `model`, caused by `cause`, within the running trace."""
    kind = event_type(type(model))
    return Event(
        id=new_id(),
        type=kind,
        source=source,
        subject=subject,
        time=utc_now(),
        sequence=sequence,
        correlationid=correlation or (cause.correlationid if cause else subject),
        causationid=str(cause.id) if cause else None,
        traceparent=current_traceparent(),
        dataschema=f"urn:quadrille:schema:{kind}:{schema_version(type(model))}",
        data=model.model_dump(mode="json"),
    )


def encode(event: Event) -> str:
    """The event as CloudEvents JSON."""
    present = {name: getattr(event, name) for name in (*_REQUIRED, *_OPTIONAL) if getattr(event, name) is not None}
    attributes = {**present, "id": str(event.id), "specversion": "1.0", "datacontenttype": "application/json"}
    return _FORMAT.write(CloudEvent(attributes, dict(event.data))).decode()


def decode(body: bytes, content_type: str | None = CONTENT_TYPE, content_encoding: str | None = None) -> Event:
    """The event in a message. Raises `PoisonMessage` with the reason when it is none of ours."""
    if content_type != CONTENT_TYPE:
        raise PoisonMessage(f"content type is {content_type!r}, not {CONTENT_TYPE}")
    if content_encoding not in (None, "", "utf-8"):
        raise PoisonMessage(f"content encoding is {content_encoding!r}, not utf-8")
    if len(body) > MAX_BYTES:
        raise PoisonMessage(f"body of {len(body)} bytes is above the limit of {MAX_BYTES}")
    try:
        cloud_event = _FORMAT.read(_complete, body)
        given: dict[str, Any] = {name: cloud_event.get_attributes().get(name) for name in (*_REQUIRED, *_OPTIONAL)}
        return Event(**given, data=cloud_event.get_data())  # type: ignore[arg-type] # it may be anything
    except PoisonMessage:
        raise
    except Exception as error:  # the library lets many types through: a body may be anything
        raise PoisonMessage(f"not a CloudEvent: {reason_of(error)}") from error


def _complete(attributes: dict[str, Any], data: dict[str, Any] | str | bytes | None) -> CloudEvent:
    # The library would make up a missing id and time; an id that is new with each delivery defeats the inbox.
    for name in ("specversion", *_REQUIRED):
        if name not in attributes:
            raise PoisonMessage(f"attribute {name!r} is missing")
    return CloudEvent(attributes, data)


def reason_of(error: BaseException) -> str:
    """The error in one line that may go anywhere: into a log, a header, a span."""
    if isinstance(error, ValidationError):  # its own words repeat the input, which may be anybody's data
        mistakes = error.errors(include_url=False, include_context=False, include_input=False)
        fields = (f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in mistakes)
        words = f"ValidationError: {'; '.join(fields)}"
    else:
        words = f"{type(error).__name__}: {error}".replace("\n", " ").strip()
    return words.encode("utf-8", "backslashreplace").decode()  # half characters, which JSON may hold, spelled out
