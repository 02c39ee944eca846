"""What a disk may hold after a power cut, made of the shim's record of everything that was to reach it.

A file holds what was synchronised, and of what was written since any part: each write whole, not at all, or torn at
sectors, in any order. Names (made, renamed, removed) reach a directory in their order, as far as one may come, and
for certain when the directory was synchronised; that its file was is not enough.
"""

import dataclasses
import os
import struct

HEAD = struct.Struct("=QQQQIIII")
WRITE, SYNC, TRUNCATE, CREATE, UNLINK, RENAME, LINK, MKDIR = range(1, 9)
SECTOR = 512


@dataclasses.dataclass
class Record:
    clock: int
    inode: int
    offset: int
    length: int
    operation: int
    is_directory: bool
    path: str
    other: str
    data: bytes


def records(path):
    """All of them, in the order of their clock."""
    found, at, whole = [], 0, path.read_bytes()
    while at + HEAD.size <= len(whole):
        clock, inode, offset, length, operation, path_size, other_size, is_directory = HEAD.unpack_from(whole, at)
        at += HEAD.size
        parts = []
        for size in (path_size, other_size, length if operation == WRITE else 0):
            parts.append(whole[at:at + size])
            at += size
        found.append(Record(clock, inode, offset, length, operation, bool(is_directory),
                            parts[0].decode().removesuffix(" (deleted)"), parts[1].decode(), parts[2]))
    return sorted(found, key=lambda record: record.clock)


class Disk:
    """The disk as far as the record was followed."""

    def __init__(self, root):
        self.root = str(root)
        self.content, self.unsynced = {}, {}
        self.names, self.unsynced_names = {}, []
        for folder, _, files in os.walk(root):
            for name in files:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not path.endswith("-shm"):
                    inode = os.stat(path).st_ino
                    self.names[path] = inode
                    with open(path, "rb") as file:
                        self.content[inode] = bytearray(file.read())

    def follow(self, record):
        match record.operation:
            case 1 | 3:
                self.unsynced.setdefault(record.inode, []).append(record)
            case 2 if record.is_directory:
                certain = [name for name in self.unsynced_names
                           if name.clock <= record.offset and os.path.dirname(name.path) == record.path]
                for name in certain:
                    rename(self.names, name)
                self.unsynced_names = [name for name in self.unsynced_names if name not in certain]
            case 2:
                waiting = self.unsynced.pop(record.inode, [])
                content = self.content.setdefault(record.inode, bytearray())
                for write in waiting:
                    if write.clock <= record.offset:
                        put(content, write)
                self.unsynced[record.inode] = [write for write in waiting if write.clock > record.offset]
            case 4 | 5 | 6 | 7:
                self.unsynced_names.append(record)

    def state(self, chance):
        """{path: bytes} as one power cut may leave them."""
        names = dict(self.names)
        for name in self.unsynced_names[:chance.randint(0, len(self.unsynced_names))]:
            rename(names, name)
        share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        found = {}
        for path, inode in names.items():
            content = bytearray(self.content.get(inode, b""))
            for write in self.unsynced.get(inode, ()):
                if chance.random() < share:
                    put(content, write, chance)
            found[path] = content
        return found


def rename(names, record):
    match record.operation:
        case 4:
            names[record.path] = record.inode
        case 5:
            names.pop(record.path, None)
        case 6:
            if record.path in names:
                names[record.other] = names.pop(record.path)
        case 7:
            names[record.other] = record.inode


def put(content, record, chance=None):
    """A write or truncation into a file's content; torn by chance, at sectors of the disk."""
    if record.operation == TRUNCATE:
        size = record.length
        del content[size:]
        content.extend(bytes(size - len(content)))
        return
    end = record.offset + len(record.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if chance is None or chance.random() < 0.7:
        content[record.offset:end] = record.data
        return
    sector = chance.choice((SECTOR, SECTOR, 4096))
    at = record.offset
    while at < end:
        until = min(end, at // sector * sector + sector)
        if chance.random() < 0.5:
            content[at:until] = record.data[at - record.offset:until - record.offset]
        at = until
