A facet has another name and says so: shares, gates and tags are those that they were.
-- edit small.sft --
facet topic {
=>
facet field {
..
    topic: facet topic
=>
    topic: facet field
..
tags { topic = row.topic }
=>
tags { field = row.topic }
..
tags { topic = law, shelf = row.shelf }
=>
tags { field = law, shelf = row.shelf }
..
  share topic {
=>
  share field {
..
  over [topic]
=>
  over [field]
..
emit { jsonl }
=>
emit { jsonl }
moved facet topic to field
-- want --
changes
  none moved  facet field: was called topic
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
