"""How this package connects to the broker with pika, whatever for."""

import pika

HEARTBEAT_SECONDS = 10  # a frozen broker is noticed after about two of them
RECONNECT_SECONDS = 1.0
_SOCKET_SECONDS = 5


def connection_parameters(url: str, name: str) -> pika.URLParameters:
    """The parameters of a connection under a name that operators see in the broker's list."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_SECONDS
    parameters.client_properties = {"connection_name": name}
    parameters.socket_timeout = parameters.stack_timeout = _SOCKET_SECONDS
    return parameters
