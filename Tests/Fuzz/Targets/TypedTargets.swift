// What people and operators type: app passwords, addresses of the network, where to listen.

import Accounts

let typedTargets = [
    FuzzTarget("typed", "app passwords, networks, listen addresses", longest: 256) { bytes in
        if let password = AppPasswordText.parse(bytes) {
            try requireEqual(AppPasswordText.parse(Array(password.display.utf8)), password, "as it is shown")
            try requireEqual(AppPasswordText.parse(password.secret), password, "in letters")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let address = IPAddress(text) {
            try requireEqual(IPAddress(address.description), address, address.description)
            for length in [0, 8, 24, 64, 128] {
                try require(Network(address, prefixLength: length).contains(address), "\(address)/\(length)")
            }
        }
        if let network = try? Network(text) {
            try requireEqual(try? Network(network.description), network, network.description)
            try require(network.contains(network.address), "\(network) without its first address")
        }
        for network in (try? Network.list(text)) ?? [] { try require(network.contains(network.address), "\(network)") }
        if let place = ListenAddress(text) {
            try requireEqual(ListenAddress(place.description), place, place.description)
        }
    }
]
