A facet is new, and a template sets it: no record is another one, and nothing of the others moved.
-- edit small.sft --
source books {
=>
facet tone {
  dry   "no jokes"
  merry "some"
}
source books {
..
  tags { topic = row.topic }
=>
  tags { topic = row.topic, tone = dry }
..
tags { topic = law, shelf = row.shelf }
=>
tags { topic = law, tone = merry, shelf = row.shelf }
-- want --
changes
  minor facet-added  facet tone: is new
  minor template-text  template reply: tags changed
      - topic = row.topic
      + tone = dry⏎topic = row.topic
  minor template-text  template sense: tags changed
      - shelf = row.shelf⏎topic = law
      + shelf = row.shelf⏎tone = merry⏎topic = law
records  24 same
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
