"""Tables of every noun (CSV, Excel): read, mapped to our fields, checked, applied in chunks, reported, undone."""
