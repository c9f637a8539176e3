"""Access tokens by client credentials, and the public keys that verify them."""
