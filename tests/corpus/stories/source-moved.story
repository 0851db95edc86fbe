A source has another name and says so.
-- edit small.sft --
source terms {
=>
source words {
..
  from terms as row
=>
  from words as row
..
emit { jsonl }
=>
emit { jsonl }
moved source terms to words
-- want --
changes
  none moved  source words: was called terms
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
