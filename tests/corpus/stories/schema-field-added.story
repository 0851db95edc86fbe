A contract has one more field that answers may leave out: the schema that is printed changed, the answers did not.
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
  unit:   "kg" | "m" | null
  note:   string optional
-- want --
changes
  minor schema-text  schema Fact: field note is new
      + string optional
  minor template-text  template fact: turn 1 (user) changed
      - {{ row.ask }} {"type":"object","properties":{"amount":{"type":["number","null"],"minimum":0},"unit":{"enum":["kg","m",null]}},"required":["amount","unit"],"additionalProperties":false}
      + {{ row.ask }} {"type":"object","properties":{"amount":{"type":["number","null"],"minimum":0},"unit":{"enum":["kg","m",null]},"note":{"type":"string"}},"required":["amount","unit"],"additionalProperties":false}
records  3 modified, 21 same
  3 modified  fact/facts  train
      because schema Fact: field note is new
      because template fact: turn 1 (user) changed
      data/facts.jsonl:4 user: …0},"unit":{"enum":["kg","m",null]}{+,"note":{"type":"string"}+}},"required":["amount","unit"],"additionalProperties":false}
lengths
  train prompt: max 185 → 210, p95 185 → 210, total 1091 → 1166
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
