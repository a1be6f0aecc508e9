"""What goes on in a database now, and the two ways to end it."""
