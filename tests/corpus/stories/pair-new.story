A template makes pairs now: its records say more than they did.
-- edit small.sft --
  from terms as row
=>
  from terms as row
  rejected "No idea of {{ row.term }}." when row.shelf == high
..
emit { jsonl }
=>
emit { jsonl, pairs }
-- want --
changes
  minor template-text  template sense: rejected is new
      + No idea of {{ row.term }}.
  minor format-added  emit pairs: is new
records  3 modified, 21 same
  2 modified  sense/terms  train
      because template sense: rejected is new
      data/terms.csv:4 rejected: {+No idea of term 2.+}
  1 modified  sense/terms  dev
      because template sense: rejected is new
      data/terms.csv:6 rejected: {+No idea of term 4.+}
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
