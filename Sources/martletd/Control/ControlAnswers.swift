// What the running server answers on its control socket.

import Accounts
import Mail
import MailStore

struct ControlAnswers: Sendable {
    let directory: Directory
    let sessions: LiveSessions

    func answer(_ request: ControlRequest) async -> ControlReply {
        do throws(StoreError) {
            switch request {
            case .sessions(nil): return .sessions(sessions.all.map(ControlSession.init))
            case .sessions(let address?):
                guard let account = try await account(address) else { return unknown(address) }
                return .sessions(sessions.all.filter { $0.account == account }.map(ControlSession.init))
            case .kickSession(let id): return .kicked(sessions.kick(id) ? 1 : 0)
            case .kickAccount(let address):
                guard let account = try await account(address) else { return unknown(address) }
                return .kicked(sessions.kick(account: account))
            }
        } catch {
            return .error(error.explanation)
        }
    }

    private func account(_ address: String) async throws(StoreError) -> AccountID? {
        guard let address = try? EmailAddress(address) else { return nil }
        return try await directory.account(address: address)?.id
    }

    private func unknown(_ address: String) -> ControlReply { .error("there is no account \(address)") }
}

extension ControlSession {
    init(_ session: LiveSession) {
        self.init(
            id: session.id, account: session.account.rawValue, address: session.address,
            protocolName: session.protocolName, remoteAddress: session.remoteAddress, tls: session.tls,
            client: session.client, credential: session.credential.rawValue, credentialLabel: session.label,
            since: session.since)
    }
}
