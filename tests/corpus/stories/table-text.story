A text of a table changed: only the records of that value say something else.
-- first edit small.sft --
phrasing wording {
=>
table focus by topic {
  law   "Name the paragraph."
  money "Name the sum."
}
phrasing wording {
..
  user "{{ ask }}"
=>
  user "{{ ask }} {{ focus[row.topic] }}"
-- edit small.sft --
  money "Name the sum."
=>
  money "Name the sum in words."
-- want --
changes
  minor table-text  table focus: text of money changed
      - Name the sum.
      + Name the sum in words.
records  10 modified, 14 same
  8 modified  reply/asks  train
      because table focus: text of money changed
      data/asks-1.jsonl:16 user: What does page 15 say of money? (See Book 0.) Name the sum{+ in words+}.
  2 modified  reply/asks  dev
      because table focus: text of money changed
      data/asks-2.jsonl:12 user: In Book 1: What does page 8 say of money? Name the sum{+ in words+}.
lengths
  dev prompt: max 63 → 64, p50 55 → 63, p95 63 → 64, total 247 → 265
  train prompt: max 62 → 68, p50 56 → 62, p95 62 → 68, total 891 → 963
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
