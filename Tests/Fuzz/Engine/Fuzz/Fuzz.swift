// Fuzzes one of the targets with libFuzzer; Tests/Fuzz/run builds and calls it.
//
//     Fuzz                            names the targets: name, bytes of the longest input, subject
//     Fuzz growth FILE...             how the time of these inputs grows as they are repeated
//     Fuzz ARGUMENTS                  libFuzzer with these arguments
//
// FUZZ_TARGET in the environment names the target, because libFuzzer starts the program anew for some of its work.

import CFuzzer
import FuzzTargets
import Foundation
import TestSupport

@main
enum Fuzz {
    /// libFuzzer takes a function without a context.
    nonisolated(unsafe) private static var body: FuzzTarget.Body = { _ in }

    static func main() throws {
        guard let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] else {
            for target in FuzzTargets.all { print("\(target.name)\t\(target.longest)\t\(target.subject)") }
            return
        }
        guard let target = FuzzTargets.named(name) else {
            print("Fuzz: there is no target '\(name)'")
            exit(64)
        }
        body = try target.prepare()
        if CommandLine.arguments.dropFirst().first == "growth" {
            exit(try measure(target, files: CommandLine.arguments.dropFirst(2)) ? 0 : 1)
        }
        exit(drive())
    }

    private static func drive() -> CInt {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        return LLVMFuzzerRunDriver(&count, &arguments) { data, size in
            Fuzz.take(Array(UnsafeBufferPointer(start: data, count: size)))
            return 0
        }
    }

    private static func take(_ bytes: [UInt8]) {
        do { try body(bytes) } catch {
            FileHandle.standardError.write(Data("FINDING: \(error)\n".utf8))
            abort()
        }
    }

    /// Says which inputs take longer than they should. An input is repeated up to 64 KiB.
    /// - Returns: whether there is none.
    private static func measure(_ target: FuzzTarget, files: some Sequence<String>) throws -> Bool {
        guard target.measuresGrowth else { return true }
        var isGood = true
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
            do {
                let exponent = try Growth.exponent(of: bytes, to: 64 * 1_024, body)
                if exponent <= Growth.most { continue }
                print("FINDING: time grows with the power \(exponent) of the size: \(file)")
            } catch {
                print("FINDING: repeated up to 64 KiB, \(error): \(file)")
            }
            isGood = false
        }
        return isGood
    }
}
