A format is gone.
-- first edit small.sft --
emit { jsonl }
=>
emit { jsonl, parquet }
-- edit small.sft --
emit { jsonl, parquet }
=>
emit { jsonl }
-- want --
changes
  major format-removed  emit parquet: is gone
records  24 same
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
