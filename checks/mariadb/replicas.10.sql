-- The sources that this server replicates from. For MariaDB, whose versions begin with 10.
SHOW ALL SLAVES STATUS
