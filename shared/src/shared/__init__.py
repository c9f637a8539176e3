"""Technical code and the published language of the Gongping services; no business rule lives here."""
