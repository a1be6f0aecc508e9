"""Articles, and incidents like this one with how they were solved."""
