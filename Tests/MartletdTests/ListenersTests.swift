// What the server says when it cannot listen: what, where, and what to do.

import Accounts
import Foundation
import NIOCore
import Testing

@testable import martletd

@Suite struct ListenersTests {
    @Test(
        arguments: [
            (EADDRINUSE, "the port is in use"), (EACCES, "CAP_NET_BIND_SERVICE"), (EADDRNOTAVAIL, "does not have"),
            (EAFNOSUPPORT, "does not speak"), (EIO, "cannot listen for imap on 127.0.0.1:143"),
        ])
    func explains(code: Int32, words: String) {
        let text = Listeners.explain(
            "imap", .tcp(host: "127.0.0.1", port: 143), IOError(errnoCode: code, reason: "bind"))
        #expect(text.contains(words))
        #expect(text.contains("127.0.0.1:143"))
        #expect(!text.contains("\n"))
    }

    @Test func explainsSockets() {
        let address = ListenAddress.unix(path: "/nowhere/x.sock")
        #expect(Listeners.explain("lmtp", address, IOError(errnoCode: ENOENT, reason: "")).contains("does not exist"))
        #expect(Listeners.explain("lmtp", address, IOError(errnoCode: EACCES, reason: "")).contains("may not make"))
    }
}
