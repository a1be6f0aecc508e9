"""One screen per file; a screen shows values and passes on what a person asks for."""
