"""Machine clients of the API: who may ask for tokens, with which roles and regions."""
