"""Legal billing: the logical model, the reference schema, the demo firm and what checks are written in."""
