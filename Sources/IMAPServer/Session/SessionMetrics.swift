// The service's few counters.

import CoreMetrics

enum SessionMetrics {
    static let sessions = Counter(label: "martlet_imap_sessions_total")
    static let commands = Counter(label: "martlet_imap_commands_total")
}
