"""Administrative divisions (GB/T 2260) and the region code that scopes every contract."""
