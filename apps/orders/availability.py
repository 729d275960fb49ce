"""What inventory says over HTTP that could be held now: a quick no for the customer, never a promise."""

from collections.abc import Collection, Mapping

import marshmallow as ma

from chassis.http.client import ServiceClient, ServiceUnavailable
from chassis.http.service_tokens import ServiceTokens
from chassis.logs import get_logger

log = get_logger()

PATH = "/internal/availability"
SCOPE = "availability:read"
UNAUTHENTICATED = 401


class _AvailableSchema(ma.Schema):
    class Meta:
        """See marshmallow."""

        unknown = ma.EXCLUDE

    sku = ma.fields.String(required=True)
    available = ma.fields.Integer(required=True, strict=True)


class InventoryAvailability:
    """See `apps.orders.repositories.Availability`."""

    def __init__(self, client: ServiceClient, tokens: ServiceTokens) -> None:
        self._client = client
        self._tokens = tokens

    def of(self, skus: Collection[str]) -> Mapping[str, int] | None:
        """See `Availability`."""
        try:
            answer = self._client.get(PATH, params={"sku": list(skus)}, headers=self._tokens.authorization())
            if answer.status_code == UNAUTHENTICATED:
                self._tokens.forget()
            found = _AvailableSchema(many=True).loads(answer.content)
        except (ServiceUnavailable, ValueError, ma.ValidationError) as error:  # nonsense is no answer either
            log.info("availability_unknown", reason=str(error))
            return None
        return {each["sku"]: each["available"] for each in found}
