"""/api/v1/notifications/ticket and /ws: live messages."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

import flask
import marshmallow as ma
from flask import Response, request
from flask_jwt_extended import get_jwt

from apps.notifications import access
from apps.notifications.api.parts import ApiParts
from apps.notifications.api.schemas import TicketSchema, WebSocketQuerySchema, shown
from apps.notifications.domain.kinds import Language
from apps.notifications.domain.notifications import Notification
from apps.notifications.domain.refusals import Refusal, TicketInvalid, TooManySockets, TooManyTickets
from apps.notifications.domain.sockets import TICKET_SECONDS, Ticket
from chassis.http.app import Blueprint
from chassis.http.auth import caller, signed_in
from chassis.http.errors import CONTENT_TYPE, Problem, ProblemSchema
from chassis.http.sockets import INTERNAL_ERROR, Hijacked, SocketGone, WebSocket
from chassis.logs import get_logger
from chassis.times import utc_now

log = get_logger()

RETRY_SECONDS = str(TICKET_SECONDS)


def sockets_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("sockets", __name__, url_prefix="/api/v1/notifications", description="Live messages")

    @blueprint.route("/ticket", methods=["POST"])
    @signed_in
    @blueprint.response(200, TicketSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(429, schema=ProblemSchema, content_type=CONTENT_TYPE, description="rate_limited")
    def ticket() -> dict[str, Any]:
        """Get a ticket for one socket. It is good once and for 30 seconds."""
        now = utc_now()
        asked = Ticket(caller().id, caller().session_id, now, datetime.fromtimestamp(get_jwt()["exp"], UTC))
        try:
            secret = access.issue(parts.unit_of_work(), asked)
        except TooManyTickets as refusal:
            raise _limited(refusal) from refusal
        return {"ticket": secret, "expires_in": TICKET_SECONDS}

    @blueprint.route("/ws")
    @blueprint.arguments(WebSocketQuerySchema, location="query")
    @blueprint.response(101, description="a WebSocket that sends notifications as JSON; docs/notifications.md")
    @blueprint.alt_response(
        401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="ticket_invalid: unknown, used or too old"
    )
    @blueprint.alt_response(422, schema=ProblemSchema, content_type=CONTENT_TYPE, description="`after` is unknown")
    @blueprint.alt_response(426, schema=ProblemSchema, content_type=CONTENT_TYPE, description="upgrade_required")
    @blueprint.alt_response(429, schema=ProblemSchema, content_type=CONTENT_TYPE, description="rate_limited")
    @blueprint.doc(security=[{"ticket": []}])
    def ws(query: dict[str, Any]) -> NoReturn:
        """Open a socket, with a ticket."""
        _ticket(query)
        raise Problem(426, "upgrade_required", "This is a WebSocket.", headers={"Upgrade": "websocket"})

    return blueprint


def upgrade_blueprint(parts: ApiParts) -> flask.Blueprint:
    """The same address for requests that ask for a WebSocket: Werkzeug keeps their routes apart."""
    blueprint = flask.Blueprint("upgrade", __name__)

    @blueprint.route("/api/v1/notifications/ws", websocket=True)
    def ws() -> Response:
        try:
            query = WebSocketQuerySchema().load(request.args.to_dict(), unknown=ma.EXCLUDE)
        except ma.ValidationError as error:
            raise Problem(422, errors={"query": error.messages}) from error
        _serve(parts, access.redeem(parts.unit_of_work(), _ticket(query)), query["after"])
        return Hijacked()

    return blueprint


def _ticket(query: Mapping[str, Any]) -> str:
    if query["ticket"] is None:
        raise TicketInvalid("A ticket is needed: POST /api/v1/notifications/ticket.")
    return str(query["ticket"])


def _serve(parts: ApiParts, ticket: Ticket, after: UUID | None) -> None:
    # It lasts for minutes, so it is no request to be measured.
    request.prom_do_not_track = True  # type: ignore[attr-defined] # the exporter's own mark
    try:
        with parts.feed.place(ticket.user_id):
            number = parts.feed.position(ticket.user_id, after)
            if number is None:
                raise Problem(422, errors={"query": {"after": ["There is no such notification in the inbox."]}})
            _serve_open(parts, WebSocket(request.environ), ticket, number)
    except TooManySockets as refusal:
        raise _limited(refusal) from refusal


def _serve_open(parts: ApiParts, connection: WebSocket, ticket: Ticket, number: int) -> None:
    """From here on nothing may become an HTTP answer: it would be sent into the open socket."""
    try:
        parts.feed.serve(connection, ticket, number)
    except SocketGone:
        return
    except Exception:
        log.exception("socket_failed", user_id=str(ticket.user_id))
        connection.close(INTERNAL_ERROR, "error")


def _limited(refusal: Refusal) -> Problem:
    return Problem(429, detail=str(refusal), headers={"Retry-After": RETRY_SECONDS})


def message(notification: Notification, language: Language) -> str:
    """A notification as a socket sends it."""
    fields = {name: value for name, value in shown(notification, language).items() if name != "read"}
    return json.dumps(fields, ensure_ascii=False, default=str)
