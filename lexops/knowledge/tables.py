"""The table of knowledge; the index by which it is searched is a file of its own that can be made again."""

from __future__ import annotations

from lexops.calendars.revisions import revision_table

article_table = revision_table("knowledge_article")
"""Every revision of every article."""
