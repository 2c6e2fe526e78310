-- Beside users and posts there are lists of users, tags and servers: what kinds of targets there are is the program's knowledge, as in 0034.
pragma writable_schema = on;

update sqlite_schema
   set sql = replace(sql, ' check (kind in (''user'', ''post''))', '')
 where type = 'table' and name = 'known_target';

pragma writable_schema = reset;
