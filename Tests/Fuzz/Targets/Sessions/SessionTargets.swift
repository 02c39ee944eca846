// The targets that are given whole conversations, and what surrounds them.

let sessionTargets = [
    FuzzTarget("imap-session", "IMAP sessions of two users", measuresGrowth: false) {
        let target = try IMAPSessionTarget()
        return { try target.take($0) }
    },
    FuzzTarget("search", "SEARCH by SQL and index, against a plain reading", longest: 1_024, measuresGrowth: false) {
        let target = try SearchTarget()
        return { try target.take($0) }
    },
    FuzzTarget("sasl", "SASL exchanges of every mechanism", measuresGrowth: false) {
        let target = try SASLTarget()
        return { try target.take($0) }
    },
    FuzzTarget("lmtp-conversation", "what an LMTP server answers, line by line") { bytes in
        try LMTPConversationTarget.take(bytes)
    },
    FuzzTarget("lmtp-session", "LMTP sessions on a store", measuresGrowth: false) {
        let target = try LMTPSessionTarget()
        return { try target.take($0) }
    },
    FuzzTarget("tls", "TLS records, made up or spoilt", measuresGrowth: false) {
        let target = try TLSTarget()
        return { try target.take($0) }
    },
    FuzzTarget("configuration", "martlet.yaml and the environment", measuresGrowth: false) {
        let target = ConfigurationTarget()
        return { try target.take($0) }
    },
]
