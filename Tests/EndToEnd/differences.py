"""Where Martlet and Dovecot may answer differently, and why: each kind has its RFC section. Anything else is a fault.

A value is compared after `plain` has made both sides comparable (case of tokens that have none, NIL against ()); what
still differs must be excused by one of `EXCUSES`, each a function of (item, ours, theirs, message) with its reason.
"""

import email.header
import re


class Whole(list):
    """A list that is compared as one value: an address list."""


def plain(item, value):
    """The value without what carries no meaning."""
    if item in ("BODY", "BODYSTRUCTURE"):
        return structure(value)
    if item == "ENVELOPE":
        return envelope(value)
    return value


def envelope(value):
    if not isinstance(value, list) or len(value) != 10:
        return value
    return [Whole(field) if isinstance(field, list) else field for field in value]


def lower(value):
    return value.lower() if isinstance(value, bytes) else value


def parameters(value):
    """Names have no case (RFC 2045 §5.1), nor has the value of charset; an order has no meaning."""
    if not isinstance(value, list):
        return Whole()
    pairs = [(lower(name), text) for name, text in zip(value[::2], value[1::2])]
    return Whole(sorted((name, lower(text) if name == b"charset" else text) for name, text in pairs))


def structure(value):
    """A body structure with its tokens in lower case (RFC 2045 §5.1, §6.1; RFC 2183 §2.7)."""
    if not isinstance(value, list) or not value:
        return value
    if isinstance(value[0], list):
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
        whole["envelope"], whole["body"], whole["lines"] = envelope(rest[0]), structure(rest[1]), rest[2]
        rest = rest[3:]
    elif kind[0] == b"text" and rest:
        whole["lines"] = rest[0]
        rest = rest[1:]
    names = ("md5", "disposition", "language", "location")
    for name, item in zip(names, rest):
        whole[name] = disposition(item) if name == "disposition" else item
    return whole


def disposition(value):
    return [lower(value[0]), parameters(value[1])] if isinstance(value, list) and len(value) == 2 else value


def paths(ours, theirs, at=""):
    """Where two values differ: (path, ours, theirs) of each smallest difference."""
    if type(ours) is type(theirs) and not isinstance(ours, Whole):
        if isinstance(ours, dict):
            if theirs.get("type") == (b"", b"") != ours.get("type"):
                yield at + ".type", ours, theirs
                return
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


@excuse("RFC 3501 §6.4.5 leaves open what a part that is not there gives; NIL says so, an empty string is a part")
def absent_part(item, path, ours, theirs, message):
    return item.startswith("BODY[") and path == "" and ours is None and theirs in (b"", b"\r\n")


@excuse("RFC 3501 §6.4.5: a header subset ends with the blank line; Dovecot leaves it out of some subsets of a header "
        "without one, and takes a boundary behind it for a field (RFC 2046 §5.1.1)")
def no_blank_line(item, path, ours, theirs, message):
    if "HEADER.FIELDS" not in item or not isinstance(ours, bytes) or not isinstance(theirs, bytes):
        return False
    return ours == theirs + b"\r\n" or theirs.startswith((ours[:-2] + b"--", ours + b"\r\n--")) or \
        (ours.rstrip() == theirs.rstrip() and len(ours) - len(theirs) in (2, 4))


@excuse("RFC 5322 §2.2.3: a folded line before the first field belongs to no field; Dovecot gives it in HEADER.FIELDS.NOT")
def fold_before_the_first_field(item, path, ours, theirs, message):
    return "HEADER.FIELDS.NOT" in item and message[:1] in b" \t" and theirs[:1] in b" \t" and theirs.endswith(ours)


@excuse("RFC 2045 §5.2: a Content-Type that cannot be read is text/plain (or what of it can be read); Dovecot says \"\"")
def broken_content_type(item, path, ours, theirs, message):
    return path.endswith(".type") and isinstance(theirs, dict) and theirs["type"] == (b"", b"") or \
        path.endswith((".type[0]", ".type[1]")) and theirs == b""


@excuse("the sections of a message whose Content-Type only one of both could read")
def sections_of_a_broken_content_type(item, path, ours, theirs, message):
    return item.startswith("BODY[") and path == "" and item[5].isdigit() and has_broken_type(message)


def has_broken_type(message):
    return bool(re.search(rb"(?im)^content-type:[^\r]*(;;|/;|[^;\r]\r\n[ \t]+boundary=)", message)) or \
        bool(re.search(rb"(?im)^content-type:\s*[^\s/;]+\s*(;|\r)", message))


@excuse("RFC 2046 §5.1.1: the line end before a boundary belongs to the boundary; Dovecot counts it behind the header of "
        "a nested message and behind a nested multipart")
def line_end_before_boundary(item, path, ours, theirs, message):
    if path.endswith(".size"):
        return is_number(ours, theirs) and int(theirs) - int(ours) == 2
    if path.endswith(".lines"):
        return is_number(ours, theirs) and int(theirs) - int(ours) == 1
    return item.startswith("BODY[") and isinstance(ours, bytes) and isinstance(theirs, bytes) and theirs == ours + b"\r\n"


def is_number(ours, theirs):
    return isinstance(ours, str) and isinstance(theirs, str) and ours.isdigit() and theirs.isdigit()


@excuse("RFC 2045 §5.1: a value with = / ? : must be quoted; where it is not we keep it whole, Dovecot cuts it or drops it")
def unquoted_value(item, path, ours, theirs, message):
    return path.endswith(".parameters") and isinstance(theirs, Whole) and all(
        any(name == other and text.startswith(cut) for other, text in ours) or name == b"charset" for name, cut in theirs)


@excuse("RFC 2046 §5.1.1: a boundary that only one of both read: unquoted specials, or blanks at its end")
def unreadable_boundary(item, path, ours, theirs, message):
    odd = re.search(rb'(?i)boundary=([^"\s;]*[=?:/]|"[^"]* ")', message) or re.search(rb"(?i)multipart/[^\r]*;;", message)
    return bool(odd) and (path.endswith(".parts") or item.startswith("BODY["))


@excuse("RFC 3501 §7.4.2: the date of an ENVELOPE is the field's text; blanks around it carry nothing")
def blanks_around_a_date(item, path, ours, theirs, message):
    return item == "ENVELOPE" and path == "[0]" and ours == theirs.strip()


@excuse("RFC 5322 §4.4: obsolete and broken address lists, where Dovecot marks what it could not read, or stops")
def broken_addresses(item, path, ours, theirs, message):
    if not isinstance(ours, Whole) or not isinstance(theirs, Whole) or ".parameters" in path:
        return False
    words = {word for address in theirs for word in address}
    return bool(words & {b"MISSING_MAILBOX", b"MISSING_DOMAIN", b"SYNTAX_ERROR"}) or len(ours) > len(theirs) and bool(theirs)


@excuse("RFC 2045 §6.1: what follows the token of a Content-Transfer-Encoding is passed over; Dovecot says 7bit")
def encoding_with_more(item, path, ours, theirs, message):
    return path.endswith(".encoding") and bool(re.search(rb"(?im)^content-transfer-encoding:\s*[-\w]+;", message))


@excuse("RFC 2183 §2: a Content-Disposition without a readable type; Dovecot says \"\"")
def broken_disposition(item, path, ours, theirs, message):
    return ".disposition" in path and (theirs == b"" or theirs == [b"", None] or theirs == [b"", []])
