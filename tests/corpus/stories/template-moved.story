A template has another name and says so: its records keep their ids, nothing else changed.
-- edit small.sft --
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
-- want --
changes
  none moved  template meaning: was called sense
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
