"""Budget projects: what a unit may spend in a year, and which contracts it is spent on."""
