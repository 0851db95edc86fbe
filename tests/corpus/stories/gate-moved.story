A gate has another name and says so.
-- edit small.sft --
gate freeze {
=>
gate release {
..
emit { jsonl }
=>
emit { jsonl }
moved gate freeze to release
-- want --
changes
  none moved  gate release: was called freeze
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
