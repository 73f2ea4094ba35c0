// SPDX-License-Identifier: BSD-3-Clause
#include "datatypes/help_reply.h"
#include "server/debug_subcommands.h"

namespace server {

// DEBUG HELP
datatypes::Result<void> DebugHelp(datatypes::CommandContext& ctx) {
  datatypes::ReplyHelp(
      ctx,
      {
          "CONFIG-REWRITE-FORCE-ALL",
          "    As CONFIG REWRITE, but parameters at their defaults are written, too.",
          "DIGEST",
          "    Show a signature of all data. Equal data has equal signatures.",
          "DIGEST-VALUE <key> [<key> ...]",
          "    Show a signature of each key's value.",
          "ERROR <string>",
          "    Reply with an error of that text.",
          "HTSTATS <dbid> [full]",
          "    Show how many keys a database has, in all and in RAM.",
          "LOADAOF",
          "    Drop all data from RAM and open the store again.",
          "LOG <message>",
          "    Write a line to the server's log.",
          "OBJECT <key> [fast]",
          "    Show low level information about a key and its value.",
          "PAUSE-CRON <0|1>",
          "    Stop periodic work (1), or let it go on (0).",
          "POPULATE <count> [<prefix>] [<size>]",
          "    Create string keys <prefix>:0, <prefix>:1 ... (default prefix: key), each with",
          "    a value of <size> bytes. Keys that exist are left alone.",
          "PROTOCOL <type>",
          "    Reply with a test value of that type: string, integer, double, bignum, null,",
          "    array, set, map, attrib, push, verbatim, true, false.",
          "QUICKLIST-PACKED-THRESHOLD <size>",
          "    Set the element size from which OBJECT ENCODING takes a list's node as plain.",
          "    0 is the default (1gb).",
          "RELOAD",
          "    Drop all data from RAM and open the store again.",
          "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|time>",
          "    Set how long (in milliseconds) a client must be idle before its reply buffer is",
          "    given back.",
          "REPLYBUFFER RESIZING <0|1>",
          "    Never give back reply buffers (0), or do so (1).",
          "SEGFAULT",
          "    Crash the server with a segmentation fault.",
          "SET-ACTIVE-EXPIRE <0|1>",
          "    Stop deleting expired keys that nobody asks for (0), or go on with it (1).",
          "SET-DISABLE-DENY-SCRIPTS <0|1>",
          "    Let scripts call commands that they may not call otherwise (1), or not (0).",
          "SLEEP <seconds>",
          "    Stop the server for so long. Decimals are allowed.",
      });
  return {};
}

}  // namespace server
