"""The events that the users service publishes: its contract with everybody who listens.

The account's id is the subject of each, and the account's version its sequence.
"""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.users.domain.accounts import Language, Role

_USER_ID = "0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001"
_PERSON: dict[str, Any] = {
    "user_id": _USER_ID,
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "roles": ["customer"],
    "language": "en",
}


class UserRegistered(BaseModel):
    """Somebody has an account now, by registering or by being set up. The account's id is the event's subject."""

    schema_version: ClassVar[str] = "1.1"
    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [_PERSON]})

    user_id: UUID = Field(description="The account; the `sub` of its access tokens")
    email: str = Field(description="The address to write to, in its normal form")
    name: str = Field(description="How the user wants to be called")
    roles: tuple[Role, ...] = Field(description="What the account may do, sorted")
    language: Language = Field(default=Language.ENGLISH, description="The language to write in, by ISO 639-1")


class UserUpdated(BaseModel):
    """Something about an account is another now; the event has all of it. Sent for a changed profile or other roles."""

    schema_version: ClassVar[str] = "1.0"
    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{**_PERSON, "language": "ru"}]})

    user_id: UUID = Field(description="The account")
    email: str = Field(description="The address to write to, in its normal form")
    name: str = Field(description="How the user wants to be called")
    roles: tuple[Role, ...] = Field(description="What the account may do, sorted")
    language: Language = Field(description="The language to write in, by ISO 639-1")


class UserDeactivated(BaseModel):
    """Nobody can log in to the account any more, and its sessions have ended."""

    schema_version: ClassVar[str] = "1.0"
    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"user_id": _USER_ID}]})

    user_id: UUID = Field(description="The account")


class UserLoggedOut(BaseModel):
    """A session of the account has ended before its time, or all of them have. Access tokens last for minutes yet.

    It says nothing new of the account, so its sequence is one that was there before.
    """

    schema_version: ClassVar[str] = "1.0"
    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {"user_id": _USER_ID, "sid": "0198c5f0-8b10-7d2a-a1c4-6e0f5b9d3002"},
                {"user_id": _USER_ID, "sid": None},
            ]
        },
    )

    user_id: UUID = Field(description="The account")
    sid: UUID | None = Field(description="The session, as in the `sid` of its access tokens; null: all of them")
