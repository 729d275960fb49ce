"""The worker process: `app` puts the chain together and runs it under Celery, the other modules keep it honest."""
