"""Frames: who is asked, the tokens that open a questionnaire, and whether the list can be trusted."""
