// The last handler of a connection's pipeline: it hands what comes to the gate, and reads only when asked.

import Accounts
import MailCrypto
import NIOCore

final class GateHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let gate: ChannelGate
    private let begin: (any Channel) -> Void

    /// - Parameter begin: begins the session, once the channel can be written to.
    init(gate: ChannelGate, begin: @escaping (any Channel) -> Void) {
        self.gate = gate
        self.begin = begin
    }

    func channelActive(context: ChannelHandlerContext) { begin(context.channel) }

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
        switch event {
        case ChannelEvent.inputClosed: gate.ended()
        case let handshake as TLSHandshakeCompleted: gate.secured(facts(of: handshake, context))
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func facts(of handshake: TLSHandshakeCompleted, _ context: ChannelHandlerContext) -> TLSFacts {
        let handler = try? context.pipeline.syncOperations.handler(type: TLSHandler.self)
        return TLSFacts(
            version: handshake.version.description, channelBinding: handler?.channelBinding,
            certificateFingerprint: handler?.peerCertificateFingerprint)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        gate.ended(because: "\(error)")
        context.close(promise: nil)
    }
}
