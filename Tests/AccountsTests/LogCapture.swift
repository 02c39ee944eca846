// A logger whose events a test can look at.

import Logging
import Synchronization

/// Keeps every event.
final class LogCapture: Sendable {
    struct Event: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }
    private let kept = Mutex<[Event]>([])
    var events: [Event] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "capture") { _ in Handler(capture: self) } }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        var metadataProvider: Logger.MetadataProvider?

        init(capture: LogCapture) { self.capture = capture }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let values = (event.metadata ?? [:]).mapValues { "\($0)" }
            capture.kept.withLock {
                $0.append(Event(level: event.level, message: "\(event.message)", metadata: values))
            }
        }
    }
}
