"""The service token of the tests: for the environment of a service, and for the header of a request."""

from __future__ import annotations

SERVICE_TOKEN = "service-token-of-the-tests-0123456789abcdef"
ENVIRONMENT = {"HACKAI_SERVICE_TOKEN": SERVICE_TOKEN}
HEADERS = {"Authorization": f"Bearer {SERVICE_TOKEN}"}
