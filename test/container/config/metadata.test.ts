import { describe, expect, it } from "vitest";
import { configOf, fakeCaller } from "./command-line.ts";

describe("labels and annotations", () => {
  it("merges the image's, files' and the user's labels", () => {
    const image = { Cmd: ["x"], Labels: { a: "image", b: "image" } };
    const caller = fakeCaller({ files: { "/work/l": "# no\nb=file\nc=file\n" } });
    const { labels } = configOf(["--label-file", "l", "-l", "c=user", "--label", "bare", "image"], { image, caller });
    expect(labels).toEqual({ a: "image", b: "file", c: "user", bare: "" });
  });
  it("refuses annotations without value and missing label files", () => {
    expect(() => configOf(["--annotation", "x", "image"])).toThrow("annotations must be formatted KEY=VALUE");
    expect(() => configOf(["--label-file", "no", "image"])).toThrow("open no: no such file or directory");
  });
});

describe("restart policy", () => {
  it.each([
    { text: "on-failure:3", expected: { policy: "on-failure", maxRetries: 3 } },
    { text: "on-failure", expected: { policy: "on-failure", maxRetries: 0 } },
    { text: "never", expected: { policy: "no", maxRetries: 0 } },
    { text: "unless-stopped", expected: { policy: "unless-stopped", maxRetries: 0 } },
  ])("$text", ({ text, expected }) => {
    expect(configOf(["--restart", text, "image"]).restart).toEqual(expected);
  });
  it("refuses nonsense and --rm with a policy that restarts", () => {
    expect(() => configOf(["--restart", "sometimes", "image"])).toThrow('"sometimes" is not a valid restart policy');
    expect(() => configOf(["--restart", "always:2", "image"])).toThrow("only be specified with on-failure");
    expect(() => configOf(["--rm", "--restart", "always", "image"])).toThrow(
      "the --rm option conflicts with --restart",
    );
  });
});

describe("logs", () => {
  it("takes options of log files", () => {
    const { log } = configOf(["--log-driver", "json-file", "--log-opt", "max-size=10k,path=my.log", "image"]);
    expect(log).toEqual({ driver: "json-file", maxSizeBytes: 10_000, path: "/work/my.log" });
  });
  it("refuses drivers and options that it does not have", () => {
    expect(() => configOf(["--log-driver", "journald", "image"])).toThrow(
      "log driver journald needs systemd's journal",
    );
    const caller = fakeCaller({ hasJournal: () => true });
    const { log } = configOf(["--log-driver", "journald", "--log-opt", "tag=x", "image"], { caller });
    expect(log).toMatchObject({ driver: "journald", tag: "x" });
    expect(() => configOf(["--log-opt", "tag=x", "image"])).toThrow("--log-opt tag means nothing to log driver k8s");
    const sized = ["--log-driver", "none", "--log-opt", "max-size=1m", "image"];
    expect(() => configOf(sized)).toThrow("--log-opt max-size means nothing to log driver none");
    expect(() => configOf(["--log-opt", "max-file=3", "image"])).toThrow("--log-opt max-file is not supported yet");
  });
});

it("checks detach keys", () => {
  expect(configOf(["--detach-keys", "ctrl-a,x", "image"]).detachKeys).toBe("ctrl-a,x");
  expect(configOf(["--detach-keys", "", "image"]).detachKeys).toBe("");
  expect(() => configOf(["--detach-keys", "ctrl-", "image"])).toThrow("invalid detach keys");
});
