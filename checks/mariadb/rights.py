"""What the monitoring account needs."""

PROCESS = "GRANT PROCESS ON *.* TO lexops"
"""Without it the server refuses to show transactions, locks and its own list of tables; `lexops` stands for
the account that LexOps logs in with."""

SELECT = "GRANT SELECT ON *.* TO lexops"
"""Tables on which an account has no right do not exist for it."""
