"""Who is told of an incident, when, and what happens when nobody answers."""
