// Runs one of the hot parsers and encoders so many times, for Tests/instructions to count what one time costs.
//
// A count is the difference of two runs that differ in nothing but how often they do it: what a process does when it
// begins, and what is made once, is in both.

/// Something that is done for every command, message or line.
struct Workload: Sendable {
    let name: String
    /// Makes the input, and gives what is counted; its number depends on the result, so that none of it is left out.
    let prepare: @Sendable () -> () -> Int

    init(_ name: String, _ prepare: @escaping @Sendable () -> () -> Int) {
        self.name = name
        self.prepare = prepare
    }
}

@main
enum InstructionCounts {
    static let workloads = syntaxWorkloads + messageWorkloads + orderWorkloads

    /// Without arguments it names the workloads; with a name and a number it runs one.
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let name = arguments.first else {
            for workload in workloads { print(workload.name) }
            return
        }
        guard let workload = workloads.first(where: { $0.name == name }), let times = arguments.last.flatMap(Int.init)
        else { return print("InstructionCounts [NAME TIMES]") }
        let run = workload.prepare()
        var sum = 0
        for _ in 0..<times { sum &+= run() }
        print(sum)
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers {
    private var state: UInt64 = 1

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
