A file has another name, which its rows say: their records say it too.
-- first edit small.sft --
    id: integer
=>
    id: integer
    file: string from file_stem
..
  user "{{ ask }}"
=>
  user "{{ ask }} [{{ row.file }}]"
-- move data/asks-2.jsonl data/asks-3.jsonl --
-- want --
changes
  minor source-rows  source asks: data/asks-2.jsonl is data/asks-3.jsonl now, the same bytes
records  7 modified, 17 same
  5 modified  reply/asks  train
      because source asks: data/asks-2.jsonl is data/asks-3.jsonl now, the same bytes
      data/asks-3.jsonl:13 user: What does page 9 say of law? (See Book 2.) [asks-[-2-]{+3+}]
  2 modified  reply/asks  dev
      because source asks: data/asks-2.jsonl is data/asks-3.jsonl now, the same bytes
      data/asks-3.jsonl:12 user: In Book 1: What does page 8 say of money? [asks-[-2-]{+3+}]
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
