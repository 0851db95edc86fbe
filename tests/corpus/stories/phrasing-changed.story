One of two wordings changed: the records that draw it changed, and a few draw the other now.
-- edit small.sft --
  "{{ row.ask }} (See {{ row.books.title }}.)"
=>
  "{{ row.ask }} (Look into {{ row.books.title }}.)"
-- want --
changes
  minor phrasing-text  phrasing wording: wording 2 changed
      - {{ row.ask }} (See {{ row.books.title }}.)
      + {{ row.ask }} (Look into {{ row.books.title }}.)
records  9 modified, 15 same
  7 modified  reply/asks  train
      because phrasing wording: wording 2 changed
      data/asks-2.jsonl:13 user: What does page 9 say of law? ([-See-]{+Look into+} Book 2.)
  2 modified  reply/asks  dev
      because phrasing wording: wording 2 changed
      data/asks-1.jsonl:17 user: What does page 16 say of law? ([-See-]{+Look into+} Book 1.)
lengths
  dev prompt: max 43 → 50, p95 43 → 50, total 179 → 194
  train prompt: max 45 → 51, p95 45 → 51, total 659 → 689
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
