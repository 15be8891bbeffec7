-- From version 1 to 2. The tables are the same; from now on part of the journal can stand in the file beside the database
-- (index.tail), which a program of version 1 would not read.
SELECT 2;
