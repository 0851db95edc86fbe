The worse answer of pairs has other words.
-- first edit small.sft --
  from terms as row
=>
  from terms as row
  rejected "No idea of {{ row.term }}."
..
emit { jsonl }
=>
emit { jsonl, pairs }
-- edit small.sft --
No idea of {{ row.term }}.
=>
I have no idea of {{ row.term }}.
-- want --
changes
  minor template-text  template sense: rejected changed
      - No idea of {{ row.term }}.
      + I have no idea of {{ row.term }}.
records  6 modified, 18 same
  5 modified  sense/terms  train
      because template sense: rejected changed
      data/terms.csv:5 rejected: [-No-]{+I have no+} idea of term 3.
  1 modified  sense/terms  dev
      because template sense: rejected changed
      data/terms.csv:6 rejected: [-No-]{+I have no+} idea of term 4.
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
