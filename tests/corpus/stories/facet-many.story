A facet that holds many values: a template sets one more.
-- first edit small.sft --
source books {
=>
facet skill many {
  recall "knows"
  count  "counts"
}
source books {
..
tags { topic = row.topic }
=>
tags { topic = row.topic, skill = [recall] }
..
tags { topic = law, shelf
=>
tags { topic = law, skill = recall, shelf
-- edit small.sft --
skill = [recall]
=>
skill = [recall, count]
-- want --
changes
  minor template-text  template reply: tags changed
      - skill = recall⏎topic = row.topic
      + skill = recall, count⏎topic = row.topic
records  18 retagged, 6 same
  14 retagged  reply/asks  train
      because template reply: tags changed
      data/asks-1.jsonl:3 skill: recall → recall, count
  4 retagged  reply/asks  dev
      because template reply: tags changed
      data/asks-2.jsonl:12 skill: recall → recall, count
facets
  dev skill of 5 moved 8000 bp: count 0 → 4
  train skill of 19 moved 7368 bp: count 0 → 14
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
