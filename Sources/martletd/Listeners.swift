// Binding: every address that is configured, or one line that says which one failed and what to do about it.

import Accounts
import Foundation
import IMAPServer
import NIOCore
import NIOPosix
import SMTP

/// The addresses of a configuration and who serves them.
struct Listeners {
    let configuration: ServerConfiguration
    let imap: IMAPService
    let lmtp: LMTPService

    /// Binds all of them.
    /// - Returns: each as the ready line names it, with the port that it really has.
    func bind() async throws -> [String] {
        let group = MultiThreadedEventLoopGroup.singleton
        var ready: [String] = []
        for address in configuration.imap {
            ready.append(
                try await tcp("imap", address) { host, port in
                    try await imap.bind(host: host, port: port, security: .startTLS, on: group)
                })
        }
        for address in configuration.imaps {
            ready.append(
                try await tcp("imaps", address) { host, port in
                    try await imap.bind(host: host, port: port, security: .implicitTLS, on: group)
                })
        }
        for address in configuration.lmtp {
            if case .unix(let path) = address {
                try await naming("lmtp", address) { try await lmtp.bind(unixSocket: path, on: group) }
                ready.append("lmtp \(address)")
            } else {
                ready.append(
                    try await tcp("lmtp", address) { host, port in
                        try await lmtp.bind(host: host, port: port, on: group)
                    })
            }
        }
        return ready
    }

    private func tcp(
        _ service: String, _ address: ListenAddress, _ bind: (String, Int) async throws -> Int
    ) async throws -> String {
        guard case .tcp(let host, let port) = address else { return "\(service) \(address)" }
        let bound = try await naming(service, address) { try await bind(host, port) }
        return "\(service) \(ListenAddress.tcp(host: host, port: bound))"
    }

    private func naming<T>(
        _ service: String, _ address: ListenAddress, _ bind: () async throws -> T
    ) async throws -> T {
        do {
            return try await bind()
        } catch {
            throw StartupError(description: Self.explain(service, address, error))
        }
    }

    /// One line: what cannot be had, and what to do.
    static func explain(_ service: String, _ address: ListenAddress, _ error: any Error) -> String {
        let what = "cannot listen for \(service) on \(address)"
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return "\(what): the port is in use; stop what listens there, or choose another with --\(service)"
        case EACCES, EPERM:
            if case .unix(let path) = address {
                return "\(what): this user may not make \(path); choose another path with --lmtp unix:PATH"
            }
            return "\(what): not permitted; ports below 1024 need CAP_NET_BIND_SERVICE (the systemd unit gives it) "
                + "or a port from 1024 on, given with --\(service)"
        case EADDRNOTAVAIL:
            return "\(what): this machine does not have that address; give one of its own with --\(service)"
        case EAFNOSUPPORT:
            return "\(what): this machine does not speak that kind of address; give others with --\(service)"
        case ENOENT:
            return "\(what): its directory does not exist; make it, or choose another path with --lmtp unix:PATH"
        default:
            return "\(what): \(error)"
        }
    }
}
