// The last handler of a connection's pipeline: hands what comes to the gate, and reads only while the session wants more.

import MailCrypto
import NIOCore

final class GateHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let gate: ChannelGate

    init(gate: ChannelGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if bytes.readableBytes > 0 { gate.received(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A read that brought nothing for the session, as a TLS record that was only begun.
        if gate.stillWantsInput { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        gate.writabilityChanged(context.channel.isWritable)
    }

    func channelInactive(context: ChannelHandlerContext) { gate.ended() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { gate.ended() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        gate.ended(because: "\(error)")
        context.close(promise: nil)
    }
}
