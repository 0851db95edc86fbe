A template gets a system prompt, the first of the dataset: its turns move on by one and say the same, and
records have a role that they had not.
-- edit small.sft --
phrasing wording {
=>
prompt helper v1.0.0 { text "You help with books." }
phrasing wording {
..
  user "{{ ask }}"
=>
  system helper
  user "{{ ask }}"
-- want --
changes
  minor prompt-added  prompt helper: is new
  minor template-text  template reply: turn 1 (system) is new
      + helper
  major role-set  records: there are system turns now
records  18 modified, 6 same
  14 modified  reply/asks  train
      because template reply: turn 1 (system) is new
      data/asks-1.jsonl:3 system: {+You help with books.+}
  4 modified  reply/asks  dev
      because template reply: turn 1 (system) is new
      data/asks-2.jsonl:12 system: {+You help with books.+}
lengths
  dev prompt: max 43 → 63, p50 41 → 61, p95 43 → 63, total 179 → 259
  train prompt: max 45 → 65, p50 41 → 61, p95 45 → 65, total 659 → 939
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
