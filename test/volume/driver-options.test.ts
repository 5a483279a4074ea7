import { describe, expect, it } from "vitest";
import { planDriverOptions } from "../../src/volume/driver-options.ts";

describe("planDriverOptions()", () => {
  it("mounts nothing for an owner alone", () => {
    const plan = { uid: 1000, gid: 2000, mount: undefined, copies: true };
    expect(planDriverOptions({ o: "uid=1000,gid=2000" })).toEqual({
      ...plan,
      options: { o: "uid=1000,gid=2000", UID: "1000", GID: "2000" },
    });
    expect(planDriverOptions({ nocopy: "" })).toMatchObject({ uid: undefined, mount: undefined, copies: false });
  });

  it.each([
    [
      { type: "tmpfs", o: "size=2M,uid=5" },
      { type: "tmpfs", device: "tmpfs", options: ["size=2M", "uid=5"] },
    ],
    [
      { type: "none", o: "bind,ro", device: "/srv" },
      { type: undefined, device: "/srv", options: ["bind", "ro"] },
    ],
    [
      { type: "bind", device: "/" },
      { type: undefined, device: "/", options: ["bind"] },
    ],
    [
      { o: "rbind,uid=1", device: "/srv" },
      { type: undefined, device: "/srv", options: ["rbind"] },
    ],
    [
      { type: "ext4", device: "/dev/x" },
      { type: "ext4", device: "/dev/x", options: [] },
    ],
  ])("reads %j", (options, mount) => expect(planDriverOptions(options).mount).toEqual(mount));

  it.each([
    [{ odd: "1" }, "invalid mount option odd for driver 'local': invalid argument"],
    [{ type: "bind", device: "/bogus" }, "invalid volume option device for driver 'local': faccessat /bogus"],
    [{ o: "bind", device: "relative" }, "it must be an absolute path"],
    [{ o: "size=1g" }, "Filesystem does not support Project Quota"],
    [{ o: "size=1g,noquota" }, "cannot be used without quota"],
    [{ type: "tmpfs", o: "inodes=5" }, "volume option inodes not supported on tmpfs filesystem"],
    [{ o: "uid=root" }, "cannot convert UID root to integer"],
    [{ o: "noatime" }, "name no type"],
  ])("refuses %j", (options, message) => expect(() => planDriverOptions(options)).toThrow(message));
});
