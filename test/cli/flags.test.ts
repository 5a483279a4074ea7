import { describe, expect, it } from "vitest";
import type { OptionTable } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";

const options = {
  all: { type: "boolean", short: "a", describe: "" },
  detach: { type: "boolean", short: "d", describe: "" },
  env: { type: "string", short: "e", array: true, describe: "" },
  feature: { type: "string", array: true, default: ["x", "y"], describe: "" },
  hostname: { type: "string", short: "h", describe: "" },
  interactive: { type: "boolean", short: "i", describe: "" },
  name: { type: "string", describe: "" },
  network: { type: "string", aliases: ["net"], describe: "" },
  cpus: { type: "number", fraction: true, describe: "" },
  last: { type: "number", short: "n", default: -1, describe: "" },
  pull: { type: "string", default: "missing", valueIfBare: "always", describe: "" },
  sort: { type: "string", choices: ["id", "name"], describe: "" },
  "sig-proxy": { type: "boolean", default: true, describe: "" },
  tty: { type: "boolean", short: "t", describe: "" },
  verbose: { type: "count", short: "v", describe: "" },
} as const satisfies OptionTable;

const globals = { root: { type: "string", describe: "" }, name: { type: "string", describe: "" } } as const;

function parse(...argv: string[]) {
  return parseFlags({ options, globals }, argv);
}

/** Only what was given. */
function given(...argv: string[]) {
  const { options: values, changed, operands } = parse(...argv);
  return { ...Object.fromEntries([...changed].map((name) => [name, values[name]])), operands };
}

describe("parseFlags() reads as pflag", () => {
  it.each<[string[], object]>([
    [["--name", "web"], { name: "web", operands: [] }],
    [["--name=web"], { name: "web", operands: [] }],
    [["--name="], { name: "", operands: [] }],
    [["--name", "--all"], { name: "--all", operands: [] }],
    [["--name", "--", "x"], { name: "--", operands: ["x"] }],
    [["--name", "a", "--name", "b"], { name: "b", operands: [] }],
    [["--name=a=b"], { name: "a=b", operands: [] }],
    [["--net", "host"], { network: "host", operands: [] }],
    [["-it"], { interactive: true, tty: true, operands: [] }],
    [["-itd"], { interactive: true, tty: true, detach: true, operands: [] }],
    [["-eA=1"], { env: ["A=1"], operands: [] }],
    [["-e=A=1"], { env: ["A=1"], operands: [] }],
    [["-e", "-x"], { env: ["-x"], operands: [] }],
    [["-e="], { env: ["="], operands: [] }],
    [["-ie", "A=1", "-eB"], { interactive: true, env: ["A=1", "B"], operands: [] }],
    [["-e", "a,b"], { env: ["a,b"], operands: [] }],
    [["-hname"], { hostname: "name", operands: [] }],
    [["--all=false"], { all: false, operands: [] }],
    [["-a=false"], { all: false, operands: [] }],
    [["--all=T"], { all: true, operands: [] }],
    [["--all", "false"], { all: true, operands: ["false"] }],
    [["--sig-proxy=0"], { "sig-proxy": false, operands: [] }],
    [["--pull", "x"], { pull: "always", operands: ["x"] }],
    [["--pull=never"], { pull: "never", operands: [] }],
    [["--feature", "z"], { feature: ["z"], operands: [] }],
    [["-n5"], { last: 5, operands: [] }],
    [["-n", "-5"], { last: -5, operands: [] }],
    [["--last=0x10"], { last: 16, operands: [] }],
    [["--last=010"], { last: 8, operands: [] }],
    [["--last=-0"], { last: 0, operands: [] }],
    [["--cpus=1.5"], { cpus: 1.5, operands: [] }],
    [["--cpus", ".5"], { cpus: 0.5, operands: [] }],
    [["-vvv"], { verbose: 3, operands: [] }],
    [["-v", "x", "-v"], { verbose: 2, operands: ["x"] }],
    [["x", "--all", "y"], { all: true, operands: ["x", "y"] }],
    [["--", "--all", "--"], { operands: ["--all", "--"] }],
    [["-"], { operands: ["-"] }],
    [["", "123"], { operands: ["", "123"] }],
  ])("%j", (argv, expected) => {
    expect(given(...argv)).toEqual(expected);
  });

  it("leaves everything behind the first operand alone when flags are not interspersed", () => {
    const { operands, options: values } = parseFlags({ options, interspersed: false }, [
      "-i",
      "alpine",
      "ls",
      "-l",
      "--",
      "--all",
    ]);
    expect(operands).toEqual(["alpine", "ls", "-l", "--", "--all"]);
    expect(values.interactive).toBe(true);
    expect(values.all).toBe(false);
  });

  it("takes -- before operands away when flags are not interspersed", () => {
    expect(parseFlags({ options, interspersed: false }, ["--", "-x", "--"]).operands).toEqual(["-x", "--"]);
  });

  it("fills in defaults", () => {
    const { options: values, changed } = parse();
    expect(values).toMatchObject({ all: false, env: [], feature: ["x", "y"], last: -1, pull: "missing", verbose: 0 });
    expect(values).toMatchObject({ "sig-proxy": true, name: undefined });
    expect(changed.size).toBe(0);
  });

  it("never hands out the table's own default array", () => {
    const first = parse().options.feature as string[];
    first.push("spoilt");
    expect(parse().options.feature).toEqual(["x", "y"]);
  });

  it("knows global flags among the command's, which win when both have a name", () => {
    const { globals: global, options: values, changed } = parse("--root", "/r", "--name", "n");
    expect(global).toEqual({ root: "/r" });
    expect(values.name).toBe("n");
    expect([...changed]).toEqual(["name"]);
  });

  it("sees --help, and -h only where it means nothing else", () => {
    expect(parse("x", "--help").wantsHelp).toBe(true);
    expect(parseFlags({ options: {} }, ["-h"]).wantsHelp).toBe(true);
    expect(parse("-h", "x").wantsHelp).toBe(false);
  });

  it.each([
    [["--foo"], "unknown flag: --foo"],
    [["--foo=bar"], "unknown flag: --foo"],
    [["--constructor"], "unknown flag: --constructor"],
    [["-z"], "unknown shorthand flag: 'z' in -z"],
    [["-izt"], "unknown shorthand flag: 'z' in -zt"],
    [["--name"], "flag needs an argument: --name"],
    [["-ie"], "flag needs an argument: 'e' in -e"],
    [["--=x"], "bad flag syntax: --=x"],
    [["---x"], "bad flag syntax: ---x"],
    [["--all=x"], 'invalid argument "x" for "-a, --all" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [["-n", "x"], 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [["-n", "1.5"], 'invalid argument "1.5" for "-n, --last" flag: strconv.ParseInt: parsing "1.5": invalid syntax'],
    [["-n", ""], 'invalid argument "" for "-n, --last" flag: strconv.ParseInt: parsing "": invalid syntax'],
    [
      ["--last=99999999999999999999"],
      'invalid argument "99999999999999999999" for "-n, --last" flag: strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    [["--cpus=1.x"], 'invalid argument "1.x" for "--cpus" flag: strconv.ParseFloat: parsing "1.x": invalid syntax'],
    [["--sort=size"], 'invalid argument "size" for "--sort" flag: must be one of "id", "name"'],
  ])("%j is refused in pflag's words", (argv, message) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ kind: "invalid-argument", message }));
  });
});

describe("parseFlags() with lines made at random", () => {
  /** A small generator of its own, so that a failure can be had again. */
  function random(seed: number): () => number {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state / 0x7fffffff;
    };
  }

  /** A flag in one of its spellings, beside what it must set. */
  function randomFlag(next: () => number): { argv: string[]; name: "name" | "env" | "all" | "tty"; value: unknown } {
    const text = ["", "a", "-x", "--all", "a=b", "--", "=", "é"][Math.floor(next() * 8)] as string;
    const spellings = [
      { argv: ["--name", text], name: "name", value: text },
      { argv: [`--name=${text}`], name: "name", value: text },
      { argv: ["-e", text], name: "env", value: text },
      { argv: [`--env=${text}`], name: "env", value: text },
      { argv: ["-te", text], name: "env", value: text },
      { argv: ["--all"], name: "all", value: true },
      { argv: ["-a=false"], name: "all", value: false },
    ] as const;
    const { argv, ...rest } = spellings[Math.floor(next() * spellings.length)] as (typeof spellings)[number];
    return { argv: [...argv], ...rest };
  }

  it("sets what each flag says, the last one of scalars, all of arrays, and keeps the operands", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const next = random(seed);
      const flags = Array.from({ length: Math.floor(next() * 6) }, () => randomFlag(next));
      const tail = ["image", "-x", "--name", "--"].slice(0, Math.floor(next() * 5));
      const argv = flags.flatMap((flag) => flag.argv);
      const { options: values, operands } = parseFlags({ options, interspersed: false }, [...argv, ...tail]);
      const of = (name: string) => flags.filter((flag) => flag.name === name).map(({ value }) => value);
      expect([argv, operands]).toEqual([argv, tail]);
      expect([argv, values.env]).toEqual([argv, of("env")]);
      expect([argv, values.name]).toEqual([argv, of("name").at(-1)]);
      expect([argv, values.all]).toEqual([argv, of("all").at(-1) ?? false]);
    }
  });
});
