"""Who acts for an absent person, and who answers for what in a contract."""
