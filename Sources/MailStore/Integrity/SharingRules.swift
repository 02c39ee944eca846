// What must be true of what an account's file keeps for the sake of other accounts.

enum SharingRules {
    static let all = [
        IntegrityRule(
            rule: "messages of one EMAILID have one size and one THREADID",
            sql: """
                SELECT 'EMAILID M' || o.account_id || '-' || o.source_body_id FROM body_origin o
                JOIN body ON body.id = o.body_id GROUP BY o.account_id, o.source_body_id
                HAVING count(DISTINCT body.size) > 1 OR count(DISTINCT o.thread_account_id) > 1
                OR count(DISTINCT o.thread_id) > 1
                """),
        IntegrityRule(
            rule: "a thread is called after another account's when the message that began it was copied, and only then",
            sql: """
                SELECT 'thread ' || m.thread_id FROM thread_member m JOIN body_origin o ON o.body_id = m.body_id
                LEFT JOIN thread_origin t ON t.thread_id = m.thread_id
                WHERE m.body_id = m.thread_id AND (t.account_id IS NOT o.thread_account_id
                OR t.source_thread_id IS NOT o.thread_id)
                UNION ALL SELECT 'thread ' || t.thread_id FROM thread_origin t
                JOIN thread_member m ON m.body_id = t.thread_id
                WHERE NOT EXISTS (SELECT 1 FROM body_origin o WHERE o.body_id = t.thread_id)
                """),
    ]
}
