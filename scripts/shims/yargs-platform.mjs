// Stands in for yargs' lib/platform-shims/esm.mjs, which loads node:assert, node:url, escalade and get-caller-file and
// touches process.stdout: 20 ms. Left out: looking for a package.json (findUp) and the caller's file, which only
// `pkgConf`, automatic versions and `commandDir` need.
// biome-ignore-all lint/correctness/noUndeclaredDependencies: they come with yargs, as the module that this replaces
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { inspect } from "node:util";
import cliui from "cliui";
import stringWidth from "string-width";
import y18n from "y18n";
import Parser from "yargs-parser";

export default {
  assert: { notStrictEqual, strictEqual },
  cliui,
  findUp: () => undefined,
  getEnv: (name) => process.env[name],
  inspect,
  getProcessArgvBin: () => process.argv[1],
  mainFilename: "",
  Parser,
  path: { basename, dirname, extname, relative, resolve, join },
  process: {
    argv: () => process.argv,
    cwd: process.cwd,
    emitWarning: (warning, type) => process.emitWarning(warning, type),
    execPath: () => process.execPath,
    exit: (code) => process.exit(code),
    nextTick: process.nextTick,
    stdColumns: null,
  },
  readFileSync,
  readdirSync,
  require: undefined,
  getCallerFile: () => "",
  stringWidth,
  y18n: y18n({}),
};

function strictEqual(actual, expected, message) {
  if (!Object.is(actual, expected)) throw new Error(message ?? `${actual} !== ${expected}`);
}

function notStrictEqual(actual, expected, message) {
  if (Object.is(actual, expected)) throw new Error(message ?? `${actual} === ${expected}`);
}
