A unit test is gone and one is new: no record changed.
-- edit small.sft --
test sense "the term stands in the question" {
=>
test sense "the sense is the answer" {
-- want --
changes
  none test  test sense: “the term stands in the question” is gone
  none test  test sense: “the sense is the answer” is new
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
