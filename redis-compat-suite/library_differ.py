#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""cjson, cmsgpack, struct, string patterns and table.sort on random values and texts: redis-server and Tiercel must answer the
same, byte for byte. usage: library_differ.py TIERCEL_SERVER [SEED [COUNT]]

Left out is what the Lua underneath decides: the order of a table's keys (tables that are no arrays
have one key here), and Lua 5.1's taking 0 and -0 in one script for the same constant."""

import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
from resp_client import Client, ReplyError, Server  # noqa: E402

SHOW = rb"""
local function hex(s) return (s:gsub('.', function(c) return string.format('%02x', string.byte(c)) end)) end
local function show(v, d)
  local t = type(v)
  if t == 'string' then return 's' .. hex(v) end
  if t == 'number' then
    -- Not in decimal: LuaJIT rounds the last digit of a tie up, the C library to even.
    if v ~= v then return 'nan' end
    local fraction, exponent = math.frexp(v)
    return string.format('%.0fp%d', fraction * 2 ^ 53, exponent)
  end
  if t == 'userdata' then return 'null' end
  if t ~= 'table' then return tostring(v) end
  if d > 40 then return '...' end
  local r = {}
  for k, x in pairs(v) do r[#r + 1] = show(k, d + 1) .. '=' .. show(x, d + 1) end
  table.sort(r)
  return '{' .. table.concat(r, ' ') .. '}'
end
local function words(text, pattern)
  local r = {}
  for a, b in string.gmatch(text, pattern) do
    r[#r + 1] = a
    if b then r[#r + 1] = b end
  end
  return unpack(r)
end
local function sorted(t, order)
  table.sort(t, order)
  return t
end
local function all(...)
  local r = {}
  for i = 1, select('#', ...) do r[i] = show((select(i, ...)), 0) end
  return table.concat(r, '|')
end
"""

EDGES = [1, -1, 127, 128, 255, 256, -32, -33, -128, -129, 32767, 32768, 65535, 65536, -32768, -32769,
         2**31 - 1, 2**31, 2**32 - 1, 2**32, -2**31, -2**31 - 1, 2**53, 2**53 + 2, 2**62, 2**63,
         -2**63, 2**63 - 1024, 2**64, 1e300, -1e300, 0.5, 0.1, 1.5, 1 / 3, 1e14, 1e15, 1e-5, 1e-7, 1e100]
JSON_WORDS = ["1", "-1", "0", "1.5", "1e5", "0x1F", "012", "+1", "1e999", "nan", "NaN", "inf", "-Inf",
              "Infinity", ".5", "1.", "- 1", "1e", "00", "0x", "0x1p4", "1_0"]
PATTERN_PIECES = ["a", "b", "ab", ".", "%a", "%d", "%W", "%s", "%%", "%.", "[ab]", "[^a]", "[a-c]", "[%a-]", "[]]", "[^]b]",
                  "(", ")", "(a)", "(.-)", "(.*)", "()", "%1", "%2", "%b()", "%bab", "%f[%a]", "%f[^%w]", "^", "$",
                  "[", "%", "%b", "%f", "-", "x", "%z", "\0", "[%z]", "[a-", "[^", "[%", "\xe9", "[\x80-\xff]", "%3", "%0"]
REPLACEMENTS = [b"'x'", b"'<%0>'", b"'%1%2'", b"'%%'", b"'%'", b"'%a'", b"''", b"7", b"{a='A', b=1, ab=false}",
                b"function(a, b) return b or a end", b"function() end", b"function() return {} end", b"nil",
                b"function(...) return select('#', ...) end", b"{a={}}"]
ORDERS = [b"nil", b"function(a, b) return a < b end", b"function(a, b) return a > b end",
          b"function(a, b) return a <= b end", b"function() return true end", b"function() return false end",
          b"function(a, b) return a % 3 < b % 3 end", b"function(a, b) return (a * 7919) % 13 < b end", b"'x'"]
JSON_PIECES = ["a", "b", "é", "\\n", "\\t", "\\/", "\\\\", "\\\"", "\\u0041", "\\u00e9", "\\u20ac",
               "\\ud83d\\ude00", "\\ud83d", "\\udc00", "\\u12", "\\x", "\\u0000", "\x01", "\x7f", " "]


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    @staticmethod
    def literal(data):
        return b'"' + b"".join(b"\\%03d" % byte for byte in data) + b'"'

    def number(self):
        kind = self.rng.random()
        if kind < .03:
            return self.rng.choice([b"(1/0)", b"(-1/0)", b"(0/0)"])
        return repr(self.rng.choice([
            lambda: self.rng.choice(EDGES), lambda: self.rng.randint(-300, 300),
            lambda: self.rng.uniform(-1e6, 1e6), lambda: self.rng.randint(-2**63, 2**64),
            lambda: self.rng.gauss(0, 1) * 10 ** self.rng.randint(-20, 20)])()).encode()

    def data(self, size=None):
        if size is None:
            size = self.rng.choice([0, 1, 3, 5, 31, 32, 33, 100, 255, 256, 300])
        return bytes(self.rng.choice([self.rng.randrange(256), self.rng.randrange(32, 127)])
                     for _ in range(size))

    def value(self, depth=0):
        kind = self.rng.random()
        if depth < 4 and kind < .35:
            if self.rng.random() < .6:
                size = self.rng.choice([0, 1, 2, 3, 15, 16, 17])
                return b"{" + b",".join(self.value(depth + 1) for _ in range(size)) + b"}"
            key = self.rng.choice([self.literal(self.data(3)), b"-1", b"0", b"1.5", b"2", b"true",
                                   b"3000000000", b"5", b"12", b"1"])
            return b"{[" + key + b"]=" + self.value(depth + 1) + b"}"
        if kind < .6:
            return self.number()
        if kind < .8:
            return self.literal(self.data())
        return self.rng.choice([b"true", b"false", b"cjson.null", b"nil" if depth == 0 else b"true"])

    def packed(self, depth=0):
        rng, data = self.rng, self.data
        kind = rng.randrange(20)
        if kind < 5:
            return bytes([rng.randrange(256)])
        if kind < 12:
            tag, size = rng.choice([(0xca, 4), (0xcb, 8), (0xcc, 1), (0xcd, 2), (0xce, 4), (0xcf, 8),
                                    (0xd0, 1), (0xd1, 2), (0xd2, 4), (0xd3, 8)])
            return bytes([tag]) + data(size)
        count = rng.randrange(5)
        if kind < 14 or depth > 5:
            size = rng.randrange(40)
            head = rng.choice([b"\xd9", b"\xda\0", b"\xdb\0\0\0"])
            return head + bytes([size]) + data(size)
        if kind < 17:
            head = rng.choice([bytes([0x90 | count]), b"\xdc\0" + bytes([count]),
                               b"\xdd\0\0\0" + bytes([count])])
            return head + b"".join(self.packed(depth + 1) for _ in range(count))
        if kind < 19:
            head = rng.choice([bytes([0x80 | count]), b"\xde\0" + bytes([count]),
                               b"\xdf\0\0\0" + bytes([count])])
            return head + b"".join(self.packed(depth + 1) for _ in range(2 * count))
        return rng.choice([b"\xc0", b"\xc2", b"\xc3", b"\xc1", b"\xa3abc"])

    def message(self):
        made = b"".join(self.packed() for _ in range(self.rng.randrange(1, 4)))
        if self.rng.random() < .2:
            made = made[:self.rng.randrange(len(made) + 1)]
        return made

    def json_string(self):
        pieces = [self.rng.choice(JSON_PIECES) if self.rng.random() < .97 else "\x00"
                  for _ in range(self.rng.randrange(8))]
        return '"' + "".join(pieces) + '"'

    def json_value(self, depth=0):
        kind = self.rng.randrange(14)
        if kind < 3 and depth < 5:
            return "[" + self.rng.choice([",", " , "]).join(
                self.json_value(depth + 1) for _ in range(self.rng.randrange(4))) + "]"
        if kind < 6 and depth < 5:
            return "{" + ",".join(self.json_string() + ":" + self.json_value(depth + 1)
                                  for _ in range(self.rng.randrange(3))) + "}"
        if kind < 8:
            return self.json_string()
        if kind < 11:
            return self.rng.choice(JSON_WORDS + [repr(self.rng.choice(EDGES))])
        return self.rng.choice(["true", "false", "null", "True", "nul", "t", "truex", "null null", ""])

    def json(self):
        text = self.json_value()
        if self.rng.random() < .15:
            at = self.rng.randrange(len(text) + 1)
            text = text[:at] + self.rng.choice(["", " ", "x", "}", "]", ",", ":", '"', "\0"]) + text[at:]
        return (self.rng.choice(["", " ", "\n"]) + text + self.rng.choice(["", "  ", " x"])).encode()

    def layout(self):
        made = ""
        for _ in range(self.rng.randrange(6)):
            option = self.rng.choice("bBhHlLTiIiIfdxcs<>! csZz0a%")
            if option in "iIc!" and self.rng.random() < .6:
                option += str(self.rng.choice([0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33, 99999999999]))
            made += option
        return made.encode()

    def pattern(self):
        pieces = []
        for _ in range(self.rng.randrange(1, 6)):
            pieces.append(self.rng.choice(PATTERN_PIECES))
            if self.rng.random() < .4:
                pieces.append(self.rng.choice("*+-?"))
        return self.literal("".join(pieces).encode("latin-1"))

    def subject(self):
        return self.literal("".join(self.rng.choice("aaabbc01(() ).-\0\xe9AZ_") for _ in range(self.rng.randrange(14)))
                            .encode("latin-1"))

    def search(self):
        start = self.rng.choice([b"", b"", b",1", b",3", b",-2", b",100", b",-100", b",0"])
        plain = self.rng.choice([b"", b",true", b",false"]) if start else b""
        text, pattern = self.subject(), self.pattern()
        return self.rng.choice([
            lambda: b"string.find," + text + b"," + pattern + start + plain,
            lambda: b"string.match," + text + b"," + pattern + start,
            lambda: b"words," + text + b"," + pattern,
            lambda: b"string.gsub," + text + b"," + pattern + b"," + self.rng.choice(REPLACEMENTS)
            + self.rng.choice([b"", b"", b",1", b",0", b",-1"])])()

    def sort(self):
        size = self.rng.choice([0, 1, 2, 3, 4, 5, 8, 13, 30, 100])
        values = [b"%d" % self.rng.randint(-20, 20) for _ in range(size)]
        if self.rng.random() < .1 and values:
            values[self.rng.randrange(size)] = self.rng.choice([b"'x'", b"{}", b"true"])
        return b"sorted,{" + b",".join(values) + b"}," + self.rng.choice(ORDERS)

    def call(self):
        choose, literal = self.rng.choice, self.literal
        offset = choose([b"", b",0", b",1", b",3", b",100", b",-1"])
        arguments = b"".join(b"," + choose([self.number(), literal(self.data(self.rng.randrange(12)))])
                             for _ in range(self.rng.randrange(6)))
        return choose([
            lambda: b"cmsgpack.pack," + b",".join(self.value() for _ in range(self.rng.randrange(1, 4))),
            lambda: b"cmsgpack.unpack," + literal(self.message()),
            lambda: b"cmsgpack.unpack_limit," + literal(self.message()) + b",%d" % self.rng.randint(-1, 4)
            + offset,
            lambda: b"cmsgpack.unpack_one," + literal(self.message()) + offset,
            lambda: b"cjson.encode," + self.value(),
            lambda: b"cjson.decode," + literal(self.json()),
            lambda: b"struct.pack," + literal(self.layout()) + arguments,
            lambda: b"struct.unpack," + literal(self.layout()) + b","
            + literal(self.data(self.rng.randrange(60))) + offset,
            lambda: b"struct.size," + literal(self.layout()),
            self.search, self.search, self.search, self.sort])()


def answer(client, script):
    try:
        return client.call("EVAL", script, 0)
    except ReplyError as error:
        return str(error).encode()


def main():
    binary = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10 ** 9)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    maker = Maker(seed)
    with tempfile.TemporaryDirectory() as work:
        redis = Server("redis-server", os.path.join(work, "redis"), "--save", "").start()
        tiercel = Server(binary, os.path.join(work, "tiercel")).start()
        try:
            clients = [Client(redis.port), Client(tiercel.port)]
            for number in range(count):
                call = maker.call()
                wanted, got = (answer(client, SHOW + b"return all(pcall(" + call + b"))")
                               for client in clients)
                if wanted != got:
                    print("seed %d, case %d: %r\n  redis:   %r\n  tiercel: %r"
                          % (seed, number, call[:2000], wanted[:2000], got[:2000]))
                    return 1
        finally:
            redis.kill()
            tiercel.kill()
    print("library_differ: %d calls the same, seed %d" % (count, seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
