"""The services' second entry point: their Celery workers."""
