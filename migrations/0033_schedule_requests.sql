-- What a schedule runs was kept as the words after `cleanup run` and `cleanup list`, and read by the parser of the command line. It is
-- kept as what those words mean: an object of the options by their long names. The words are read for the last time here; each is one
-- `--name=value` or `--name`, and behind `--` come the files, or the list.
alter table schedule add column request text;
update schedule set request = (
    with word (command, place, text, last) as (
        select 'run', w.key, w.value,
               (select min(m.key) from json_each(schedule.words) m where m.value = '--')
          from json_each(schedule.words) w
        union all
        select 'list', w.key, w.value,
               (select min(m.key) from json_each(schedule.list_words) m where m.value = '--')
          from json_each(coalesce(schedule.list_words, '[]')) w
    ),
    option (command, place, name, value) as (
        select command, place,
               case when instr(text, '=') > 0 then substr(text, 3, instr(text, '=') - 3) else substr(text, 3) end,
               case when instr(text, '=') > 0 then substr(text, instr(text, '=') + 1) end
          from word where last is null or place < last
    ),
    field (command, name, value) as (
        select command, name,
               case when name = 'rate' then json_group_array(value)
                    when value is null then 'true'
                    when name in ('max-likes', 'max-reposts', 'limit', 'max-requests', 'workers')
                         then json(cast(value as integer))
                    else json_quote(value) end
          from option group by command, name
        union all
        select 'run', 'files', json_group_array(text order by place) from word where command = 'run' and place > last
        union all
        select 'list', 'list', json_quote(text) from word where command = 'list' and place = last + 1
    )
    select json_object('run', (select json_group_object(name, json(value)) from field where command = 'run'),
                       'list', case when schedule.list_words is not null
                                    then (select json_group_object(name, json(value)) from field where command = 'list')
                               end)
);
alter table schedule drop column words;
alter table schedule drop column list_words;
