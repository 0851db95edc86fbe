A contract has one field less: rows still have it, so no answer keeps the contract any more. That breaks who reads it.
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
  unit:   "kg" | "m" | null

=>
-- want --
changes
  major schema-text  schema Fact: field unit is gone
      - "kg" | "m" | null
  minor template-text  template fact: turn 1 (user) changed
      - {{ row.ask }} {"type":"object","properties":{"amount":{"type":["number","null"],"minimum":0},"unit":{"enum":["kg","m",null]}},"required":["amount","unit"],"additionalProperties":false}
      + {{ row.ask }} {"type":"object","properties":{"amount":{"type":["number","null"],"minimum":0}},"required":["amount"],"additionalProperties":false}
records  3 added, 3 removed, 21 same
  3 added  reply/asks  not_chosen → train
      because schema Fact: field unit is gone
      because template fact: turn 1 (user) changed
  3 removed  fact/facts  train → rejected:extra_field
      because schema Fact: field unit is gone
      because template fact: turn 1 (user) changed
facets
  train layer of 19 moved 1578 bp: domain 11 → 14, skill 8 → 5
  train source of 19 moved 1578 bp: asks 11 → 14, facts 3 → 0
  train template of 19 moved 1578 bp: fact 3 → 0, reply 11 → 14
lengths
  train prompt: max 185 → 45, p95 185 → 45, total 1091 → 659
  train response: max 24 → 17, p95 24 → 17, total 284 → 262
funnel
  rejected: 3 → 15
  not chosen: 29 → 17
  rejected validate:extra_field: - → 12
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
