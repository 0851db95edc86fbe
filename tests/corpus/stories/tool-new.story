A template calls a tool, the first of the dataset: records have a role and a field more.
-- edit small.sft --
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
-- want --
changes
  minor template-text  template sense: tools is new
      + look_up
  minor template-text  template sense: turn 2 (assistant) is new
      + call look_up { term = row.term }
  minor template-text  template sense: turn 3 (tool) is new
      + json  = row.sense
  minor tool-added  tool look_up: is new
  major role-set  records: there are tool turns now
  minor record-shape  emit jsonl: its records may know tools now
records  6 modified, 18 same
  5 modified  sense/terms  train
      because template sense: tools is new
      because template sense: turn 2 (assistant) is new
      because template sense: turn 3 (tool) is new
      data/terms.csv:5 assistant: [-sense 3-]{+[{"id":"z6RMXyZJ5","type":"function","function":{"name":"look_up","arguments":{"term":"term 3"}}}]+}
      data/terms.csv:5 tool: {+sense 3+}
      data/terms.csv:5 assistant: {+sense 3+}
      data/terms.csv:5 tools: {+[{"type":"function","function":{"name":"look_up","description":"Look a term up.","parameters":{"type":"object","properties":{"term":{"type":"string","description":"the term"}},"required":["term"],"additionalProperties":false}}}]+}
  1 modified  sense/terms  dev
      because template sense: tools is new
      because template sense: turn 2 (assistant) is new
      because template sense: turn 3 (tool) is new
      data/terms.csv:6 assistant: [-sense 4-]{+[{"id":"csXCJgMqT","type":"function","function":{"name":"look_up","arguments":{"term":"term 4"}}}]+}
      data/terms.csv:6 tool: {+sense 4+}
      data/terms.csv:6 assistant: {+sense 4+}
      data/terms.csv:6 tools: {+[{"type":"function","function":{"name":"look_up","description":"Look a term up.","parameters":{"type":"object","properties":{"term":{"type":"string","description":"the term"}},"required":["term"],"additionalProperties":false}}}]+}
lengths
  dev prompt: p5 15 → 22, total 179 → 186
  dev response: max 17 → 57, p5 7 → 16, p95 17 → 57, total 72 → 122
  train prompt: p5 15 → 22, total 659 → 695
  train response: max 17 → 59, p5 7 → 14, p50 16 → 17, p95 17 → 59, total 262 → 513
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
