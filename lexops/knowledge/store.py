"""Every revision of every article."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from lexops.calendars.model import Revision
from lexops.calendars.revisions import Revisions
from lexops.knowledge.document import from_document, to_document
from lexops.knowledge.model import Article
from lexops.knowledge.tables import article_table

_articles = Revisions(
    article_table, "article", "lexops article", "lexops article write", from_document, to_document
)
history = _articles.history
get = _articles.get
newest = _articles.newest
add = _articles.add


def articles(connection: Connection, names: Collection[str] | None = None) -> list[Revision[Article]]:
    """Every article as it is now, or those with these names, in the order of their names.

    Raises StoreError when one is damaged.
    """
    columns, newest = article_table.c, article_table.alias()
    last = select(func.max(newest.c.number)).where(newest.c.name == columns.name).scalar_subquery()
    query = select(article_table).where(columns.number == last).order_by(columns.name)
    if names is not None:
        query = query.where(columns.name.in_(names))
    return [_articles.entered(row) for row in connection.execute(query)]


def newest_revision(connection: Connection) -> int:
    """The number of the newest revision among those of all articles; 0 while there is none."""
    return connection.scalar(select(func.max(article_table.c.id))) or 0


def changed_since(connection: Connection, revision: int) -> list[str]:
    """Names of the articles that were revised after a revision, as :func:`newest_revision` counts them."""
    columns = article_table.c
    return list(connection.scalars(select(columns.name).where(columns.id > revision).distinct()))
