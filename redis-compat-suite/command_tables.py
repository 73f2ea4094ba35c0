#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""COMMAND and COMMAND DOCS of every command that redis-server and Tiercel both have: arity, flags,
keys, ACL categories, tips, key specifications; group, versions, history and the whole tree of
arguments. usage: command_tables.py TIERCEL_SERVER

Summaries and complexities are Tiercel's own, and `display_text` is Redis 7.2's. What else differs
must be in EXPECTED, with the reason: so must what no longer differs, which fails as well."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from resp_client import Client, Server  # noqa: E402

OF_7_2 = "Redis 7.2"
EXPECTED = {
    # Blocking commands may run in scripts since then.
    "blmove flags": OF_7_2, "blpop flags": OF_7_2, "brpop flags": OF_7_2, "brpoplpush flags": OF_7_2,
    "bzpopmax flags": OF_7_2, "bzpopmin flags": OF_7_2, "wait flags": OF_7_2, "wait acl": OF_7_2,
    "client|setname tips": OF_7_2, "config|resetstat tips": OF_7_2, "config|rewrite tips": OF_7_2,
    "command|getkeys arity": OF_7_2, "command|getkeysandflags arity": OF_7_2,
    "command|getkeys arguments": OF_7_2, "command|getkeysandflags arguments": OF_7_2,
    "bitop arguments": OF_7_2,  # The operations are named one by one.
    "geohash arguments": OF_7_2, "geopos arguments": OF_7_2, "pfmerge arguments": OF_7_2,
    "zrank arity": OF_7_2, "zrank arguments": OF_7_2, "zrank history": OF_7_2,
    "zrevrank arity": OF_7_2, "zrevrank arguments": OF_7_2, "zrevrank history": OF_7_2,
    "xinfo|consumers history": OF_7_2, "xinfo|stream history": OF_7_2,
    "migrate arguments": OF_7_2,  # The token of the empty key is written with its quotes.
    "hscan arguments": "NOVALUES of Redis 7.4", "hscan history": "NOVALUES of Redis 7.4",
}
for _name in ("quit", "setnx", "setex", "psetex"):
    for _field in ("doc_flags", "deprecated_since", "replaced_by"):
        EXPECTED["%s %s" % (_name, _field)] = OF_7_2
# Not built when this was written: who builds one takes it out of here.
NOT_YET = ("acl", "asking", "bgrewriteaof", "cluster", "module", "readonly", "readwrite",
           "restore-asking")
OWN_WORDS = ("summary", "complexity", "module")


def plain(value):
    """The same, with strings for bytes."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(name): plain(item) for name, item in value.items()}
    return value


def pairs(flat):
    return {plain(flat[i]): flat[i + 1] for i in range(0, len(flat), 2)}


def argument(flat):
    fields = pairs(flat)
    fields.pop("display_text", None)
    if "flags" in fields:
        fields["flags"] = sorted(plain(fields["flags"]))
    if "arguments" in fields:
        fields["arguments"] = [argument(one) for one in fields["arguments"]]
    return plain(fields)


def key_spec(flat):
    fields = pairs(flat)
    fields["flags"] = sorted(plain(fields["flags"]))
    return {name: plain(value) for name, value in fields.items()}


def infos(client):
    found = {}

    def add(row):
        found[plain(row[0])] = {
            "arity": row[1], "flags": sorted(plain(row[2])), "keys": row[3:6],
            "acl": sorted(plain(row[6])), "tips": sorted(plain(row[7])),
            "key specifications": [key_spec(one) for one in row[8]]}
        for sub in row[9]:
            add(sub)

    for row in client.call("COMMAND"):
        add(row)
    return found


def docs(client):
    found = {}

    def add(name, flat):
        fields = pairs(flat)
        for sub, its in pairs(fields.pop("subcommands", [])).items():
            add(sub, its)
        for own in OWN_WORDS:
            fields.pop(own, None)
        if "arguments" in fields:
            fields["arguments"] = [argument(one) for one in fields["arguments"]]
        if "doc_flags" in fields:
            fields["doc_flags"] = sorted(plain(fields["doc_flags"]))
        found[name] = {field: plain(value) for field, value in fields.items()}

    for name, flat in pairs(client.call("COMMAND", "DOCS")).items():
        add(name, flat)
    return found


def differences(oracle, ours):
    for name in sorted(set(oracle) & set(ours)):
        if name.split("|")[0] in NOT_YET:
            continue
        for field in sorted(set(oracle[name]) | set(ours[name])):
            one, other = oracle[name].get(field), ours[name].get(field)
            if one != other:
                yield "%s %s" % (name, field), one, other


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as work:
        servers = []
        try:
            for binary, options in (("redis-server", ("--save", "")), (sys.argv[1], ())):
                directory = os.path.join(work, str(len(servers)))
                os.mkdir(directory)
                servers.append(Server(binary, directory, *options))
                servers[-1].start()
            clients = [Client(server.port) for server in servers]
            found, wrong, seen = 0, 0, set()
            for read in (infos, docs):
                tables = [read(client) for client in clients]
                found += len(set(tables[0]) & set(tables[1]))
                for what, one, other in differences(*tables):
                    seen.add(what)
                    if what not in EXPECTED:
                        wrong += 1
                        print("%s\n  redis-server: %s\n  Tiercel:      %s" % (what, one, other))
            for what in sorted(set(EXPECTED) - seen):
                wrong += 1
                print("%s: expected to differ, and does not" % what)
            print("command tables: %d rows, %d differences that nobody expects" % (found, wrong))
        finally:
            for server in servers:
                server.stop()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
