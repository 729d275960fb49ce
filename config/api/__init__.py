"""The HTTP side: Spring Cloud Config's endpoints for services, and the administrators' ones for the gateway."""
