-- The sources that this server replicates from. For MySQL from 8.0.22 on, whose versions are below 10.
SHOW REPLICA STATUS
