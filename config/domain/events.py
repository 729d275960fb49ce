"""The event that the configuration service publishes. `make contracts` makes its JSON Schema."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class ConfigChanged(BaseModel):
    """Another commit is served: whoever runs one of the applications asks for it."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [{"applications": ["orders"], "commit": "3f1c9d7ab2e04c5d8a7f6b1e0d9c8b7a6f5e4d3c"}]
        },
    )
    schema_version: ClassVar[str] = "1.0"

    applications: list[str] = Field(
        description="whose settings differ from those announced before; `application` stands for all"
    )
    commit: str = Field(pattern="^[0-9a-f]{40}$", description="the commit that is served now")
