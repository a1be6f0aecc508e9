-- Open transactions: a list that the server refuses to an account without PROCESS.
SELECT
    count(*) AS transactions
FROM information_schema.INNODB_TRX
