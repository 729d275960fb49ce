"""/api/v1/config/changes: changing the settings, and the history of all changes."""

from typing import Any

from flask_smorest.pagination import PaginationParameters

from chassis.http.app import Blueprint
from chassis.http.auth import ADMIN, caller, requires_role
from chassis.http.errors import CONTENT_TYPE, ProblemSchema
from chassis.logs import get_logger
from chassis.times import rfc3339
from config.api.parts import ApiParts
from config.api.schemas import (
    ChangeSchema,
    ChangesQuerySchema,
    ExpectedSchema,
    NewChangeSchema,
    RollbackSchema,
    ShownChangeSchema,
)
from config.changes import Wish
from config.git import CommitInfo

log = get_logger()

# Why a new commit may be refused, whether it changes or brings back.
CONFLICTS = "nothing_to_change, configuration_contended, or configuration_is_remote"


def changes_blueprint(parts: ApiParts) -> Blueprint:
    """The views over the given parts."""
    blueprint = Blueprint("changes", __name__, url_prefix="/api/v1/config", description="Changes of the settings")
    changes = parts.changes

    @blueprint.route("/changes")
    @requires_role(ADMIN)
    @blueprint.arguments(ChangesQuerySchema, location="query")
    @blueprint.response(200, ChangeSchema(many=True))
    @blueprint.paginate()
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    def listed(query: dict[str, Any], pagination_parameters: PaginationParameters) -> list[dict[str, Any]]:
        """List the commits, the newest first."""
        page = pagination_parameters
        found, page.item_count = changes.history(query["application"], page.first_item, page.page_size)
        return [_shown(each) for each in found]

    @blueprint.route("/changes/<commit>")
    @requires_role(ADMIN)
    @blueprint.response(200, ShownChangeSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    def one(commit: str) -> dict[str, Any]:
        """Show a commit and what it did."""
        info, diff = changes.show(commit)
        return {**_shown(info), "diff": diff}

    @blueprint.route("/changes", methods=["POST"])
    @requires_role(ADMIN)
    @blueprint.arguments(NewChangeSchema)
    @blueprint.arguments(ExpectedSchema, location="headers")
    @blueprint.response(201, ChangeSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description=CONFLICTS)
    @blueprint.alt_response(412, schema=ProblemSchema, content_type=CONTENT_TYPE, description="precondition_failed")
    @blueprint.alt_response(
        422,
        schema=ProblemSchema,
        content_type=CONTENT_TYPE,
        description="validation_error, unknown_application, or configuration_broken",
    )
    def change(fields: dict[str, Any], headers: dict[str, str | None]) -> dict[str, Any]:
        """Change settings, in one commit."""
        wish = _wish(fields["message"], headers)
        return _told(changes.change(fields["application"], fields["profile"], fields["values"], wish))

    @blueprint.route("/rollbacks", methods=["POST"])
    @requires_role(ADMIN)
    @blueprint.arguments(RollbackSchema)
    @blueprint.arguments(ExpectedSchema, location="headers")
    @blueprint.response(201, ChangeSchema)
    @blueprint.alt_response(401, schema=ProblemSchema, content_type=CONTENT_TYPE, description="unauthenticated")
    @blueprint.alt_response(403, schema=ProblemSchema, content_type=CONTENT_TYPE, description="forbidden")
    @blueprint.alt_response(404, schema=ProblemSchema, content_type=CONTENT_TYPE, description="not_found")
    @blueprint.alt_response(409, schema=ProblemSchema, content_type=CONTENT_TYPE, description=CONFLICTS)
    @blueprint.alt_response(412, schema=ProblemSchema, content_type=CONTENT_TYPE, description="precondition_failed")
    @blueprint.alt_response(
        422, schema=ProblemSchema, content_type=CONTENT_TYPE, description="validation_error, or configuration_broken"
    )
    def rollback(fields: dict[str, Any], headers: dict[str, str | None]) -> dict[str, Any]:
        """Bring back the settings of an earlier commit, as a new one."""
        return _told(changes.rollback(fields["commit"], _wish(fields["message"], headers)))

    return blueprint


def _wish(message: str | None, headers: dict[str, str | None]) -> Wish:
    expected = headers["if_match"]
    return Wish(str(caller().id), message, expected.strip('"') if expected and expected != "*" else None)


def _told(info: CommitInfo) -> dict[str, Any]:
    log.info("configuration_committed", commit=info.id, author=info.author, message=info.message)
    return _shown(info)


def _shown(info: CommitInfo) -> dict[str, Any]:
    return {"commit": info.id, "author": info.author, "message": info.message, "at": rfc3339(info.at)}
