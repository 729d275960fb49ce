"""docs/errors.md is the one table of stable codes, and it is complete."""

from catalogue import SERVICES
from chassis.http.errors import CODES
from tests.contract.problem_codes import DOCUMENTED, refusals

IDEMPOTENCY = {"idempotency_key_reused", "idempotency_key_in_progress"}


def test_every_code_is_documented() -> None:
    """Those of a bare status, and those of the domains."""
    known = set[str]().union(*(refusals(service) for service in SERVICES))
    assert known >= {"email_taken", "sku_taken", "unknown_sku"}
    assert known | set(CODES.values()) | IDEMPOTENCY == set(DOCUMENTED)


def test_status_of_each_code_is_right() -> None:
    """The table tells the status that the chassis gives."""
    assert all(DOCUMENTED[code] == status for status, code in CODES.items())
