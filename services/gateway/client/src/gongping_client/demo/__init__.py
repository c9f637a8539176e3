"""Simulated data of our own, and the main job told with it. Nothing in here exists outside a demonstration."""
