"""The pass-through to the services: a raw ASGI application before FastAPI, the only importer of aiohttp."""
