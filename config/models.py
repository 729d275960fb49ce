"""The settings models of the services, as the JSON Schemas that they export: whether a value would be accepted."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from config.cipher import Cipher, Unreadable, is_encrypted
from config.domain.refusals import InvalidSetting
from config.domain.resolution import SHARED

SCHEMAS = Path(__file__).parent / "schemas"


class Models:
    """The models by application."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]], cipher: Cipher) -> None:
        self._schemas = schemas
        self._cipher = cipher

    @classmethod
    def exported(cls, cipher: Cipher, folder: Path = SCHEMAS) -> "Models":
        """Those that `make settings` wrote."""
        return cls({file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}, cipher)

    @property
    def applications(self) -> list[str]:
        """The services that have exported one."""
        return list(self._schemas)

    def check(self, application: str, key: str, value: Any) -> None:
        """Raises `InvalidSetting` when a service would refuse the value. A shared one is for all who know the key."""
        if application == SHARED:
            concerned = [name for name in self._schemas if key in self._schemas[name]["properties"]]
            if not concerned:
                raise InvalidSetting(
                    key, self._unknown(key, {key for each in self._schemas.values() for key in each["properties"]})
                )
        elif application not in self._schemas:
            return  # somebody else's client: nothing is known of its settings
        else:
            concerned = [application]
        for name in concerned:
            self._check_one(name, key, value)

    def _check_one(self, application: str, key: str, value: Any) -> None:
        schema = self._schemas[application]
        if key not in schema["properties"]:
            raise InvalidSetting(key, self._unknown(key, set(schema["properties"])))
        if schema["properties"][key].get("writeOnly") and not is_encrypted(value):
            raise InvalidSetting(key, "it is a secret: encrypt it first (make config-encrypt)")
        if is_encrypted(value):
            try:
                value = self._cipher.decrypt(value)
            except Unreadable:
                raise InvalidSetting(key, "no key of this installation decrypts it") from None
        validator = Draft202012Validator({**schema["properties"][key], "$defs": schema.get("$defs", {})})
        error = next(iter(sorted(validator.iter_errors(value), key=lambda each: len(each.path))), None)
        if error is not None:
            raise InvalidSetting(key, error.message)

    @staticmethod
    def _unknown(key: str, known: set[str]) -> str:
        close = difflib.get_close_matches(key, known, 1)
        return "there is no such setting" + (f"; {close[0]} is meant?" if close else "")
