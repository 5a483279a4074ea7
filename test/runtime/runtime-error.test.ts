import { describe, expect, it } from "vitest";
import { runtimeError } from "../../src/runtime/runtime-error.ts";

describe("runtimeError()", () => {
  it.each([
    [
      "executable file `nosuch` not found in $PATH: No such file or directory\n",
      "crun: executable file `nosuch` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
      127,
    ],
    [
      "2026-01-02T03:04:05.678Z: open executable: Operation not permitted",
      "crun: open executable: Operation not permitted: OCI permission denied",
      126,
    ],
    [
      "cannot set memory limit: Invalid argument",
      "crun: cannot set memory limit: Invalid argument: OCI runtime error",
      126,
    ],
    ["", "crun: it gave no reason: OCI runtime error", 126],
  ])("says what podman says about %j", (output, message, exitCode) => {
    expect(runtimeError("crun", output)).toMatchObject({ message, exitCode });
  });

  it("takes the message out of a line of runc's log", () => {
    const line =
      'time="2026-01-02T03:04:05Z" level=error msg="runc create failed: exec: \\"nosuch\\": executable file not found in $PATH"';
    expect(runtimeError("runc", line)).toMatchObject({
      message: expect.stringContaining(
        'runc: runc create failed: exec: "nosuch": executable file not found in $PATH: OCI',
      ),
      exitCode: 127,
    });
  });
});
