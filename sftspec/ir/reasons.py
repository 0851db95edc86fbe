"""The reasons for which rows and candidates are set aside, as gates name them.

A row is set aside before any template sees it, a candidate as it is rendered or compared. Some
reasons are of both: a contract is judged in the row and in the answer.
"""

_BOTH = frozenset(
    [
        *("duplicate_field", "extra_field", "invalid_enum", "invalid_json", "invalid_number"),
        *("missing_field", "out_of_range", "pattern", "rule", "type_error"),
    ]
)
OF_ROWS = _BOTH | {
    *("duplicate-key", "duplicate-row", "empty_list", "invalid_csv", "invalid_utf8"),
    *("left_out", "missing_join", "missing_key", "row_too_long", "unjoined", "where"),
}
OF_RECORDS = _BOTH | {
    *("conflict", "duplicate", "duplicate_call_id", "empty_turn", "expect", "extra_argument"),
    *("invalid_call", "invalid_tool", "missing_argument", "nothing_trained"),
    *("rejected_equals_answer", "role_order", "screened", "unanswered_call"),
    *("undeclared_tool", "unknown_call_id", "unknown_role", "unsupported_part"),
    *("too_long", "turns_not_kept", "unproven", "unrenderable"),
}
