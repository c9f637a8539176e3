"""Retention: how long each noun is kept, what is deleted or made anonymous then, and what a legal hold keeps."""
