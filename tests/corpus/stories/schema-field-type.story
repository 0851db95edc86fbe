A field of a contract is of another type: answers that are too small, or null, are refused.
-- first edit small.sft --
source terms {
=>
schema Fact {
  amount: number(min = 0) | null
  unit:   "kg" | "m" | null
}
source facts {
  path    = "data/facts.jsonl"
  key     = id
  origin  = human
  license = "CC0-1.0"
  fields { id: integer, topic: facet topic, ask: string, terms: Fact }
}
source terms {
..
template sense v1.0.0 {
=>
template fact v1.0.0 {
  layer = skill
  from facts as row
  tags { topic = row.topic }
  user "{{ row.ask }} {{ Fact | json_schema }}"
  assistant json Fact = row.terms
}
template sense v1.0.0 {
-- first data/facts.jsonl --
{"id": 0, "topic": "law", "ask": "How much is 0?", "terms": {"amount": 0, "unit": "kg"}}
{"id": 1, "topic": "money", "ask": "How much is 1?", "terms": {"amount": 3, "unit": "m"}}
{"id": 2, "topic": "law", "ask": "How much is 2?", "terms": {"amount": 6, "unit": "kg"}}
{"id": 3, "topic": "money", "ask": "How much is 3?", "terms": {"amount": 9, "unit": null}}
{"id": 4, "topic": "law", "ask": "How much is 4?", "terms": {"amount": null, "unit": "kg"}}
{"id": 5, "topic": "money", "ask": "How much is 5?", "terms": {"amount": 15, "unit": "m"}}
{"id": 6, "topic": "law", "ask": "How much is 6?", "terms": {"amount": 18, "unit": "kg"}}
{"id": 7, "topic": "money", "ask": "How much is 7?", "terms": {"amount": 21, "unit": null}}
{"id": 8, "topic": "law", "ask": "How much is 8?", "terms": {"amount": 24, "unit": "kg"}}
{"id": 9, "topic": "money", "ask": "How much is 9?", "terms": {"amount": null, "unit": "m"}}
{"id": 10, "topic": "law", "ask": "How much is 10?", "terms": {"amount": 30, "unit": "kg"}}
{"id": 11, "topic": "money", "ask": "How much is 11?", "terms": {"amount": 33, "unit": null}}
-- edit small.sft --
  amount: number(min = 0) | null
=>
  amount: number(min = 12)
-- want --
changes
  major schema-text  schema Fact: field amount changed
      - number(min = 0) | null
      + number(min = 12)
  minor template-text  template fact: turn 1 (user) changed
      - {{ row.ask }} {"type":"object","properties":{"amount":{"type":["number","null"],"minimum":0},"unit":{"enum":["kg","m",null]}},"required":["amount","unit"],"additionalProperties":false}
      + {{ row.ask }} {"type":"object","properties":{"amount":{"type":"number","minimum":12},"unit":{"enum":["kg","m",null]}},"required":["amount","unit"],"additionalProperties":false}
records  2 added, 2 removed, 1 modified, 21 same
  2 added  reply/asks  not_chosen → train
      because schema Fact: field amount changed
      because template fact: turn 1 (user) changed
  2 removed  fact/facts  train → rejected:out_of_range
      because schema Fact: field amount changed
      because template fact: turn 1 (user) changed
  1 modified  fact/facts  train
      because schema Fact: field amount changed
      because template fact: turn 1 (user) changed
      data/facts.jsonl:6 user: How much is 5? {"type":"object","properties":{"amount":{"type":[-["number","null"],"minimum":0-]{+"number","minimum":12+}},"unit":{"enum":["kg","m",null]}},"required":["amount","unit"],"additionalProperties":false}
facets
  train layer of 19 moved 1052 bp: domain 11 → 13, skill 8 → 6
  train source of 19 moved 1052 bp: asks 11 → 13, facts 3 → 1
  train template of 19 moved 1052 bp: fact 3 → 1, reply 11 → 13
lengths
  train prompt: max 185 → 177, p95 185 → 177, total 1091 → 794
  train response: total 284 → 269
funnel
  rejected: 3 → 9
  not chosen: 29 → 23
  rejected validate:out_of_range: - → 4
  rejected validate:type_error: - → 2
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
