"""The rules of an order. Nothing in here knows of HTTP, MongoDB or RabbitMQ."""
