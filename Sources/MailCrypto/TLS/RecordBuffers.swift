// Where OpenSSL reads TLS records from and writes them to: a BIO over two ByteBuffers.
//
// Theory. OpenSSL does its input and output through a BIO, an object of callbacks. Ours reads from `inbound`, what came
// from the network and OpenSSL has not taken yet, and appends to `outbound`, what is to go to the network. OpenSSL
// takes part of a record too, so `inbound` is empty whenever it asks for more, and its storage is let go then. Neither
// callback can fail, trap or call back into the handler. (A memory BIO would keep the largest write's size for ever.)
//
// Lifetime: the BIO holds an unretained pointer to this object, and the `TLSConnection` that owns both frees its SSL,
// and with it the BIO, before it lets go of this. All of it belongs to one event loop.

internal import COpenSSL
internal import NIOCore

/// The two ends of a connection's BIO.
final class RecordBuffers {
    private var inbound = ByteBuffer()
    private var outbound = ByteBuffer()

    /// Bytes from the network that OpenSSL has not taken.
    var inboundCount: Int { inbound.readableBytes }
    /// Bytes for the network that have not been taken.
    var outboundCount: Int { outbound.readableBytes }

    /// Adds what came from the network.
    func receive(_ bytes: ByteBuffer) {
        if inbound.readableBytes == 0 {
            inbound = bytes
        } else {
            inbound.writeImmutableBuffer(bytes)
        }
    }

    /// Makes room for the records of about `count` plaintext bytes, so that `outbound` does not grow step by step.
    func reserveOutbound(forPlaintext count: Int, allocator: ByteBufferAllocator) {
        // A record of at most 16 KiB has a header and an authentication tag around it, under 64 bytes in all.
        let size = count + (count / 16384 + 1) * 64
        if outbound.capacity == 0 { outbound = allocator.buffer(capacity: size) }
        outbound.reserveCapacity(minimumWritableBytes: size)
    }

    /// Takes what is to go to the network; nil when there is nothing.
    func takeOutbound() -> ByteBuffer? {
        guard outbound.readableBytes > 0 else { return nil }
        let records = outbound
        outbound = ByteBuffer()
        return records
    }

    /// A BIO onto this object, for `SSL_set_bio`.
    func makeBIO() throws -> OpaquePointer {
        guard let method = RecordBuffers.method, let bio = BIO_new(method) else {
            throw CryptoError.openSSL("make a BIO")
        }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    private func read(into memory: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(memory.count, inbound.readableBytes)
        guard count > 0 else { return 0 }
        inbound.readWithUnsafeReadableBytes { bytes in
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        return count
    }

    private func write(_ bytes: UnsafeRawBufferPointer) {
        outbound.writeBytes(bytes)
    }
}

extension RecordBuffers {
    /// Our kind of BIO: made once, never changed, used by all threads.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        let type = BIO_get_new_index()
        guard type != -1, let method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "martlet records") else { return nil }
        BIO_meth_set_read_ex(method) { bio, memory, length, count in
            guard let bio, let memory, let count, let buffers = RecordBuffers.of(bio) else { return 0 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            count.pointee = buffers.read(into: UnsafeMutableRawBufferPointer(start: memory, count: length))
            if count.pointee > 0 { return 1 }
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return 0
        }
        BIO_meth_set_write_ex(method) { bio, memory, length, count in
            guard let bio, let memory, let count, let buffers = RecordBuffers.of(bio) else { return 0 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            buffers.write(UnsafeRawBufferPointer(start: memory, count: length))
            count.pointee = length
            return 1
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    private static func of(_ bio: OpaquePointer) -> RecordBuffers? {
        BIO_get_data(bio).map { Unmanaged<RecordBuffers>.fromOpaque($0).takeUnretainedValue() }
    }
}
