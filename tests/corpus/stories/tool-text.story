A tool is described otherwise: the records that know it say it.
-- first edit small.sft --
template sense v1.0.0 {
=>
tool look_up {
  description = "Look a term up."
  parameters { term: string { description = "the term" } }
  returns string
}
template sense v1.0.0 {
..
  assistant "{{ row.sense }}"
=>
  tools = [look_up]
  assistant call look_up { term = row.term }
  tool look_up = row.sense
  assistant "{{ row.sense }}"
..
test sense "the term
=>
test sense "the term
-- edit small.sft --
  description = "Look a term up."
=>
  description = "Look a legal term up."
-- want --
changes
  minor tool-text  tool look_up: schema changed
      - {"description":"Look a term up.","name":"look_up","parameters":{"additionalProperties":false,"properties":{"term":{"description":"the term","type":"string"}},"required":["term"],"type":"object"}}
      + {"description":"Look a legal term up.","name":"look_up","parameters":{"additionalProperties":false,"properties":{"term":{"description":"the term","type":"string"}},"required":["term"],"type":"object"}}
records  6 modified, 18 same
  5 modified  sense/terms  train
      because tool look_up: schema changed
      data/terms.csv:5 tools: [{"type":"function","function":{"name":"look_up","description":"Look a {+legal +}term up.","parameters":{"type":"object","properties":{…
  1 modified  sense/terms  dev
      because tool look_up: schema changed
      data/terms.csv:6 tools: [{"type":"function","function":{"name":"look_up","description":"Look a {+legal +}term up.","parameters":{"type":"object","properties":{…
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
