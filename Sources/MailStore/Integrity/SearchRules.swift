// What must be true of the tables behind SORT, THREAD and SEARCH.

enum SearchRules {
    static let all = keys + index

    private static let keys = [
        IntegrityRule(
            rule: "every message has its sort keys, but for those that the background has not come to yet",
            sql: """
                SELECT 'body ' || body.id FROM body JOIN search_state
                WHERE NOT EXISTS (SELECT 1 FROM sort_key WHERE body_id = body.id)
                AND NOT body.id BETWEEN keys_from AND keys_until
                """),
        IntegrityRule(
            rule: "every message has its thread, but for those that the background has not come to yet",
            sql: """
                SELECT 'body ' || body.id FROM body JOIN search_state
                WHERE NOT EXISTS (SELECT 1 FROM thread_member WHERE body_id = body.id)
                AND NOT body.id BETWEEN keys_from AND keys_until
                """),
        IntegrityRule(
            rule: "a thread was begun by a body that is no younger than its messages, or came before threads were kept",
            sql: """
                SELECT 'body ' || body_id || ' in thread ' || thread_id FROM thread_member JOIN search_state
                WHERE thread_id > body_id AND body_id > keys_until
                """),
    ]

    static let index = [
        IntegrityRule(
            rule: "the index knows no body that was never there",
            sql: """
                SELECT 'body ' || indexed_to FROM search_state
                WHERE indexed_to > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'body'), 0)
                """),
    ]
}
