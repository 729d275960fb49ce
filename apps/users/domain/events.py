"""The events that the users service publishes: its contract with everybody who listens."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.users.domain.accounts import Role


class UserRegistered(BaseModel):
    """Somebody has an account now, by registering or by being set up. The account's id is the event's subject."""

    schema_version: ClassVar[str] = "1.0"
    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "user_id": "0198c5f0-7a3b-7c51-9d0e-2f6a41b7c001",
                    "email": "ada@example.com",
                    "name": "Ada Lovelace",
                    "roles": ["customer"],
                }
            ]
        },
    )

    user_id: UUID = Field(description="The account; the `sub` of its access tokens")
    email: str = Field(description="The address to write to, in its normal form")
    name: str = Field(description="How the user wants to be called")
    roles: tuple[Role, ...] = Field(description="What the account may do, sorted")
