A facet is set by a mapping, and the mapping changed for one value.
-- first edit small.sft --
tags { topic = row.topic }
=>
tags {
    topic = row.topic
    shelf by row.topic { law high, money low }
  }
-- edit small.sft --
{ law high, money low }
=>
{ law high, money high }
-- want --
changes
  minor template-text  template reply: tags changed
      - shelf = row.topic { law high, money low }⏎topic = row.topic
      + shelf = row.topic { law high, money high }⏎topic = row.topic
records  10 retagged, 14 same
  8 retagged  reply/asks  train
      because template reply: tags changed
      data/asks-1.jsonl:16 shelf: low → high
  2 retagged  reply/asks  dev
      because template reply: tags changed
      data/asks-2.jsonl:12 shelf: low → high
facets
  train shelf of 19 moved 4210 bp: high 8 → 16, low 11 → 3
  dev shelf of 5 moved 4000 bp: high 3 → 5, low 2 → 0
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
