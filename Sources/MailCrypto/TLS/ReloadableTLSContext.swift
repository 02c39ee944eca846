// The current TLS context of a service, exchanged when the certificate files change.

internal import Synchronization

/// Holds the context that new connections use. Connections that exist keep the one they began with.
package final class ReloadableTLSContext: Sendable {
    package let files: CertificateFiles
    package let settings: TLSServerSettings
    private let ticketKeys: TicketKeys
    private let context: Mutex<TLSContext>

    /// Loads `files`; throws a `CertificateError` that names the file and what is wrong with it.
    package init(
        files: CertificateFiles, settings: TLSServerSettings, ticketKeys: TicketKeys = TicketKeys()
    ) throws {
        self.files = files
        self.settings = settings
        self.ticketKeys = ticketKeys
        context = Mutex(try TLSContext.server(files: files, settings: settings, ticketKeys: ticketKeys))
    }

    /// What a new connection is to use.
    package var current: TLSContext { context.withLock { $0 } }

    /// Reads the files again. When they are not right, throws what is wrong with them and the old context stays.
    /// Sessions can be resumed across a reload.
    package func reload() throws {
        let fresh = try TLSContext.server(files: files, settings: settings, ticketKeys: ticketKeys)
        context.withLock { $0 = fresh }
    }
}
