"""How far evaluators agree, how severe each is, and what their marks are worth. numpy and scipy only, no I/O."""
