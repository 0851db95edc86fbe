The line that says that a template moved is gone: its name stays, and its records have other ids.
-- first edit small.sft --
template sense v1.0.0 {
=>
template meaning v1.0.0 {
..
test sense "the term
=>
test meaning "the term
..
emit { jsonl }
=>
emit { jsonl }
moved template sense to meaning
-- edit small.sft --
moved template sense to meaning
=>
-- want --
changes
  major record-ids  template meaning: its ids were those of sense, they are those of meaning
records  6 added, 6 removed, 18 same
  5 added  meaning/terms  absent → train
      because template meaning: its ids were those of sense, they are those of meaning
  1 added  reply/asks  not_chosen → dev
      because template meaning: its ids were those of sense, they are those of meaning
  5 removed  meaning/terms  train → absent
      because template meaning: its ids were those of sense, they are those of meaning
  1 removed  meaning/terms  dev → absent
      because template meaning: its ids were those of sense, they are those of meaning
facets
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: meaning 1 → 0, reply 4 → 5
lengths
  dev prompt: p5 15 → 39, total 179 → 203
  dev response: p5 7 → 16, total 72 → 81
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
