// Stands in front of dist/main.cjs when Node is not the one that comes along: any Node can read this file.
"use strict";
var version = process.versions.node.split(".").map(Number);
if (version[0] > 22 || (version[0] === 22 && version[1] >= 19)) {
  // Node 22 calls its SQLite experimental with every command.
  process.removeAllListeners("warning");
  require("../dist/main.cjs");
} else {
  process.stderr.write(
    "Error: dhow needs Node.js 22.19 or newer; " +
      process.execPath +
      " is " +
      process.version +
      "\n" +
      "install a newer one, or say where it is: export DHOW_NODE=/path/to/node\n",
  );
  process.exitCode = 125;
}
