"""Wiring only: settings, URLs, Celery and the bootstrap. Nothing imports it and it holds no business logic."""
