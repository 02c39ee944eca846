// In a listener's pipeline: accepts while there are descriptors for it, and counts what it accepted until it closes.

package import NIOCore

/// Put it into the pipeline of a listener. While there is no room connections wait in the kernel's backlog; it looks
/// again ten times a second, which costs nothing.
package final class AcceptRoomHandler: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias InboundOut = any Channel
    package typealias OutboundIn = any Channel

    private let budget: DescriptorBudget
    private let pause: TimeAmount
    private var retry: Scheduled<Void>?

    package init(_ budget: DescriptorBudget, pause: TimeAmount = .milliseconds(100)) {
        self.budget = budget
        self.pause = pause
    }

    package func read(context: ChannelHandlerContext) {
        guard retry == nil else { return }
        if budget.mayAccept() { return context.read() }
        retry = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.retry = nil
            self.read(context: context)
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let budget = budget
        budget.accepted()
        unwrapInboundIn(data).closeFuture.whenComplete { _ in budget.give(1) }
        context.fireChannelRead(data)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        retry?.cancel()
        retry = nil
        context.fireChannelInactive()
    }
}
