import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { labelCommand } from "../../src/image/run-label.ts";
import type { ImageRecord } from "../../src/storage/images.ts";

function command(value: string, args: readonly string[] = [], name?: string): string[] {
  const engine = { images: { config: () => ({ config: { Labels: { RUN: value } } }) } } as unknown as Engine;
  const image = {} as ImageRecord;
  return labelCommand(engine, { label: "RUN", imageName: "reg.io/a/web:1", image, args, name, cwd: "/here" });
}

describe("labelCommand()", () => {
  it.each([
    ["podman run IMAGE", ["podman", "run", "reg.io/a/web:1"]],
    [
      `podman run --name NAME -e N=NAME ${"$"}{IMAGE}`,
      ["podman", "run", "--name", "web", "-e", "N=web", "reg.io/a/web:1"],
    ],
    ["podman run -v $PWD/x:/x $IMAGE", ["podman", "run", "-v", "/here/x:/x", "reg.io/a/web:1"]],
    [`sh -c "echo 'a b'" 'c "d"' e\\ f`, ["sh", "-c", "echo 'a b'", 'c "d"', "e f"]],
    ["echo IMAGES $NAMES $(id)", ["echo", "IMAGES", "$NAMES", "$(id)"]],
  ])("reads %j", (value, expected) => expect(command(value)).toEqual(expected));

  it("takes a name and further arguments", () => {
    expect(command("run NAME", ["more"], "mine")).toEqual(["run", "mine", "more"]);
  });

  it("refuses a label without a command", () => {
    expect(() => command(" ")).toThrow("cannot find the value of label: RUN in image: reg.io/a/web:1");
  });
});
