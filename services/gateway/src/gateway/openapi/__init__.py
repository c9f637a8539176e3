"""One OpenAPI document of the gateway and the three services."""
