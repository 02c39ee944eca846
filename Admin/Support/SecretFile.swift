// A file for something secret, such as the picture of a QR code: made before the secret is, so that none is made that
// could not be written down.

internal import ArgumentParser
internal import Foundation
internal import Glibc

struct SecretFile {
    private let file: NewFile

    /// Makes an empty file that only who typed can read, lets `work` fill it, and removes it again when that fails.
    /// With no path there is no file.
    static func with<Result>(
        _ path: String?, _ work: (SecretFile?) async throws -> Result
    ) async throws -> Result {
        guard let path else { return try await work(nil) }
        let file = SecretFile(file: try NewFile(path: path))
        do { return try await work(file) } catch {
            // Root, who made it, may have become a user who cannot remove it there.
            if unlink(path) != 0 { Output.complain("martlet: \(path) is left empty; remove it") }
            throw error
        }
    }

    var path: String { file.path }

    func write(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        try file.close()
    }
}

extension Typed {
    /// For files that a command is to make.
    static func newFile(_ path: String) throws -> String {
        guard !path.isEmpty else { throw Mistake(description: "name a file to write") }
        return path
    }
}
