"""The pages at /docs: Swagger UI over the services' OpenAPI documents, and the catalogue of events."""
