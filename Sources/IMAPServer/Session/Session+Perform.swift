// From a command to the function that carries it out: the whole list, one line each.

import IMAPSyntax

extension Session {
    /// - Throws: `Refusal`, `StoreError`, `ConnectionEnded`.
    func perform(_ tagged: TaggedCommand) async throws -> Completion {
        switch tagged.command {
        case .capability: capability()
        case .noop: .ok("NOOP completed.")
        case .check: .ok("CHECK completed.")
        case .logout: logout(tagged.tag)
        case .id(let id): self.id(id)
        case .startTLS: try await startTLS(tagged.tag)
        case .authenticate(let authenticate): try await self.authenticate(authenticate)
        case .login(let login): try await self.login(login)
        case .enable(let enable): try await self.enable(enable)
        case .idle: try idle(tagged)
        case .compress: try await compress(tagged.tag)
        case .notify(let notify): try await self.notify(notify)
        case .unauthenticate: try await unauthenticate(tagged.tag)
        case .search(let search): try await self.search(search, tag: tagged.tag)
        case .sort(let sort): try await self.sort(sort, tag: tagged.tag)
        case .thread(let thread): try await self.thread(thread, tag: tagged.tag)
        case .esearch(let esearch): try await self.esearch(esearch, tag: tagged.tag)
        case .cancelUpdate(let cancel): try cancelUpdate(cancel)
        default: try await performOnMailboxes(tagged.command)
        }
    }

    private func performOnMailboxes(_ command: Command) async throws -> Completion {
        switch command {
        case .select(let select): try await self.select(select, examine: false)
        case .examine(let select): try await self.select(select, examine: true)
        case .create(let create): try await self.create(create)
        case .delete(let delete): try await self.delete(delete)
        case .rename(let rename): try await self.rename(rename)
        case .subscribe(let subscribe): try await self.subscribe(subscribe)
        case .unsubscribe(let unsubscribe): try await self.unsubscribe(unsubscribe)
        case .list(let list): try await self.list(list)
        case .lsub(let lsub): try await self.lsub(lsub)
        case .namespace: namespace()
        case .status(let status): try await self.status(status)
        default: try await performOnAccess(command)
        }
    }

    private func performOnAccess(_ command: Command) async throws -> Completion {
        switch command {
        case .getMetadata(let getMetadata): try await self.getMetadata(getMetadata)
        case .setMetadata(let setMetadata): try await self.setMetadata(setMetadata)
        case .getQuota(let getQuota): try await self.getQuota(getQuota)
        case .getQuotaRoot(let getQuotaRoot): try await self.getQuotaRoot(getQuotaRoot)
        case .setQuota(let setQuota): try await self.setQuota(setQuota)
        case .setACL(let setACL): try await self.setACL(setACL)
        case .deleteACL(let deleteACL): try await self.deleteACL(deleteACL)
        case .getACL(let getACL): try await self.getACL(getACL)
        case .listRights(let listRights): try await self.listRights(listRights)
        case .myRights(let myRights): try await self.myRights(myRights)
        default: try await performOnSelected(command)
        }
    }

    private func performOnSelected(_ command: Command) async throws -> Completion {
        switch command {
        case .close: try await close()
        case .unselect: unselect()
        case .expunge(let expunge): try await self.expunge(expunge)
        case .fetch(let fetch): try await self.fetch(fetch)
        case .store(let store): try await self.store(store)
        case .copy(let copy): try await self.copy(copy)
        case .move(let move): try await self.move(move)
        default: .bad("Unknown command.")
        }
    }

    /// The account of a session that is logged in: the command table lets no other come here.
    func loggedIn() throws(Refusal) -> Identity {
        guard let identity else { throw Refusal(.bad("Log in first.")) }
        return identity
    }

    /// The selection of a session that has one.
    func selected() throws(Refusal) -> Selection {
        guard let selection else { throw Refusal(.bad("Select a mailbox first.")) }
        return selection
    }
}
