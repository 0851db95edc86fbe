Other words in a system prompt: all records of the templates that use it say something else.
-- first edit small.sft --
phrasing wording {
=>
prompt helper v1.0.0 { text "You help with books. Be brief." }
phrasing wording {
..
  user "{{ ask }}"
=>
  system helper
  user "{{ ask }}"
-- edit small.sft --
prompt helper v1.0.0 { text "You help with books. Be brief." }
=>
prompt helper v1.1.0 { text "You help with books. Be brief and kind." }
-- want --
changes
  minor prompt-text  prompt helper: text changed, v1.0.0 → v1.1.0
      - You help with books. Be brief.
      + You help with books. Be brief and kind.
records  18 modified, 6 same
  14 modified  reply/asks  train
      because prompt helper: text changed, v1.0.0 → v1.1.0
      data/asks-1.jsonl:3 system: You help with books. Be brief{+ and kind+}.
  4 modified  reply/asks  dev
      because prompt helper: text changed, v1.0.0 → v1.1.0
      data/asks-2.jsonl:12 system: You help with books. Be brief{+ and kind+}.
lengths
  dev prompt: max 73 → 82, p50 71 → 80, p95 73 → 82, total 299 → 335
  train prompt: max 75 → 84, p50 71 → 80, p95 75 → 84, total 1079 → 1205
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
