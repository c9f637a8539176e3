"""Small pages for people: the list of the API and what each type of problem means."""
