// The rules of the sandbox: what they are made of, and that the kernel holds a thread to them.

import Accounts
import CProcess
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import martletd

@Suite struct SandboxTests {
    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-sandbox-\(UUID().uuidString)"
        for part in ["", "/data", "/data/tls", "/elsewhere"] {
            try FileManager.default.createDirectory(atPath: path + part, withIntermediateDirectories: true)
        }
        return path
    }

    @Test("certificates are read where they lie and where their links lead, sockets made where LMTP listens")
    func rules() {
        var configuration = ServerConfiguration(dataDirectory: "/data")
        configuration.tlsCertificate = "/etc/letsencrypt/live/x/fullchain.pem"
        configuration.tlsKey = "/secret.pem"
        configuration.lmtp = [.unix(path: "/run/martlet/lmtp.sock"), .tcp(host: "127.0.0.1", port: 24)]
        let sandbox = Sandbox(dataDirectory: "/data", configuration: configuration) { path in
            path.hasPrefix("/etc/") ? "/etc/letsencrypt/archive/x/fullchain7.pem" : nil
        }
        let rules = Dictionary(grouping: sandbox.rules, by: \.path).mapValues { $0.map(\.rights) }
        #expect(rules["/data"] == [.everything])
        #expect(rules["/etc/letsencrypt/live/x"] == [.read] && rules["/etc/letsencrypt/archive/x"] == [.read])
        #expect(rules["/"] == [.read])
        #expect(rules["/run/martlet"] == [[.makeSocket, .removeFile]])
        let mayWrite = sandbox.rules.filter { $0.rights.contains(.makeFile) || $0.rights.contains(.execute) }
        #expect(mayWrite.map(\.path) == ["/data"] && !Sandbox.Rights.everything.contains(.execute))
    }

    /// What a thread within the rules could do; nil where the kernel has no Landlock.
    ///
    /// The thread itself resumes nobody: that could begin another, of those that all tests share, within the rules.
    private func tried(_ sandbox: Sandbox, _ work: @escaping @Sendable () -> [Bool]) async throws -> [Bool]? {
        let results = Mutex<[[Bool]?]>([])
        let thread = Thread {
            let result = sandbox.enter() == nil ? nil : work()
            results.withLock { $0.append(result) }
        }
        thread.start()
        try await waitUntil("the end of the thread") { results.withLock { !$0.isEmpty } }
        return results.withLock { $0[0] }
    }

    @Test("a write outside the data directory fails, inside it does not; neither is anything read or executed outside")
    func held() async throws {
        let place = try folder()
        defer { try? FileManager.default.removeItem(atPath: place) }
        for file in ["data/old", "elsewhere/old", "elsewhere/gone"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(place)/\(file)"))
        }
        let sandbox = Sandbox(
            dataDirectory: "\(place)/data", configuration: ServerConfiguration(dataDirectory: "\(place)/data"))
        let result = try await tried(sandbox) {
            func opens(_ path: String, _ flags: Int32) -> Bool {
                let file = open(path.hasPrefix("/") ? path : "\(place)/\(path)", flags, 0o600)
                if file >= 0 { close(file) }
                return file >= 0
            }
            return [
                opens("data/new", O_CREAT | O_RDWR), opens("data/old", O_RDWR | O_TRUNC),
                unlink("\(place)/data/old") == 0, opens("/dev/null", O_RDWR), opens("/dev/urandom", O_RDONLY),
                opens("/etc/passwd", O_RDONLY), opens("/proc/self/stat", O_RDONLY),
                opens("elsewhere/new", O_CREAT | O_RDWR), opens("elsewhere/old", O_RDWR),
                opens("elsewhere/old", O_RDONLY), unlink("\(place)/elsewhere/gone") == 0,
                mkdir("\(place)/elsewhere/folder", 0o700) == 0,
                rename("\(place)/data/new", "\(place)/elsewhere/new") == 0, opens("/etc/passwd", O_RDWR),
            ]
        }
        guard let result else {
            print("this kernel has no Landlock: the rules are not tried")
            return
        }
        #expect(result == [Bool](repeating: true, count: 7) + [Bool](repeating: false, count: 7))
        // Other threads are as free as before.
        #expect(FileManager.default.createFile(atPath: "\(place)/elsewhere/free", contents: nil))
    }
}
