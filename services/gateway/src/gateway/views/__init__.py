"""Views composed of several services' answers."""
