"""Where do numbers go: time to a limit, and what is usual at this hour of the week? Pure."""
