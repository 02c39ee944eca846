// The service's few counters.

import CoreMetrics

enum SessionMetrics {
    static let sessions = Counter(label: "martlet_imap_sessions_total")
    /// Connections that had to make room for newer ones before anybody had logged in on them.
    static let displaced = Counter(label: "martlet_imap_displaced_total")
    static let commands = Counter(label: "martlet_imap_commands_total")
}
