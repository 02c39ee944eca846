// The count of descriptors: who is turned away first, what comes back, and listeners that wait instead of spinning.

import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Sockets

@Suite struct DescriptorBudgetTests {
    private func budget(_ capacity: Int, _ refused: @escaping @Sendable () -> Void = {}) -> DescriptorBudget {
        DescriptorBudget(limit: capacity + 10 + 64 + 8, inUse: 10, cores: 2, refused: refused)
    }

    @Test("case 151: sessions are refused first, then accounts' files, then nothing is accepted; each is told")
    func order() {
        let refusals = Atomic(0)
        let budget = budget(200) { refusals.add(1, ordering: .relaxed) }
        var sessions: [DescriptorLoan] = []
        while let loan = budget.session() { sessions.append(loan) }
        #expect(budget.free == DescriptorBudget.sessionMargin && refusals.load(ordering: .relaxed) == 1)
        var accounts: [DescriptorLoan] = []
        while let loan = budget.account() { accounts.append(loan) }
        #expect(accounts.count == 3 && budget.free == DescriptorBudget.accountMargin)
        #expect(budget.mayAccept() && refusals.load(ordering: .relaxed) == 2)
        while budget.mayAccept() { budget.accepted() }
        #expect(budget.free == DescriptorBudget.socketMargin && refusals.load(ordering: .relaxed) == 3)
        #expect(budget.session() == nil && budget.account() == nil)
        withExtendedLifetime((sessions, accounts)) {}
    }

    @Test("case 148: a stranger of IMAP counts as a socket; who was let stay finds room for a login longer than others")
    func strangers() {
        let budget = budget(200)
        var strangers = 0
        while budget.mayStay(), strangers < 200 {
            budget.accepted()
            strangers += 1
        }
        #expect(strangers == 200 - DescriptorBudget.sessionMargin - DescriptorBudget.perSession + 1)
        #expect(budget.session() == nil)
        var logins: [DescriptorLoan] = []
        while let loan = budget.login() { logins.append(loan) }
        #expect(logins.count == 24 && budget.free < DescriptorBudget.accountMargin + DescriptorBudget.perSession)
        logins = []
        #expect(budget.free == DescriptorBudget.sessionMargin + DescriptorBudget.perSession - 1)
    }

    @Test("what is let go is there for others")
    func comesBack() {
        let budget = budget(200)
        do {
            let loans = [budget.session(), budget.account()]
            #expect(budget.free == 200 - DescriptorBudget.perSession - DescriptorBudget.perAccount)
            withExtendedLifetime(loans) {}
        }
        #expect(budget.free == 200)
    }

    @Test("a limit that is used up by what the process began with leaves nothing, and no trap")
    func none() {
        let budget = DescriptorBudget(limit: 20, inUse: 30, cores: 4)
        #expect(budget.capacity == 0 && budget.session() == nil && !budget.mayAccept())
    }

    /// Counts the reads that reach the socket.
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = any Channel
        var count = 0
        func read(context: ChannelHandlerContext) { count += 1 }
    }

    @Test("case 151: a listener without room does not read, looks again by the clock, and goes on when there is some")
    func listenerWaits() throws {
        let budget = budget(DescriptorBudget.socketMargin + 2)
        let reads = Reads()
        let listener = EmbeddedChannel()
        try listener.pipeline.syncOperations.addHandlers([
            reads, AcceptRoomHandler(budget, pause: .milliseconds(100)),
        ])
        let children = [EmbeddedChannel(), EmbeddedChannel()]
        listener.read()
        #expect(reads.count == 1)
        for child in children { listener.pipeline.fireChannelRead(child as any Channel) }
        #expect(budget.free == DescriptorBudget.socketMargin)
        listener.read()
        listener.read()
        listener.embeddedEventLoop.advanceTime(by: .milliseconds(950))
        #expect(reads.count == 1)
        _ = try children[0].finish(acceptAlreadyClosed: true)
        children[0].embeddedEventLoop.run()
        listener.embeddedEventLoop.advanceTime(by: .milliseconds(100))
        #expect(reads.count == 2 && budget.free == DescriptorBudget.socketMargin + 1)
        listener.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(reads.count == 2)
        _ = try children[1].finish(acceptAlreadyClosed: true)
        _ = try listener.finish(acceptAlreadyClosed: true)
    }
}
