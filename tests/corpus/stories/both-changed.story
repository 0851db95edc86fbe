A template's words and some rows of its source changed: the template's words are in all records. Only a record that is
longer or shorter by another number of characters than the others, in a file with other bytes, may owe it to its row too.
-- edit small.sft --
  user "{{ ask }}"
=>
  user "Please: {{ ask }}"
-- edit data/asks-1.jsonl --
Page 7 says 433.
=>
Page 7 says nothing at all.
-- want --
changes
  minor template-text  template reply: turn 1 (user) changed
      - {{ ask }}
      + Please: {{ ask }}
  minor source-rows  source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
records  18 modified, 6 same
  13 modified  reply/asks  train
      because template reply: turn 1 (user) changed
      data/asks-2.jsonl:13 user: {+Please: +}What does page 9 say of law? (See Book 2.)
  4 modified  reply/asks  dev
      because template reply: turn 1 (user) changed
      data/asks-2.jsonl:12 user: {+Please: +}In Book 1: What does page 8 say of money?
  1 modified  reply/asks  train
      because template reply: turn 1 (user) changed
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
      data/asks-1.jsonl:8 user: {+Please: +}In Book 2: What does page 7 say of money?
      data/asks-1.jsonl:8 assistant: Page 7 says [-433-]{+nothing at all+}.
lengths
  dev prompt: max 43 → 51, p50 41 → 49, p95 43 → 51, total 179 → 211
  train prompt: max 45 → 53, p50 41 → 49, p95 45 → 53, total 659 → 771
  train response: max 17 → 27, p95 17 → 27, total 262 → 273
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
