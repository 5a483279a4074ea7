import { describe, expect, it } from "vitest";
import { describeFailure } from "../../src/cli/failure.ts";
import { DhowError } from "../../src/errors.ts";

describe("describeFailure()", () => {
  it("joins the causes and puts the hint on a line of its own", () => {
    const deepest = new Error("connection refused");
    const middle = new DhowError("ping registry", { kind: "unavailable", cause: deepest, hint: "is it running?" });
    const error = new DhowError("pull alpine", { kind: "unavailable", cause: middle });
    expect(describeFailure(error)).toBe("Error: pull alpine: ping registry: connection refused\nis it running?");
  });

  it("shows the hint of the outermost error that has one", () => {
    const cause = new DhowError("inner", { kind: "unavailable", hint: "inner hint" });
    expect(describeFailure(new DhowError("outer", { kind: "unavailable", cause, hint: "outer hint" }))).toBe(
      "Error: outer: inner\nouter hint",
    );
  });

  it("does not repeat a cause that the message ends with", () => {
    const cause = new Error("no such file");
    expect(describeFailure(new DhowError("open x: no such file", { kind: "not-found", cause }))).toBe(
      "Error: open x: no such file",
    );
  });

  it("lets no control characters through to the terminal", () => {
    const error = new DhowError("bad name \u001b[31mred\u0007 \u009b0m\r", { kind: "invalid-argument" });
    expect(describeFailure(error)).toBe("Error: bad name \\x1b[31mred\\x07 \\x9b0m\\x0d");
  });

  it("ends with circular causes", () => {
    const error = new Error("a");
    error.cause = error;
    expect(describeFailure(new DhowError("b", { kind: "corrupt", cause: error }))).toBe("Error: b: a");
  });
});
