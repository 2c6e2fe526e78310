-- `--min-likes N` spared posts with N likes or more; the same posts are spared by `--max-likes N-1`, which says so. Schedules keep the
-- words of their runs, so theirs are renamed: they go on doing what they did.
update schedule
   set words = (select json_group_array(case when value like '--min-likes=%'
                                             then '--max-likes=' || (cast(substr(value, 13) as integer) - 1)
                                             else value end order by key)
                  from json_each(schedule.words))
 where words like '%--min-likes=%';
update schedule
   set list_words = (select json_group_array(case when value like '--min-likes=%'
                                                  then '--max-likes=' || (cast(substr(value, 13) as integer) - 1)
                                                  else value end order by key)
                       from json_each(schedule.list_words))
 where list_words like '%--min-likes=%';
