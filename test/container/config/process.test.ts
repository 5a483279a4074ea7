import { describe, expect, it } from "vitest";
import { parseRootfs } from "../../../src/container/config/rootfs.ts";
import { configOf, fakeCaller } from "./command-line.ts";

const image = { Entrypoint: ["/entry"], Cmd: ["default", "args"] };

describe("argument vector", () => {
  it.each([
    { flags: [], command: [], expected: ["/entry", "default", "args"] },
    { flags: [], command: ["own"], expected: ["/entry", "own"] },
    { flags: ["--entrypoint", "/mine"], command: [], expected: ["/mine"] },
    { flags: ["--entrypoint", "/mine"], command: ["x"], expected: ["/mine", "x"] },
    { flags: ["--entrypoint", '["/mine","a b"]'], command: ["x"], expected: ["/mine", "a b", "x"] },
    { flags: ["--entrypoint", "[not json"], command: [], expected: ["[not json"] },
    { flags: ["--entrypoint", "[]"], command: [], expected: ["default", "args"] },
    { flags: ["--entrypoint", ""], command: ["x"], expected: ["x"] },
  ])("$flags $command gives $expected", ({ flags, command, expected }) => {
    expect(configOf([...flags, "image", ...command], { image }).argv).toEqual(expected);
  });

  it("is refused when there is none", () => {
    expect(() => configOf(["image"], { image: {} })).toThrow("no command or entrypoint provided");
    expect(() => configOf(["--entrypoint", "", "image"], { image })).toThrow("no command or entrypoint provided");
  });
});

describe("environment", () => {
  const env = (argv: readonly string[], context: Parameters<typeof configOf>[1] = {}) =>
    Object.fromEntries(configOf([...argv, "image"], context).env.map((entry) => entry.split(/=(.*)/s, 2)));

  it("has defaults below the image's below the user's", () => {
    const merged = env(["-e", "A=user", "-e", "Q=x=y"], {
      image: { Cmd: ["x"], Env: ["A=image", "B=image", "PATH=/p"] },
    });
    expect(merged).toEqual({ PATH: "/p", container: "dhow", A: "user", B: "image", Q: "x=y" });
  });
  it("takes a bare name from the caller and skips unknown ones", () => {
    expect(env(["-e", "PRE_A", "-e", "NOPE", "-e", "EMPTY"])).toMatchObject({ PRE_A: "1", EMPTY: "" });
    expect(env(["-e", "NOPE"])).not.toHaveProperty("NOPE");
  });
  it("takes all of a prefix", () => {
    expect(env(["-e", "PRE_*"])).toMatchObject({ PRE_A: "1", PRE_B: "2" });
  });
  it("sets TERM only with a terminal", () => {
    expect(env(["-t"]).TERM).toBe("xterm");
    expect(env([])).not.toHaveProperty("TERM");
  });
  it("reads files: comments, white space, bare names; later files and -e win", () => {
    const caller = fakeCaller({ files: { "/work/a": "# c\n\n  X=1\nY=a b \nPRE_A\n", "/b": "X=2\n" } });
    expect(env(["--env-file", "a", "--env-file", "/b", "-e", "Y=z"], { caller })).toMatchObject({
      X: "2",
      Y: "z",
      PRE_A: "1",
    });
  });
  it("names the file of a wrong line, and a file that is not there", () => {
    const caller = fakeCaller({ files: { "/work/a": "=x\n" } });
    expect(() => env(["--env-file", "a"], { caller })).toThrow('parsing file "a": invalid variable: "=x"');
    expect(() => env(["--env-file", "no"])).toThrow('parsing file "no": open no: no such file or directory');
  });
  it("removes what --unsetenv names, and all defaults with --unsetenv-all", () => {
    const image = { Cmd: ["x"], Env: ["A=1", "B=2"] };
    expect(env(["--unsetenv", "A,container"], { image })).not.toHaveProperty("A");
    expect(env(["--unsetenv-all", "-e", "Z=1"], { image })).toEqual({ Z: "1" });
  });
  it("expands --env-merge with the image's values", () => {
    const image = { Cmd: ["x"], Env: ["P=/usr", "Q=q"] };
    expect(env(["--env-merge", "P=$" + "{P}/x:$Q:$NONE"], { image }).P).toBe("/usr/x:q:");
  });
  it("passes proxies on unless told otherwise, and everything with --env-host", () => {
    const caller = fakeCaller({ environment: { http_proxy: "http://p", NO_PROXY: "x", OTHER: "o" } });
    expect(env([], { caller })).toMatchObject({ http_proxy: "http://p", NO_PROXY: "x" });
    expect(env([], { caller })).not.toHaveProperty("OTHER");
    expect(env(["--http-proxy=false"], { caller })).not.toHaveProperty("http_proxy");
    expect(env(["--env-host", "-e", "OTHER=mine"], { caller }).OTHER).toBe("mine");
  });
});

describe("the rest of the process", () => {
  it("takes user, directory and stop signal from the image", () => {
    const image = { Cmd: ["x"], User: "www", WorkingDir: "/srv", StopSignal: "3" };
    expect(configOf(["image"], { image })).toMatchObject({ user: "www", workdir: "/srv", stopSignal: "SIGQUIT" });
    const own = configOf(["-u", "0", "-w", "/x", "--stop-signal", "rtmin+2", "image"], { image });
    expect(own).toMatchObject({ user: "0", workdir: "/x", stopSignal: "SIGRTMIN+2" });
  });
  it.each([
    {
      argv: ["-w", "relative"],
      message: "the working directory 'relative' is invalid, it needs to be an absolute path",
    },
    { argv: ["--stop-signal", "NOSUCH"], message: "invalid signal: NOSUCH" },
    { argv: ["--umask", "99"], message: "invalid umask string 99: invalid argument" },
    { argv: ["--stop-timeout", "-1"], message: /invalid argument "-1" for "--stop-timeout" flag/ },
    { argv: ["--tz", "No/Where"], message: "finding timezone: unknown time zone No/Where" },
    { argv: ["--tz", "../../etc/passwd"], message: "unknown time zone" },
  ])("refuses $argv", ({ argv, message }) => {
    expect(() => configOf([...argv, "image"])).toThrow(message);
  });
  it("fills a umask up to four digits", () => {
    expect(configOf(["--umask", "77", "image"]).umask).toBe("0077");
  });
});

describe("--workdir and --rootfs", () => {
  it("must exist if the user names it and the image does not", () => {
    const workdir = { Cmd: ["sh"], WorkingDir: "/app" };
    expect(configOf(["-w", "/x", "image"], { image: workdir }).workdirMustExist).toBe(true);
    expect(configOf(["-w", "/app", "image"], { image: workdir })).not.toHaveProperty("workdirMustExist");
    expect(configOf(["image"], { image: workdir })).not.toHaveProperty("workdirMustExist");
  });
  it.each([
    { text: "app", expected: { path: "/work/app", overlay: false } },
    { text: "/etc:O", expected: { path: "/etc", overlay: true } },
  ])("$text is a root filesystem", ({ text, expected }) => {
    expect(parseRootfs(text, fakeCaller())).toEqual(expected);
  });
  it.each([
    { text: "/no", message: '--rootfs "/no" is not a directory' },
    { text: "", message: '--rootfs "" is not a directory' },
    { text: "/etc:x", message: 'invalid option "x" for --rootfs' },
    { text: "/etc:idmap=uids=0-1-10", message: "idmap is not possible for a user" },
  ])("$text is none", ({ text, message }) => {
    expect(() => parseRootfs(text, fakeCaller())).toThrow(message);
  });
});
