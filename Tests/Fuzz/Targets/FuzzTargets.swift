// All fuzz targets.

package enum FuzzTargets {
    /// By what they are about; their names are unique.
    package static let all =
        framingTargets + commandTargets + mailboxNameTargets + messageTargets + headerTargets + textTargets
        + streamTargets + importTargets + typedTargets + sessionTargets

    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
