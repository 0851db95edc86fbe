A contract has a rule between fields: some answers break it, and others take their places.
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

  require unit != null when amount != null
-- want --
changes
  minor schema-text  schema Fact: rule 1 is new
      + require unit != null when amount != null
records  1 added, 1 removed, 23 same
  1 added  reply/asks  not_chosen → train
      because schema Fact: rule 1 is new
  1 removed  fact/facts  train → rejected:rule
      because schema Fact: rule 1 is new
facets
  train layer of 19 moved 526 bp: domain 11 → 12, skill 8 → 7
  train source of 19 moved 526 bp: asks 11 → 12, facts 3 → 2
  train template of 19 moved 526 bp: fact 3 → 2, reply 11 → 12
lengths
  train prompt: total 1091 → 948
  train response: total 284 → 277
funnel
  rejected: 3 → 6
  not chosen: 29 → 26
  rejected validate:rule: - → 3
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
