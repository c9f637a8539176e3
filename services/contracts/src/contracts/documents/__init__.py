"""Documents about a contract: by reference with their hash, or stored where a store is configured."""
