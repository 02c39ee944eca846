// The helper that runs other programs: what it gives back, and that it never waits for ever.

import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ChildProcessTests {
    @Test func givesWhatTheProgramSaid() async throws {
        let child = try await runChild("/bin/sh", ["-c", "cat; echo oops >&2; exit 3"], input: "hello\n")
        #expect(child.status == 3)
        #expect(child.standardOutput == Array("hello\n".utf8))
        #expect(child.standardError == Array("oops\n".utf8))
        #expect(try await runChild("/bin/sh", ["-c", "kill -TERM $$"]).status == 128 + 15)
    }

    @Test func muchOutputDoesNotBlock() async throws {
        let child = try await runChild("/bin/sh", ["-c", "cat; cat /dev/zero | head -c 3000000"], input: "x")
        #expect(child.standardOutput.count == 3_000_001)
    }

    @Test("a program that does not end is killed, with its children")
    func endless() async throws {
        let start = ContinuousClock.now
        await #expect(throws: ChildFailure.self) {
            try await runChild("/bin/sh", ["-c", "sleep 600 & sleep 600"], patience: .milliseconds(200))
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("a grandchild that lives on does not keep the test waiting")
    func orphan() async throws {
        let start = ContinuousClock.now
        #expect(try await runChild("/bin/sh", ["-c", "sleep 45 & echo on its own"]).output == "on its own\n")
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func noSuchProgram() async {
        await #expect(throws: ChildFailure.self) { try await runChild("/no/such/program", []) }
    }
}
