"""Score changes, stored in order and streamed live."""
