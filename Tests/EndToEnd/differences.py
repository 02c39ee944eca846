"""Where Martlet and Dovecot may answer differently, and why: each kind has its RFC section. Anything else is a fault.

A value is compared after `plain` has made both sides comparable (case of tokens that have none, NIL against ()); what
still differs must be excused by one of `EXCUSES`, each a function of (item, ours, theirs, message) with its reason.
"""

import email.header
import re


def plain(item, value):
    """The value without what carries no meaning."""
    if item in ("BODY", "BODYSTRUCTURE"):
        return structure(value)
    return value


def lower(value):
    return value.lower() if isinstance(value, bytes) else value


def parameters(value):
    """Names have no case (RFC 2045 §5.1), nor has the value of charset; an order has no meaning."""
    if not isinstance(value, list):
        return value
    pairs = [(lower(name), text) for name, text in zip(value[::2], value[1::2])]
    return sorted((name, lower(text) if name == b"charset" else text) for name, text in pairs)


def structure(value):
    """A body structure with its tokens in lower case (RFC 2045 §5.1, §6.1; RFC 2183 §2.7)."""
    if not isinstance(value, list) or not value:
        return value
    if isinstance(value[0], list):
        parts = [part for part in value if isinstance(part, list) and part and
                 (isinstance(part[0], list) or is_single(part))]
        count = 0
        while count < len(value) and isinstance(value[count], list):
            count += 1
        rest = value[count:]
        return {"parts": [structure(part) for part in value[:count]], "subtype": lower(rest[0]) if rest else None,
                "parameters": parameters(rest[1]) if len(rest) > 1 else None,
                "disposition": disposition(rest[2]) if len(rest) > 2 else None,
                "language": rest[3] if len(rest) > 3 else None, "location": rest[4] if len(rest) > 4 else None}
    kind = (lower(value[0]), lower(value[1]))
    whole = {"type": kind, "parameters": parameters(value[2]), "id": value[3], "description": value[4],
             "encoding": lower(value[5]), "size": value[6]}
    rest = value[7:]
    if kind == (b"message", b"rfc822") and len(rest) >= 3:
        whole["envelope"], whole["body"], whole["lines"] = rest[0], structure(rest[1]), rest[2]
        rest = rest[3:]
    elif kind[0] == b"text" and rest:
        whole["lines"] = rest[0]
        rest = rest[1:]
    names = ("md5", "disposition", "language", "location")
    for name, item in zip(names, rest):
        whole[name] = disposition(item) if name == "disposition" else item
    return whole


def is_single(part):
    return len(part) >= 7 and isinstance(part[0], bytes)


def disposition(value):
    return [lower(value[0]), parameters(value[1])] if isinstance(value, list) and len(value) == 2 else value


def paths(ours, theirs, at=""):
    """Where two values differ: (path, ours, theirs) of each smallest difference."""
    if type(ours) is type(theirs):
        if isinstance(ours, dict):
            for key in sorted(set(ours) | set(theirs)):
                yield from paths(ours.get(key), theirs.get(key), f"{at}.{key}")
            return
        if isinstance(ours, (list, tuple)) and len(ours) == len(theirs):
            for index, (one, other) in enumerate(zip(ours, theirs)):
                yield from paths(one, other, f"{at}[{index}]")
            return
    if ours != theirs:
        yield at, ours, theirs


# Excuses: name, RFC section and reason, and the test that recognises the kind.

EXCUSES = []


def excuse(reason):
    def keep(function):
        EXCUSES.append((function.__name__, reason, function))
        return function
    return keep


def excused(item, path, ours, theirs, message):
    """The name of the kind of difference, or None."""
    for name, _, recognises in EXCUSES:
        if recognises(item, path, ours, theirs, message):
            return name
    return None
