A template moved and has other words: its records are modified, not gone.
-- edit small.sft --
template sense v1.0.0 {
=>
template meaning v1.1.0 {
..
test sense "the term
=>
test meaning "the term
..
  user "What is {{ row.term }}?"
=>
  user "What does {{ row.term }} mean?"
..
emit { jsonl }
=>
emit { jsonl }
moved template sense to meaning
-- want --
changes
  none moved  template meaning: was called sense
  minor template-text  template meaning: turn 1 (user) changed, v1.0.0 → v1.1.0
      - What is {{ row.term }}?
      + What does {{ row.term }} mean?
records  6 modified, 18 same
  5 modified  meaning/terms  train
      because template meaning: turn 1 (user) changed, v1.0.0 → v1.1.0
      data/terms.csv:5 user: What [-is term 3-]{+does term 3 mean+}?
  1 modified  meaning/terms  dev
      because template meaning: turn 1 (user) changed, v1.0.0 → v1.1.0
      data/terms.csv:6 user: What [-is term 4-]{+does term 4 mean+}?
lengths
  dev prompt: p5 15 → 22, total 179 → 186
  train prompt: p5 15 → 22, total 659 → 694
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
